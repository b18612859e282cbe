import type { Config } from '../../config.ts'

/** What the shop is called in its own API, and what the dialect may do there. */
export type Slas = {
  /** As in paths: `f_ecom_zzrf_001`. */
  readonly organizationId: string
  /** As in tokens: `zzrf_001`. */
  readonly tenant: string
  readonly sites: readonly string[]
  /** Names of identity providers (`hint`); each leads to our sign-in page. */
  readonly idps: readonly string[]
  /** The shop's own scopes that its customers get. */
  readonly scopes: readonly string[]
  readonly callbacks: readonly string[]
  /** Seconds in which a customer signs in once; 0 is no limit. */
  readonly loginInterval: number
  /** The key of the shop's session tokens; without it there is no session bridge. */
  readonly bridgeSecret: string | undefined
  /** Tokens of customers and visitors, and those that agents act with. */
  readonly resources: { readonly shopper: string; readonly agent: string }
  /** `aud` of every token. */
  readonly audience: string
}

/** What a client must be given to act for a customer (`resource_scopes`). */
export const SYSTEM_SCOPE = 'sfcc.ts_ext_on_behalf_of'
export const AGENT_SCOPE = 'sfcc.ta_ext_on_behalf_of'
export const BRIDGE_SCOPE = 'sfcc.session_bridge'
/** Scopes that say what a client may do, and that no token of a customer has. */
export const CLIENT_SCOPES = [SYSTEM_SCOPE, AGENT_SCOPE, BRIDGE_SCOPE]

const RESOURCE = 'urn:vestibule:dialect:slas'

/** Reads the settings once. */
export function slasOf(config: Config): Slas {
  const organizationId = config.SLAS_ORGANIZATION_ID
  const tenant = organizationId.replace(/^f_ecom_/, '')
  return {
    organizationId,
    tenant,
    sites: config.SLAS_SITES,
    idps: config.SLAS_IDPS,
    scopes: config.SLAS_SCOPES,
    callbacks: config.SLAS_CALLBACK_URIS,
    loginInterval: config.SLAS_LOGIN_INTERVAL_SECONDS,
    bridgeSecret: config.SLAS_SESSION_BRIDGE_SECRET,
    resources: { shopper: RESOURCE, agent: `${RESOURCE}:agents` },
    audience: `commercecloud/prod/${tenant}`,
  }
}

/** `iss` of every token. */
export function issuerOf({ tenant }: Slas): string {
  return `slas/prod/${tenant}`
}

import type { CommerceAccount } from '../../oauth/accounts/account.ts'
import type { CodeRefusal } from '../../oauth/tokens/issue-code.ts'
import type { DialectAnswer, Issued } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badRequest, notAllowed, redirectTo } from './answers.ts'
import type { Client, Fields } from './request.ts'
import type { Slas } from './settings.ts'
import type { Session } from './token.ts'

/** Scopes of the person that a request may name; they come beside the shop's own. */
const ASKED_SCOPES = ['openid', 'offline_access', 'email']
const CHALLENGE = /^[\w-]{43}$/
/** Where a code goes that never leaves this process. */
export const WITHIN = 'urn:vestibule:within'

/** Whose the code is, and what is kept with it. */
export type Holder = {
  readonly account: CommerceAccount
  /** The grant type that stands for how they signed in. */
  readonly by: string
  readonly provedAtMs: number
  readonly session: Session
}
/** A code for the session bridge goes back to it, whose requests name no redirect. */
type Sent = Holder & { readonly isForBridge?: boolean }

/** The refusal of a client that may not send people this way; undefined where it may. */
export async function refuseClient(
  { client_id = '', redirect_uri = '', code_challenge = '' }: Fields,
  services: DialectServices,
  grantType: string,
): Promise<DialectAnswer | undefined> {
  const asker = { clientId: client_id, redirectUri: redirect_uri, grantType }
  const objection = await services.codes.objection(asker)
  if (objection) return REFUSALS[objection]()
  if (code_challenge === '' && !(await services.codes.needsChallenge(client_id))) return undefined
  return CHALLENGE.test(code_challenge) ? undefined : badRequest('code_challenge must be of S256')
}

const REFUSALS: Readonly<Record<CodeRefusal, () => DialectAnswer>> = {
  'unknown-client': () => badRequest('invalid client_id'),
  'unregistered-redirect': () => badRequest('invalid redirect_uri'),
  'grant-not-allowed': () => notAllowed(),
}

/** A code for the client, and the redirect that brings it there. */
export async function sendCode(
  slas: Slas,
  fields: Fields,
  services: DialectServices,
  { isForBridge = false, ...holder }: Sent,
): Promise<DialectAnswer> {
  const { client_id = '', redirect_uri = '', code_challenge, state } = fields
  const asked = (fields.scope ?? '').split(/[ +]+/).filter((name) => ASKED_SCOPES.includes(name))
  const code = await services.codes.issue({
    ...holder,
    clientId: client_id,
    redirectUri: isForBridge ? WITHIN : redirect_uri,
    codeChallenge: code_challenge,
    resource: slas.resources.shopper,
    scopes: [...new Set([...asked, ...slas.scopes])],
  })
  const location = new URL(redirect_uri)
  location.searchParams.set('usid', holder.session.usid)
  location.searchParams.set('code', code)
  if (state) location.searchParams.set('state', state)
  return redirectTo(location.href)
}

/** Tokens for somebody who is known already, for a client that the pipeline has yet to look at. */
export async function signInNow(
  resource: string,
  scopes: readonly string[],
  { client, services, holder }: { client: Client; services: DialectServices; holder: Holder },
): Promise<Issued> {
  const code = await services.codes.issue({
    ...holder,
    clientId: client.client_id,
    redirectUri: WITHIN,
    resource,
    scopes,
  })
  return services.issue({ grant_type: 'authorization_code', ...client, code, redirect_uri: WITHIN })
}

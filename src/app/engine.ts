import type { Config } from '../config.ts'
import { createKnownPlaces } from '../customers/known-places.ts'
import { createProtocolPages } from '../interaction/protocol-pages.ts'
import type { Log } from '../log.ts'
import { createJudgeAccount } from '../oauth/accounts/account.ts'
import { createSignInDigest } from '../oauth/browser/followed-sign-ins.ts'
import { createLiveProvider, type LiveProvider } from '../oauth/engine/live-provider.ts'
import { buildProvider, type ProviderDeps } from '../oauth/engine/provider.ts'
import type { GrantType } from '../oauth/grants/grant-type.ts'
import { createGrants } from '../oauth/grants/index.ts'
import { createFindGrant } from '../oauth/tokens/token-status.ts'
import { createJudgeToken } from '../oauth/tokens/token-verdict.ts'
import { limitScopes } from '../support-access/support-access.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import { createTracedPorts } from './traced-ports.ts'

/** The protocol engine with everything it asks, made anew whenever keys change. */
export function createEngine(config: Config, log: Log, backends: Backends, services: Services): LiveProvider {
  const deps = providerDeps(config, log, backends, services)
  const { keyRing, secrets } = backends
  const { signingKeys } = createTracedPorts(backends.tracing)
  const live = createLiveProvider((keys) => buildProvider(deps, signingKeys(keys)), keyRing.keys())
  keyRing.onChange(live.replaceKeys)
  // The library copies the cookie keys, as it does the signing keys.
  secrets.cookies.onChange(() => live.replaceKeys(keyRing.keys()))
  return live
}

function providerDeps(config: Config, log: Log, backends: Backends, services: Services): ProviderDeps {
  const { storage, auditTrail, tokenHistory, metrics, cookieKeys, tokenKeys, keyRing } = backends
  const { clients, tokens, customers, agents, pages, support } = services
  const { cutOffs, endRefused } = tokens
  const people = { findCustomer: customers.findRecent, findAgent: agents.findActive }
  const judgeAccount = createJudgeAccount({
    ...people,
    cutOffs,
    endRefused,
    isSupportPermissionNeeded: support.accesses.rules.isPermissionNeeded,
  })
  return {
    issuer: config.ISSUER,
    defaultResource: config.DEFAULT_RESOURCE,
    ...mutualTls(config),
    cookieKeys,
    sealKeys: tokenKeys,
    storage,
    clients: clients.registry,
    verifySecret: clients.verifySecret,
    resourceServers: clients.resourceServers,
    identifiersOf: createIdentifiersOf(clients),
    shapes: new Map(clients.builtIn.flatMap(({ identifier, shape }) => (shape ? [[identifier, shape]] : []))),
    tokenIssuers: new Map(clients.builtIn.flatMap(({ identifier, issuer }) => (issuer ? [[identifier, issuer]] : []))),
    judgeAccount,
    proofHolds: async (proof) => (await customers.proofs.measure(proof)) !== undefined,
    judgeToken: createJudgeToken({
      findToken: tokens.findToken,
      clientState: clients.registry.stateOf,
      judgeAccount,
      metrics,
      log,
    }),
    signInDigest: createSignInDigest(backends.digestKey),
    noteTokenSize: (bytes) => {
      if (bytes > config.TOKEN_SIZE_BUDGET_BYTES) log.warn({ event: 'token.too-large', bytes })
    },
    refreshTokens: tokens.refreshTokens,
    findToken: tokens.findToken,
    endSignIn: tokens.endSignIn,
    grants: createOwnGrants(config, backends, services),
    pages: createProtocolPages({ pages }),
    isRegistrationOpen: config.REGISTRATION === 'open' && customers.recovery !== undefined,
    findFormerKey: keyRing.formerKey,
    notePlace: createKnownPlaces({
      lockout: customers.lockout,
      findCustomer: customers.findRecent,
      onError: (error) => log.warn({ event: 'lockout.address-not-saved', err: error }),
    }),
    noteGrantType: backends.grantTypeUses.note,
    noteIssued: config.TOKEN_HISTORY_DAYS > 0 ? tokenHistory.noteIssued : undefined,
    audit: auditTrail.append,
    log,
    metrics,
  }
}

/** Grants look at people as they are now, not as a cache remembers them. */
function createOwnGrants(config: Config, { storage, auditTrail, metrics }: Backends, services: Services): GrantType[] {
  const { clients, tokens, customers, agents, support } = services
  const { cutOffs, endSignIn, refreshTokens } = tokens
  const { findByReference: findCustomerByReference } = customers.directory
  return createGrants({
    storage,
    audit: auditTrail.append,
    authenticate: customers.authenticate,
    authenticateAgent: agents.authenticate,
    isAgentAddress: async (email) => (await agents.directory.findByLogin(email)) !== undefined,
    oneTimePasswords: customers.oneTimePasswords,
    findClient: clients.findClient,
    resourceServers: clients.resourceServers,
    identifiersOf: createIdentifiersOf(clients),
    judgeToken: services.judgeToken,
    refreshTokens,
    endSignIn,
    findGrant: createFindGrant({ storage, cutOffs }),
    findCustomerByReference,
    supportAccesses: support.accesses,
    limitSupportScopes: (scopes) => limitScopes(scopes, support.accesses.rules),
    noticeSupportAccess: support.notice,
    signedUserSecret: config.SAP_COMMERCE_CDC_SECRET,
    findCustomerByLogin: customers.directory.findByLogin,
    count: (outcome) => metrics.refreshes.inc({ outcome }),
  })
}

function createIdentifiersOf({ builtIn }: Services['clients']): ProviderDeps['identifiersOf'] {
  return (audience) => builtIn.filter((server) => server.audience === audience).map(({ identifier }) => identifier)
}

function mutualTls(config: Config): Pick<ProviderDeps, 'mutualTls'> {
  const { MTLS_CERTIFICATE_HEADER: certificateHeader, MTLS_VERIFIED_HEADER: verifiedHeader, MTLS_URL: url } = config
  if (!certificateHeader) return {}
  return { mutualTls: { certificateHeader, ...(verifiedHeader && { verifiedHeader }), ...(url && { url }) } }
}

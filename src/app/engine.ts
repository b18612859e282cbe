import { REGISTRATION_PATH } from '../client-endpoints/registration/registration-answer.ts'
import type { Config } from '../config.ts'
import { createProtocolPages } from '../interaction/protocol-pages.ts'
import type { Log } from '../log.ts'
import { createSwitchCompany } from '../oauth/accounts/switch-company.ts'
import { createSignInDigest } from '../oauth/browser/followed-sign-ins.ts'
import { CHALLENGE_PATH } from '../oauth/challenge/endpoint.ts'
import type { Challenge } from '../oauth/challenge/index.ts'
import { dpopNonces } from '../oauth/engine/dpop-nonces.ts'
import type { GrantEnds } from '../oauth/engine/grant-sunsets.ts'
import { createLiveProvider, type LiveProvider } from '../oauth/engine/live-provider.ts'
import { buildProvider, type ProviderDeps } from '../oauth/engine/provider.ts'
import type { GrantType } from '../oauth/grants/grant-type.ts'
import { createGrants } from '../oauth/grants/index.ts'
import { limitScopes } from '../support-access/support-access.ts'
import { createChallengeServices } from './challenge/challenge.ts'
import { createIdentifiersOf } from './protocol-rules.ts'
import { assertionDeps } from './services/assertions.ts'
import { createSecondFactorPolicy } from './services/second-factor-policy.ts'
import type { AppParts } from './shared.ts'
import { createTracedPorts } from './traced-ports.ts'

type EngineParts = Pick<AppParts, 'backends' | 'services' | 'rules'>

/** The protocol engine with everything it asks, made anew whenever keys change. */
export function createEngine(config: Config, log: Log, parts: EngineParts): LiveProvider {
  const { backends } = parts
  const deps = providerDeps(config, log, parts)
  const { keyRing, secrets } = backends
  const { signingKeys } = createTracedPorts(backends.tracing)
  const live = createLiveProvider((keys) => buildProvider(deps, signingKeys(keys)), keyRing.keys())
  keyRing.onChange(live.replaceKeys)
  // The library copies the cookie keys, as it does the signing keys.
  secrets.cookies.onChange(() => live.replaceKeys(keyRing.keys()))
  return live
}

function providerDeps(config: Config, log: Log, { backends, services, rules }: EngineParts): ProviderDeps {
  const challenge = createChallengeServices(config, backends, services)
  const { storage, auditTrail, metrics, cookieKeys, tokenKeys, keyRing } = backends
  const { clients, tokens, customers, pages } = services
  return {
    ...rules,
    issuer: config.ISSUER,
    defaultResource: config.DEFAULT_RESOURCE,
    ...mutualTls(config),
    cookieKeys,
    sealKeys: tokenKeys,
    storage,
    clients: clients.registry,
    verifySecret: clients.verifySecret,
    resourceServers: clients.resourceServers,
    issuerKinds: services.issuers.registry.kinds,
    tokenIssuers: new Map(clients.builtIn.flatMap(({ identifier, issuer }) => (issuer ? [[identifier, issuer]] : []))),
    proofHolds: async (proof) => (await customers.proofs.measure(proof)) !== undefined,
    noteSession: tokens.sessionIndex.noteSaved,
    noteClientSession: services.backChannel.noteClientSession,
    queueLogout: services.backChannel.queueLogout,
    secondFactorPolicy: createSecondFactorPolicy(
      config,
      customers.factors.factors,
      async (id) => ((await customers.passkeys?.ofCustomers.list(id)) ?? []).length > 0,
    ),
    signInDigest: createSignInDigest(backends.digestKey),
    refreshTokens: tokens.refreshTokens,
    findToken: tokens.findToken,
    endSignIn: tokens.endSignIn,
    grants: createOwnGrants(config, { backends, services, rules, challenge }),
    grantEnds: grantEnds(config),
    ...(challenge && { challenge: challenge.endpoint }),
    pages: createProtocolPages({ pages }),
    isRegistrationOpen: config.REGISTRATION === 'open' && customers.recovery !== undefined,
    findFormerKey: keyRing.formerKey,
    documents: services.documents.documents,
    metadata: {
      ...services.documents.metadata,
      ...services.revocations.metadata,
      ...(config.DYNAMIC_REGISTRATION !== 'off' && { registration_endpoint: config.ISSUER + REGISTRATION_PATH }),
      ...(challenge && { authorization_challenge_endpoint: config.ISSUER + CHALLENGE_PATH }),
    },
    placeInStatusList: services.revocations.statusLists.place,
    guardedFetch: backends.guardedFetch,
    ciba: services.ciba.feature,
    queuePing: services.ciba.queuePing,
    dpop: dpopNonces(backends.digestKey, config.DPOP_NONCES === 'required'),
    mandates: {
      findMandates: services.mandates.mandates.findMany,
      maxDays: services.mandates.maxDays,
      answerHold: services.mandates.answerHold,
    },
    leadElsewhere: services.upstreams.signOutElsewhere.lead,
    audit: auditTrail.append,
    log,
    metrics,
  }
}

/** Grants look at people as they are now, not as a cache remembers them. */
function createOwnGrants(
  config: Config,
  { backends, services, rules, challenge }: EngineParts & { readonly challenge: Challenge | undefined },
): GrantType[] {
  const { clients, customers, agents, support } = services
  const { findByReference: findCustomerByReference } = customers.directory
  return createGrants({
    ...rules.refresh,
    ...assertionDeps(config, backends, services),
    ...(challenge && { demandFactor: challenge.demandFactor }),
    audit: backends.auditTrail.append,
    authenticate: customers.authenticate,
    authenticateAgent: agents.authenticate,
    isAgentAddress: async (email) => (await agents.directory.findByLogin(email)) !== undefined,
    oneTimePasswords: customers.oneTimePasswords,
    findClient: clients.findClient,
    switchCompany: createSwitchCompany({ cutOffs: services.tokens.cutOffs, findClient: clients.findClient }),
    resourceServers: clients.resourceServers,
    identifiersOf: createIdentifiersOf(clients),
    judgeToken: services.judgeToken,
    findCustomerByReference,
    supportAccesses: support.accesses,
    limitSupportScopes: (scopes) => limitScopes(scopes, support.accesses.rules),
    noticeSupportAccess: support.notice,
    signedUserSecret: config.SAP_COMMERCE_CDC_SECRET,
    findCustomerByLogin: customers.directory.findByLogin,
  })
}

/** What ends for every client, and where developers read of it. */
export function grantEnds(config: Pick<Config, 'PASSWORD_GRANT_SUNSET' | 'SUNSET_PAGE_URL'>): GrantEnds {
  return { passwordDay: config.PASSWORD_GRANT_SUNSET, page: config.SUNSET_PAGE_URL }
}

function mutualTls(config: Config): Pick<ProviderDeps, 'mutualTls'> {
  const { MTLS_CERTIFICATE_HEADER: certificateHeader, MTLS_VERIFIED_HEADER: verifiedHeader, MTLS_URL: url } = config
  if (!certificateHeader) return {}
  return { mutualTls: { certificateHeader, ...(verifiedHeader && { verifiedHeader }), ...(url && { url }) } }
}

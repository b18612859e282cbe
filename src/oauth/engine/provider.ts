import { type Configuration, errors, Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientSessions } from '../../client-sessions/client-sessions.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ClientDocuments } from '../../clients/documents/documents.ts'
import type { ClientRegistry } from '../../clients/registry.ts'
import type { ResourceServerRegistry } from '../../clients/resource-servers.ts'
import { isFapi } from '../../clients/security-profile.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics.ts'
import type { GuardedFetch, OutgoingRequest } from '../../outgoing/guarded-fetch.ts'
import type { Storage } from '../../storage/storage.ts'
import { createFindAccount, type JudgeAccount } from '../accounts/account.ts'
import { grantFacts, keepGrantFacts, keepSignInInstant } from '../accounts/grant-facts.ts'
import { noteBrowserSignIns, noteDirectSignIn } from '../back-channel/note-client-sessions.ts'
import { type QueueLogout, queueLogouts } from '../back-channel/queue-logouts.ts'
import { createAgentLinks, widenLinks } from '../browser/agent-links.ts'
import { createDescribeScopes } from '../browser/asked-scopes.ts'
import { deviceFlow, restartDeviceFlow } from '../browser/device-flow.ts'
import { createLoadExistingGrant } from '../browser/first-party.ts'
import { followSignIns } from '../browser/followed-sign-ins.ts'
import { acceptFormerHints, type FormerKey } from '../browser/former-hints.ts'
import { keepInteractionsInTheirBrowser } from '../browser/interaction-browser.ts'
import type { ProtocolPages } from '../browser/pages.ts'
import { noteSessions, type SessionIndex } from '../browser/session-index.ts'
import { leadOnAfterAnswer, nameSessionsInIdTokens, signOutPages } from '../browser/sign-out.ts'
import { type LeadElsewhere, signOutElsewhere } from '../browser/sign-out-elsewhere.ts'
import { measureStagedSignIns, type ProofHolds } from '../browser/staged-sign-ins.ts'
import { type SecondFactorPolicy, sayAcrOfSession } from '../browser/step-up.ts'
import { keepUpstreamSessions } from '../browser/upstream-sessions.ts'
import { type ChallengeEndpoint, serveChallenges } from '../challenge/endpoint.ts'
import { keepAuthSessions } from '../challenge/mint-code.ts'
import { nameMissingSteps } from '../challenge/token-answers.ts'
import { type CibaDeps, cibaFeature, createAccountForRequest, isForApproval, limitPolls } from '../ciba/feature.ts'
import { queuePings } from '../ciba/ping.ts'
import { compareSecretsWith } from '../clients/client-metadata.ts'
import { createFindLibraryClient } from '../clients/document-clients.ts'

import { type MutualTls, mutualTlsFeature } from '../clients/mutual-tls.ts'
import { createResourceIndicators } from '../clients/resource-indicators.ts'
import type { GrantType } from '../grants/grant-type.ts'
import { type AuthorizationDetailsDeps, authorizationDetailsFeature } from '../mandates/authorization-details.ts'
import { addHoldEndpoints } from '../mandates/hold-endpoints.ts'
import type { HoldAnswer, HoldAsk } from '../mandates/holds.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import { holdScopePolicies } from '../requests/scope-policies.ts'
import { createSignOutCutOffs } from '../sign-out-cut-offs.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import { createRevocation } from '../sign-outs/revocation.ts'
import type { StatusLists } from '../status-lists/status-lists.ts'
import { createAccessTokenClaims } from '../tokens/access-token-claims.ts'
import type { Introspect } from '../tokens/introspection.ts'
import { accessTokenTtlSeconds, grantTtlSeconds, keptAhead, LIFETIMES } from '../tokens/lifetimes.ts'
import type { NoteIssuance } from '../tokens/note-issuance.ts'
import type { FitToken } from '../tokens/size-budget.ts'
import type { TokenShape } from '../tokens/token-shape.ts'
import type { FindToken } from '../tokens/token-status.ts'
import type { JudgeToken } from '../tokens/token-verdict.ts'
import { createAdapter } from './adapter.ts'
import { answerIntrospection } from './answer-introspection.ts'
import { useRequestRules } from './authorization-rules.ts'
import { fixedConfiguration } from './configuration.ts'
import type { DpopNonces } from './dpop-nonces.ts'
import { createEndGrant, endBareSessions } from './end-grant.ts'
import { listenToProvider } from './events.ts'
import { type GrantEnds, hideEndedGrants, useGrantEnds } from './grant-sunsets.ts'
import {
  addClientEndpoint,
  detectReplaysAtomically,
  giveUuidsToJwts,
  judgeAccessTokens,
  judgedAccount,
  makeLongCodes,
  makeRefreshTokens,
  makeShortTokens,
  useOwnEndpoints,
} from './library-seam.ts'
import { nameAssertionProfiles } from './name-assertion-profiles.ts'
import { nameOfferedScopes } from './name-offered-scopes.ts'
import { noteRequest } from './note-request.ts'
import { createRequestReads } from './request-reads.ts'
import { toLibraryKeys } from './signing.ts'
import { trimMetadata } from './trim-metadata.ts'
import { nameUnauthorizedClients } from './unauthorized-client.ts'

export type ProviderDeps = {
  readonly issuer: string
  /** DEFAULT_RESOURCE. */
  readonly defaultResource: string
  /** Where a proxy hands on client certificates; absent: none are believed. */
  readonly mutualTls?: MutualTls
  readonly cookieKeys: readonly string[]
  /** Make what is sealed under a short user code worthless without them; the first seals. */
  readonly sealKeys: readonly [string, ...string[]]
  readonly storage: Storage
  readonly clients: ClientRegistry
  /** Clients that metadata documents describe. */
  readonly documents: ClientDocuments
  readonly verifySecret: (clientId: string, presented: string, ip: string) => Promise<boolean>
  readonly resourceServers: ResourceServerRegistry
  /** The kinds of which there are trusted issuers that are enabled, in one text. */
  readonly issuerKinds: () => string
  readonly introspect: Introspect
  readonly shapes: ReadonlyMap<string, TokenShape>
  /** What tokens of a resource server say as `iss`, where that is not the issuer. */
  readonly tokenIssuers: ReadonlyMap<string, string>
  readonly judgeAccount: JudgeAccount
  readonly proofHolds: ProofHolds
  /** A session of a customer was saved. */
  readonly noteSession: SessionIndex['noteSaved']
  /** A person is signed in at a client that wants to be told of the end. */
  readonly noteClientSession: ClientSessions['note']
  readonly queueLogout: QueueLogout
  readonly secondFactorPolicy: SecondFactorPolicy
  /** The name under which a sign-in is followed, from the id of what it began with. */
  readonly signInDigest: (id: string) => string
  readonly fitToken: FitToken
  /** Told the size of each JWT access token's payload, in bytes. */
  readonly noteTokenSize: (bytes: number) => void
  readonly refreshTokens: RefreshTokens
  readonly findToken: FindToken
  readonly judgeToken: JudgeToken
  readonly endSignIn: EndSignIn
  readonly grants: readonly GrantType[]
  readonly grantEnds: GrantEnds
  /** Sign-in screens of apps; absent where there are none. */
  readonly challenge?: ChallengeEndpoint | undefined
  readonly pages: ProtocolPages
  /** Whether `prompt=create` leads to a form for new customers. */
  readonly isRegistrationOpen: boolean
  /** Verifies ID tokens whose key is gone. */
  readonly findFormerKey: (kid: string) => FormerKey | undefined
  readonly noteIssuance: NoteIssuance
  /** Members of the server's metadata beyond the library's. */
  readonly metadata: Readonly<Record<string, string | boolean>>
  /** Where the status of a token is kept, for resource servers that want it said. */
  readonly placeInStatusList: StatusLists['place']
  /** For addresses that clients registered. */
  readonly guardedFetch: GuardedFetch
  /** Approval on another device. */
  readonly ciba: CibaDeps
  readonly queuePing: Parameters<typeof queuePings>[1]
  /** Nonces of DPoP proofs (RFC 9449 §8): the same on every node. */
  readonly dpop: DpopNonces
  /** To the provider that a session came of, when it is signed out. */
  readonly leadElsewhere: LeadElsewhere
  /** Purchase mandates: what tokens say of them, and spending. */
  readonly mandates: Omit<AuthorizationDetailsDeps, 'defaultResource'> & {
    readonly answerHold: (ask: HoldAsk) => Promise<HoldAnswer>
  }
  readonly audit: Audit
  readonly log: Log
  readonly metrics: Metrics
}

/** Builds the protocol engine for one set of keys; cheap enough to do again at each change of them. */
export function buildProvider(deps: ProviderDeps, keys: readonly SigningKey[]): Provider {
  const provider = new Provider(deps.issuer, configurationOf(deps, keys))
  // The host guard sets the forwarded headers from the issuer, whatever the request said.
  provider.proxy = true
  provider.use(noteRequest())
  provider.use(restartDeviceFlow(provider))
  provider.use(signOutElsewhere(deps.leadElsewhere))
  provider.use(leadOnAfterAnswer(provider, deps.pages))
  provider.use(nameUnauthorizedClients())
  provider.use(trimMetadata())
  provider.use(nameMissingSteps())
  provider.use(hideEndedGrants(deps.grantEnds))
  provider.use(nameOfferedScopes(deps.resourceServers.offeredScopes))
  provider.use(nameAssertionProfiles(deps.issuerKinds))
  provider.use(endBareSessions(deps))
  keepGrantFacts(provider)
  keepAuthSessions(provider)
  keepSignInInstant(provider)
  noteSessions(provider, deps.noteSession)
  noteBrowserSignIns(provider, deps.noteClientSession)
  queueLogouts(provider, deps.queueLogout)
  queuePings(provider, deps.queuePing)
  limitPolls(provider, deps.storage)
  keepUpstreamSessions(provider, deps.storage)
  measureStagedSignIns(provider, deps.proofHolds)
  sayAcrOfSession(provider)
  keepInteractionsInTheirBrowser(provider)
  followSignIns(provider, deps.signInDigest)
  compareSecretsWith(provider, deps.verifySecret)
  detectReplaysAtomically(provider, deps.storage)
  makeRefreshTokens(provider, deps.refreshTokens.first)
  makeShortTokens(provider, deps.resourceServers.hasShortTokens)
  giveUuidsToJwts(provider)
  makeLongCodes(provider)
  judgeAccessTokens(provider, deps.judgeToken)
  acceptFormerHints(provider, deps.findFormerKey)
  nameSessionsInIdTokens(provider)
  widenLinks(provider)
  holdScopePolicies(provider, deps.resourceServers.find)
  useRequestRules(provider, deps.resourceServers.find)
  useOwnEndpoints(provider, {
    introspect: answerIntrospection(deps.introspect),
    revoke: createRevocation(deps),
  })
  useGrantEnds(provider, deps.grantEnds)
  addHoldEndpoints(provider, deps.mandates.answerHold, addClientEndpoint)
  for (const grant of deps.grants) {
    const handle = async (ctx: TokenEndpointGrantContext) => {
      await grant.handle(ctx)
      await noteDirectSignIn(ctx, deps.noteClientSession)
    }
    // The published types want a mutable list and a context of their own.
    provider.registerGrantType(grant.name, handle as never, grant.parameters as string[])
  }
  if (deps.challenge) serveChallenges(provider, deps.challenge)
  listenToProvider(provider, deps)
  return provider
}

function configurationOf(deps: ProviderDeps, keys: readonly SigningKey[]): Configuration {
  const { issuer, cookieKeys, pages, resourceServers, shapes, judgeAccount, mutualTls, isRegistrationOpen } = deps
  const findClient = metadataOf(deps)
  const reads = createRequestReads(deps.storage, () => Provider.ctx)
  const cutOffs = createSignOutCutOffs(reads.storage)
  const findAccount = createFindAccount({ judgeAccount, cutOffs })
  const accountForRequest = createAccountForRequest(deps.ciba)
  const claims = createAccessTokenClaims({
    findResourceServer: resourceServers.find,
    shapes,
    tokenIssuers: deps.tokenIssuers,
    fitToken: deps.fitToken,
    noteSize: deps.noteTokenSize,
    placeInStatusList: deps.placeInStatusList,
  })
  const { secondFactorPolicy } = deps
  const fixed = fixedConfiguration({
    issuer,
    cookieKeys,
    pages,
    mutualTls,
    isRegistrationOpen,
    secondFactorPolicy,
    metadata: deps.metadata,
  })
  return {
    ...fixed,
    adapter: createAdapter({
      ...deps,
      storage: reads.storage,
      readAhead: reads.readAhead,
      cutOffs,
      endGrant: createEndGrant({ endSignIn: deps.endSignIn, requestUnderWay: () => Provider.ctx }),
      sessionInContext: () => Provider.ctx?.oidc.session?.jti,
      errors,
      findClient: createFindLibraryClient({ ...deps, requestUnderWay: () => Provider.ctx }),
      grantTtlSeconds: async ({ clientId, resources = {} }) => {
        const client = (await findClient(String(clientId))) ?? { client_id: String(clientId) }
        // An object, or the default above.
        const servers = await Promise.all(Object.keys(resources as object).map(resourceServers.find))
        const accessTtls = servers.map((server) => accessTokenTtlSeconds(client, server?.accessTokenTtlSeconds))
        const refreshTtlSeconds = client.refresh_token_ttl_seconds ?? LIFETIMES.refreshToken
        return keptAhead(
          grantTtlSeconds(refreshTtlSeconds, Math.max(accessTokenTtlSeconds(client, undefined), ...accessTtls)),
        )
      },
      companyUserInContext: () => grantFacts(Provider.ctx?.oidc.entities.Grant)?.companyUserId,
    }),
    extraTokenClaims: claims.extraTokenClaims,
    // The library gives a text or a URL, and a request without a body.
    fetch: (url, options) => deps.guardedFetch(url as string | URL, options as OutgoingRequest),
    findAccount: async (ctx, id, token) =>
      judgedAccount(token) ??
      (isForApproval(ctx)
        ? accountForRequest(ctx, id, async () => findAccount(ctx, id, token))
        : findAccount(ctx, id, token)),
    // The published type knows fewer tokens than it is called with.
    formats: { customizers: { jwt: claims.customizeJwt as never } },
    // Keys of an external signer are no JWK.
    jwks: { keys: toLibraryKeys(keys) as never },
    loadExistingGrant: createLoadExistingGrant({ cutOffs, links: createAgentLinks(reads.storage) }),
    features: {
      backchannelLogout: { enabled: true },
      ciba: cibaFeature(deps.ciba),
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: deviceFlow(pages, createDescribeScopes(resourceServers.find)),
      devInteractions: { enabled: false },
      dPoP: deps.dpop,
      encryption: { enabled: true },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      fapi: { enabled: true, profile: (_ctx, client) => (isFapi(client?.security_profile) ? '2.0' : undefined) },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      jwtResponseModes: { enabled: true },
      jwtUserinfo: { enabled: true },
      ...(mutualTls && { mTLS: mutualTlsFeature(mutualTls) }),
      requestObjects: { enabled: true },
      // The published type wants a client that is read nowhere.
      resourceIndicators: createResourceIndicators({
        defaultResource: deps.defaultResource,
        issuer: deps.issuer,
        findResourceServer: resourceServers.find,
        findClient,
        keys,
        log: deps.log,
      }) as never,
      revocation: { enabled: true },
      // The published type has contexts and tokens of its own.
      richAuthorizationRequests: authorizationDetailsFeature({
        ...deps.mandates,
        defaultResource: deps.defaultResource,
      }) as never,
      rpInitiatedLogout: signOutPages(pages),
    },
  }
}

function metadataOf({ clients }: ProviderDeps): (clientId: string) => Promise<ClientMetadata | undefined> {
  return async (clientId) => (await clients.find(clientId))?.metadata
}

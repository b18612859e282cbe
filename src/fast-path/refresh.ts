import { randomUUID } from 'node:crypto'
import type { ClientMetadata } from '../clients/client.ts'
import type { ResourceServer } from '../clients/resource-servers.ts'
import { chosenId } from '../customers/customer.ts'
import { factsOf } from '../http/request-facts.ts'
import { asCustomerAccount, type CustomerAccount } from '../oauth/accounts/account.ts'
import { type AuthenticationSource, authenticationStoredIn } from '../oauth/accounts/authentication.ts'
import { commerceClaims } from '../oauth/accounts/claims.ts'
import { grantFacts } from '../oauth/accounts/grant-facts.ts'
import { audienceOf, headerOf, scopesAt } from '../oauth/clients/resource-indicators.ts'
import type { Presented, ReuseDeps } from '../oauth/grants/refresh-reuse.ts'
import { takeRefreshStep } from '../oauth/grants/refresh-step.ts'
import { refreshPolicyOf } from '../oauth/refresh/refresh-policy.ts'
import { accessTokenTtlSeconds } from '../oauth/tokens/lifetimes.ts'
import type { NoteIssuance } from '../oauth/tokens/note-issuance.ts'
import type { AccessTokenSigner } from '../oauth/tokens/sign-access-token.ts'
import type { FitToken } from '../oauth/tokens/size-budget.ts'
import type { JudgeToken } from '../oauth/tokens/token-verdict.ts'
import { wantedClaims } from '../oauth/tokens/wanted-claims.ts'
import { hashId } from '../storage/hash-id.ts'
import type { Artifact, StoredArtifact } from '../storage/storage.ts'
import type { TokenRecord } from '../token-history/token-record.ts'
import type { ProveClient } from './client-proof.ts'
import { AlreadyActed, type Asking, TOKEN_ANSWER } from './endpoint.ts'
import { mayHavePlainTokens, takesPlainTokens } from './plain-client.ts'
import type { FastRequest } from './request.ts'
import { CLIENT_FIELDS } from './rule.ts'

const GRANT_TYPE = 'refresh_token'

export type FastRefreshDeps = ReuseDeps & {
  readonly issuer: string
  readonly proveClient: ProveClient
  readonly judgeToken: JudgeToken
  /** A resource server that this node knows already. */
  readonly peekResourceServer: (identifier: string) => ResourceServer | undefined
  /** Whether a dialect gives the tokens of a resource server a form of its own. */
  readonly isShaped: (identifier: string) => boolean
  readonly signer: AccessTokenSigner
  readonly fitToken: FitToken
  readonly noteIssuance: NoteIssuance
}

/** A refresh that the fast path understands. */
type Understood = {
  readonly client: ClientMetadata
  readonly presented: Presented
  readonly server: ResourceServer
  readonly account: CustomerAccount
  readonly grant: StoredArtifact
  readonly scope: string
}

/** What it issued, once it has. */
type Issued = { jti: string; issuedAtMs: number; expiresAt: number }

/**
 * A refresh with rotation (RFC 6749 §6) of a customer's plain sign-in: an access token, no ID token, nothing bound to a key,
 * nobody acting for somebody else. Every other refresh, and every refresh token that does not work, is the engine's.
 */
export function fastRefresh(deps: FastRefreshDeps): Asking {
  return {
    rule: { method: 'POST', paths: ['/token'] },
    form: { fixed: { grant_type: GRANT_TYPE }, required: ['refresh_token'], optional: CLIENT_FIELDS },
    route: 'token',
    async answer(request) {
      const refresh = await understand(deps, request)
      if (!refresh) return undefined
      factsOf(request).grantType = GRANT_TYPE
      let issued: Issued | undefined
      const { presented, client, server } = refresh
      const asker = { state: request.state, ip: request.ip, clientId: client.client_id }
      const answered = await takeRefreshStep(deps, asker, {
        presented,
        client,
        server,
        async answer(refreshToken) {
          const made = await makeTokens(deps, refresh, refreshToken)
          issued = made.issued
          return made
        },
      }).catch((error: unknown) => {
        throw new AlreadyActed(error)
      })
      note(deps, request, refresh, issued)
      return { headers: TOKEN_ANSWER, body: JSON.stringify(answered) }
    },
  }
}

async function understand(deps: FastRefreshDeps, request: FastRequest): Promise<Understood | undefined> {
  const client = deps.proveClient(request)?.metadata
  const value = String(request.form.refresh_token)
  if (!client || !deps.refreshTokens.hasForm(value) || !mayHavePlainTokens(client, GRANT_TYPE)) return undefined

  const verdict = await deps.judgeToken(value, {
    asker: 'refresh',
    isAskedAgain: true,
    objection: ({ kind, clientId, jkt, certificateThumbprint }) => {
      const isOwn = kind === 'refresh-token' && clientId === client.client_id
      return isOwn && jkt === undefined && certificateThumbprint === undefined ? undefined : 'caller-not-entitled'
    },
  })
  const { family, parts, grant } = verdict.records ?? {}
  const account = verdict.works ? asCustomerAccount(verdict.account) : undefined
  if (!family || !parts || !grant || !account || !isPlainSignIn(family.artifact, grant.artifact, account))
    return undefined

  const identifier = String(family.artifact.resource)
  const server = deps.isShaped(identifier) ? undefined : deps.peekResourceServer(identifier)
  if (!server || !takesPlainTokens(client, server, deps.signer) || refreshPolicyOf(client, server) !== 'rotate')
    return undefined
  return {
    client,
    presented: { value, parts, stored: family, binding: { clientId: client.client_id } },
    server,
    account,
    grant,
    scope: grantedScope(client, server, family.artifact, grant.artifact),
  }
}

/** Members of a family's record that a plain sign-in has; with any other the engine has more to do. */
const FAMILY_MEMBERS: readonly string[] = [
  ...['accountId', 'clientId', 'grantId', 'gty', 'scope', 'resource', 'companyUserId', 'acr', 'amr', 'authTime'],
  ...[
    'iat',
    'exp',
    'iiat',
    'rotations',
    'digest',
    'rotatedAt',
    'place',
    'sessionUid',
    'expiresWithSession',
    'grantKeptUntil',
  ],
]

function isPlainSignIn(family: Artifact, grant: Artifact, { actingAgentId, delegation }: CustomerAccount): boolean {
  for (const member in family) if (!FAMILY_MEMBERS.includes(member)) return false
  const { parentGrantId, dialectSession } = grantFacts(grant) ?? {}
  const isOwn = actingAgentId === undefined && !delegation && parentGrantId === undefined
  const hasIdToken = String(family.scope).split(' ').includes('openid')
  return isOwn && !hasIdToken && dialectSession === undefined && typeof family.resource === 'string' && !grant.rejected
}

/** What the grant gave at the resource server, as far as the family asked for it and the client can have it there now. */
function grantedScope(client: ClientMetadata, server: ResourceServer, family: Artifact, grant: Artifact): string {
  const there = scopesAt(client, server, { isMachine: false })
  const asked = String(family.scope ?? '').split(' ')
  const { [server.identifier]: given = '' } = (grant.resources ?? {}) as Record<string, string | undefined> // the library's
  return given
    .split(' ')
    .filter((scope) => asked.includes(scope) && there.includes(scope))
    .join(' ')
}

async function makeTokens(
  { issuer, signer, fitToken }: FastRefreshDeps,
  { client, presented, server, account, scope }: Understood,
  refreshToken: string,
) {
  const issuedAtMs = Date.now()
  const iat = Math.floor(issuedAtMs / 1000)
  const lifetime = accessTokenTtlSeconds(client, server.accessTokenTtlSeconds)
  const [jti, expiresAt] = [randomUUID(), iat + lifetime]
  const claims = {
    ...commerceClaims(account.customer, account.companyUser, {
      hasFullPermissions: server.hasFullPermissions === true,
    }),
    ...authenticationStoredIn(presented.stored.artifact as AuthenticationSource), // the library's, as it stored them
    jti,
    sub: account.accountId,
    iat,
    exp: expiresAt,
    scope: scope || undefined,
    client_id: client.client_id,
    iss: issuer,
    aud: audienceOf(server),
    gid: presented.stored.artifact.grantId,
    ...wantedClaims(server, iat),
  }
  const value = await signer.sign(headerOf(server), fitToken(claims, server))
  const body = {
    access_token: value,
    expires_in: lifetime,
    refresh_token: refreshToken,
    scope: scope || undefined,
    token_type: 'Bearer',
  }
  return { body, accessTtlSeconds: lifetime, issued: { jti, issuedAtMs, expiresAt } }
}

function note(
  { noteIssuance }: FastRefreshDeps,
  { state, ip }: FastRequest,
  { client, account, grant, presented }: Understood,
  issued: Issued | undefined,
): void {
  const grantId = String(presented.stored.artifact.grantId)
  const facts = grantFacts(grant.artifact)

  function records(): TokenRecord[] {
    if (!issued || state.repeatsAnswer) return []
    const { jti, issuedAtMs, expiresAt } = issued
    const owner = {
      clientId: client.client_id,
      grantId,
      accountId: account.accountId,
      ...(facts && { grantedAtMs: facts.createdAtMs }),
      issuedAtMs,
    }
    const kept = chosenId(facts?.companyUserId)
    const actsAs = account.companyUser?.id ?? kept
    const { replacedPlace, expiresAt: endsAt = expiresAt } = state.refreshed ?? {}
    const access: TokenRecord = {
      ...owner,
      kind: 'access-token',
      tokenId: jti,
      expiresAt,
      ...(actsAs !== undefined && { companyUserId: actsAs }),
    }
    const refresh: TokenRecord = {
      ...owner,
      kind: 'refresh-token',
      tokenId: hashId(presented.parts.family),
      // It takes the place of the one that was shown.
      place: presented.parts.place + 1,
      expiresAt: endsAt,
      ...(kept !== undefined && { companyUserId: kept }),
      ...(replacedPlace !== undefined && { replacedPlace }),
    }
    return [access, refresh]
  }

  noteIssuance({
    grantType: GRANT_TYPE,
    clientId: client.client_id,
    grantId,
    customerId: account.accountId,
    ip,
    requestId: state.requestId,
    records,
  })
}

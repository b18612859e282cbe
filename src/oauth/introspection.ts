import type { KoaContextWithOIDC } from 'oidc-provider'
import type { ClientMetadata } from '../clients/client.ts'
import type { FindLiveAccount } from './account.ts'
import { isAgentAccount } from './agent-account.ts'
import { commerceClaims } from './claims.ts'
import type { FindToken, LiveToken } from './token-status.ts'

export type IntrospectionDeps = {
  readonly findToken: FindToken
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource server identifiers that make tokens of an audience. */
  readonly identifiersOf: (audience: string) => readonly string[]
  readonly findLiveAccount: FindLiveAccount
  readonly issuer: string
}

/**
 * Introspection (RFC 7662 §2.2) of every kind of token, with the permissions the customer has now. Who may not know learns what anybody learns of a token that
 * does not exist: `{"active":false}`.
 */
export function createIntrospection({
  findToken,
  findClient,
  findLiveAccount,
  identifiersOf,
  issuer,
}: IntrospectionDeps) {
  return async function introspect(ctx: KoaContextWithOIDC): Promise<void> {
    ctx.body = { active: false }
    const status = await findToken(String(ctx.oidc.params?.token))
    if (!status.isLive) return
    const caller = ctx.oidc.client && (await findClient(ctx.oidc.client.clientId))
    const owner = await findClient(status.token.clientId)
    if (!owner || !caller || !mayIntrospect(caller, status.token, identifiersOf)) return
    const { accountId, companyUserId, actingAgentId, iat } = status.token
    if (accountId === undefined) {
      ctx.body = describe(status.token, issuer)
      return
    }
    const account = await findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: iat * 1000 })
    if (!account) return
    if (isAgentAccount(account)) {
      ctx.body = describe(status.token, issuer)
      return
    }
    const claims = commerceClaims(account.customer, account.companyUser, { hasFullPermissions: true })
    ctx.body = describe({ ...status.token, claims: { ...status.token.claims, ...claims } }, issuer)
  }
}

/** A client may look at its own tokens; a resource server at access tokens for its audiences. */
export function mayIntrospect(
  caller: ClientMetadata,
  token: LiveToken,
  identifiersOf: (audience: string) => readonly string[],
): boolean {
  if (caller.token_endpoint_auth_method === 'none') return false
  if (caller.client_id === token.clientId) return true
  if (token.kind === 'refresh-token' || token.audience === undefined) return false
  return matchesAny(caller.introspects ?? [], [token.audience, ...identifiersOf(token.audience)])
}

/** Whether a client's list of resource servers (`*` at the end matches the rest) has one of these identifiers. */
export function matchesAny(patterns: readonly string[], identifiers: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*')
      ? identifiers.some((identifier) => identifier.startsWith(pattern.slice(0, -1)))
      : identifiers.includes(pattern),
  )
}

function describe(token: LiveToken, issuer: string): Record<string, unknown> {
  const { jkt, certificateThumbprint } = token
  const isBound = jkt !== undefined || certificateThumbprint !== undefined
  return withoutUndefined({
    ...token.claims,
    active: true,
    sub: token.accountId ?? token.clientId,
    client_id: token.clientId,
    scope: token.scope,
    aud: token.audience,
    iss: issuer,
    iat: token.iat,
    exp: token.exp,
    jti: token.jti,
    token_type: token.kind === 'refresh-token' ? undefined : jkt ? 'DPoP' : 'Bearer',
    cnf: isBound ? withoutUndefined({ jkt, 'x5t#S256': certificateThumbprint }) : undefined,
  })
}

function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

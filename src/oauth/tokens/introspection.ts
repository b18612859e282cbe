import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Metrics } from '../../metrics.ts'
import type { FindLiveAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { commerceClaims } from '../accounts/claims.ts'
import type { FindToken, LiveToken } from './token-status.ts'

export type IntrospectionDeps = {
  readonly findToken: FindToken
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource server identifiers that make tokens of an audience. */
  readonly identifiersOf: (audience: string) => readonly string[]
  readonly findLiveAccount: FindLiveAccount
  readonly issuer: string
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'introspections'>
}

/**
 * Introspection (RFC 7662 §2.2) of every kind of token, with the permissions the customer has now. Who may not know learns what anybody learns of a token that
 * does not exist: `{"active":false}`.
 */
export function createIntrospection(deps: IntrospectionDeps) {
  const { findToken, findClient, findLiveAccount, identifiersOf, issuer, audit, metrics } = deps

  return async function introspect(ctx: KoaContextWithOIDC): Promise<void> {
    const answer = await look(String(ctx.oidc.params?.token), ctx.oidc.client?.clientId)
    metrics.introspections.inc({ outcome: answer ? 'active' : 'inactive' })
    ctx.body = answer ?? { active: false }
  }

  async function look(value: string, callerId: string | undefined): Promise<object | undefined> {
    const status = await findToken(value)
    if (!status.isLive) return undefined
    const { token } = status
    const caller = callerId === undefined ? undefined : await findClient(callerId)
    const holders = [token.clientId, token.grantClientId ?? token.clientId]
    if (!caller || !(await Promise.all(holders.map(findClient))).every(Boolean)) return undefined
    if (!mayIntrospect(caller, token, identifiersOf)) {
      audit({ type: 'introspection.refused', clientId: caller.client_id, reason: token.kind })
      return undefined
    }
    const { accountId, companyUserId, actingAgentId, iat } = token
    if (accountId === undefined) return describe(token, issuer)
    const account = await findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: iat * 1000 })
    if (!account) return undefined
    if (isAgentAccount(account) || isAnonymousAccount(account)) return describe(token, issuer)
    const claims = commerceClaims(account.customer, account.companyUser, { hasFullPermissions: true })
    return describe({ ...token, claims: { ...token.claims, ...claims } }, issuer)
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

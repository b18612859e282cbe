import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Metrics } from '../../metrics.ts'
import { agentAccountId, isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { commerceClaims, defined } from '../accounts/claims.ts'
import type { FoundToken } from './found-token.ts'
import type { JudgeToken } from './token-verdict.ts'

export type IntrospectionDeps = {
  readonly judgeToken: JudgeToken
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource server identifiers that make tokens of an audience. */
  readonly identifiersOf: (audience: string) => readonly string[]
  readonly issuer: string
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'introspections'>
}

/**
 * Introspection (RFC 7662 §2.2) of every kind of token, with the permissions the customer has now. A client that is not
 * entitled to a token is answered as for one that does not exist: `{"active":false}`.
 */
export function createIntrospection(deps: IntrospectionDeps) {
  const { judgeToken, findClient, identifiersOf, issuer, audit, metrics } = deps

  return async function introspect(ctx: KoaContextWithOIDC): Promise<void> {
    const answer = await look(String(ctx.oidc.params?.token), ctx.oidc.client?.clientId)
    metrics.introspections.inc({ outcome: answer ? 'active' : 'inactive' })
    ctx.body = answer ?? { active: false }
  }

  async function look(value: string, callerId: string | undefined): Promise<object | undefined> {
    const caller = callerId === undefined ? undefined : await findClient(callerId)
    const verdict = await judgeToken(value, {
      asker: 'introspection',
      objection: (token) => (caller && mayIntrospect(caller, token, identifiersOf) ? undefined : 'caller-not-entitled'),
    })
    const { token } = verdict
    if (!verdict.works) {
      if (caller && token && verdict.reason === 'caller-not-entitled')
        audit({ type: 'introspection.refused', clientId: caller.client_id, reason: token.kind })
      return undefined
    }
    const { account } = verdict
    if (!account || isAgentAccount(account) || isAnonymousAccount(account)) return describe(verdict.token, issuer)
    const { customer, companyUser, actingAgentId } = account
    const claims = commerceClaims(customer, companyUser, { hasFullPermissions: true })
    // A refresh token says nothing itself: its grant names the agent who acts.
    const act = actingAgentId === undefined ? {} : { act: { sub: agentAccountId(actingAgentId) } }
    return describe({ ...verdict.token, claims: { ...act, ...verdict.token.claims, ...claims } }, issuer)
  }
}

/** A client may look at its own tokens; a resource server at access tokens for its audiences. */
export function mayIntrospect(
  caller: ClientMetadata,
  token: FoundToken,
  identifiersOf: (audience: string) => readonly string[],
): boolean {
  if (caller.token_endpoint_auth_method === 'none') return false
  if (caller.client_id === token.clientId) return true
  if (token.kind === 'refresh-token' || token.audience === undefined) return false
  return matchesAny(caller.introspects ?? [], [token.audience, ...identifiersOf(token.audience)])
}

/** Whether a client's list of resource servers or scopes (`*` at the end matches the rest) has one of these names. */
export function matchesAny(patterns: readonly string[], names: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? names.some((name) => name.startsWith(pattern.slice(0, -1))) : names.includes(pattern),
  )
}

function describe(token: FoundToken, issuer: string): Record<string, unknown> {
  const { jkt, certificateThumbprint } = token
  const isBound = jkt !== undefined || certificateThumbprint !== undefined
  return defined({
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
    cnf: isBound ? defined({ jkt, 'x5t#S256': certificateThumbprint }) : undefined,
  })
}

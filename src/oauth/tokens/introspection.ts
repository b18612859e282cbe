import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import { permissionsOf } from '../../customers/customer.ts'
import type { Metrics } from '../../metrics.ts'
import { asCustomerAccount, type CustomerAccount } from '../accounts/account.ts'
import { agentAccountId } from '../accounts/agent-account.ts'
import { commerceClaims, defined, digestOf } from '../accounts/claims.ts'
import type { FoundToken } from './found-token.ts'
import type { NoteLinkUse } from './note-issuance.ts'
import type { JudgeToken } from './token-verdict.ts'

export type IntrospectionDeps = {
  readonly judgeToken: JudgeToken
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource server identifiers that make tokens of an audience. */
  readonly identifiersOf: (audience: string) => readonly string[]
  readonly issuer: string
  /** The authorization details of a token with purchase mandates, with what is left of each. */
  readonly detailsNow: (token: FoundToken) => Promise<readonly object[]>
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'introspections'>
  /** A resource server was shown a token of a customer. */
  readonly noteLinkUse: NoteLinkUse
}

/** What introspection says of a token to a client; undefined: no more than that it is not active. */
export type Introspect = (value: string, callerId: string | undefined) => Promise<Told | undefined>

/** An answer, and its JSON. */
export type Told = { readonly said: object; readonly body: string }

/**
 * Introspection (RFC 7662 §2.2) of every kind of token, with the permissions the customer has now. A client that is not
 * entitled to a token is answered as for one that does not exist: `{"active":false}`.
 */
export function createIntrospect(deps: IntrospectionDeps): Introspect {
  const { judgeToken, findClient, identifiersOf, issuer, detailsNow, audit, metrics, noteLinkUse } = deps
  // Services show the same token again and again, and while its account stays as it is the answer does too.
  const told = new WeakMap<FoundToken, Told & Pick<Who, 'customer' | 'companyUser' | 'actingAgentId' | 'ucpProfile'>>()

  return async function introspect(value, callerId) {
    const answer = await look(value, callerId)
    metrics.introspections.inc({ outcome: answer ? 'active' : 'inactive' })
    return answer
  }

  async function look(value: string, callerId: string | undefined): Promise<Told | undefined> {
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
    const account = asCustomerAccount(verdict.account)
    const { grantId, grantClientId, clientId: holderId, audience } = verdict.token
    const isOwn = account !== undefined && account.actingAgentId === undefined && callerId !== holderId
    if (grantId !== undefined && audience !== undefined && isOwn) {
      const clientId = grantClientId ?? holderId
      noteLinkUse({ grantId, customerId: account.accountId, clientId, usedFor: audience })
    }
    const holder = holderId === callerId ? caller : await findClient(holderId)
    const who = { ...asWho(account), ucpProfile: holder?.ucp_profile }
    if (!verdict.token.mandateIds) return tell(verdict.token, who)
    const details = await detailsNow(verdict.token)
    const { authorization_details: _then, ...claims } = verdict.token.claims
    const now = {
      ...verdict.token,
      claims: details.length > 0 ? { ...claims, authorization_details: details } : claims,
    }
    return tell(now, who)
  }

  function tell(token: FoundToken, who: Who): Told {
    const { customer, companyUser, actingAgentId, ucpProfile } = who
    const before = told.get(token)
    const isSame = before?.customer === customer && before?.companyUser === companyUser
    if (before && isSame && before.actingAgentId === actingAgentId && before.ucpProfile === ucpProfile) return before
    const said = {
      ...describe({ ...token, claims: claimsOf(token, who) }, issuer),
      ...defined({ ucp_profile: ucpProfile }),
    }
    const now = { said, body: JSON.stringify(said), customer, companyUser, actingAgentId, ucpProfile }
    told.set(token, now)
    return now
  }
}

type Who = Partial<Pick<CustomerAccount, 'customer' | 'companyUser' | 'actingAgentId'>> & {
  /** The profile of the platform that holds the token. */
  readonly ucpProfile?: string | undefined
}

function asWho(account: CustomerAccount | undefined): Who {
  if (!account) return {}
  const { customer, companyUser, actingAgentId } = account
  return { customer, companyUser, ...(actingAgentId !== undefined && { actingAgentId }) }
}

/** What the token says, with the customer as they are now. */
function claimsOf(token: FoundToken, { customer, companyUser, actingAgentId }: Who): FoundToken['claims'] {
  if (!customer) return token.claims
  // A refresh token says nothing itself: its grant names the agent who acts.
  const act = actingAgentId === undefined ? {} : { act: { sub: agentAccountId(actingAgentId) } }
  const { permissions_digest: digestThen, permissions_version: _then, ...claims } = token.claims
  const permissions = companyUser ? permissionsOf(companyUser) : []
  const digest =
    digestThen === undefined ? {} : { permissions_digest: digestOf(permissions), permissions_version: Date.now() }
  return { ...act, ...claims, ...commerceClaims(customer, companyUser, { hasFullPermissions: true }), ...digest }
}

/** The media type of a signed answer (RFC 9701 §4). */
export const SIGNED_ANSWER = 'application/token-introspection+jwt'

/** The answer for a token of which nothing is said. */
export const INACTIVE = { active: false } as const

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

import { PRIVATE_PERSON } from '../../customers/customer.ts'
import { agentIdOf } from '../accounts/agent-account.ts'
import { toAnonymousAccount } from '../accounts/anonymous-account.ts'
import { actorsOf } from '../accounts/delegation.ts'
import type { TokenPayload } from './structured-tokens.ts'

export type TokenKind = 'access-token' | 'client-credentials' | 'refresh-token'

/** A token of ours, with everything a resource server may be told about it. */
export type FoundToken = {
  readonly kind: TokenKind
  readonly isStructured: boolean
  readonly clientId: string
  /** The client whose grant the token hangs from, where another client traded it for this one (RFC 8693). */
  readonly grantClientId?: string
  readonly accountId?: string
  readonly grantId?: string
  /** The grant that its grant ends with. */
  readonly parentGrantId?: string
  /** `PRIVATE_PERSON` where an access token says that its customer acts for no company. */
  readonly companyUserId?: string
  /** The agent who acts for the customer. */
  readonly actingAgentId?: string
  readonly audience?: string
  readonly scope?: string
  readonly jti?: string
  readonly iat: number
  /** Epoch milliseconds, so that it can be told from a sign-out in the same second. */
  readonly issuedAtMs: number
  readonly exp: number
  /** Thumbprint of the DPoP key, or of the certificate (RFC 8705), the token is bound to. */
  readonly jkt?: string
  readonly certificateThumbprint?: string
  /** Single claims that its request asked userinfo for, beyond those of its scopes (OIDC Core §5.5); of a JWT. */
  readonly askedClaims?: readonly string[]
  /** Purchase mandates that an access token carries. */
  readonly mandateIds?: readonly string[]
  /** Claims of our own that the token carries. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** The claim of tokens that hang from no grant of their client: a grant says to the millisecond when it was given. */
export const ISSUED_AT_MS = 'iat_ms'

const REGISTERED = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  ISSUED_AT_MS,
  'nbf',
  'jti',
  'scope',
  'client_id',
  'gid',
  'parent_gid',
  'grant_client_id',
  'userinfo_claims',
  'status',
  'cnf',
  'customer_id',
  'agent_id',
  'scopes',
])

/** Reads the payload of a JWT access token. */
export function fromPayload(payload: TokenPayload): FoundToken {
  const {
    sub,
    aud,
    scope,
    scopes,
    client_id,
    gid,
    parent_gid,
    grant_client_id,
    customer_id,
    agent_id,
    anonymous_id,
    act,
    cnf,
  } = payload as Record<string, unknown> // signed by us: claims by name
  const bound = cnf as { jkt?: string; 'x5t#S256'?: string } | undefined // as the library writes it
  const clientId = String(client_id)
  const companyUserId = companyUserSaid(payload.id_company_user)
  const visitor = typeof anonymous_id === 'string' ? toAnonymousAccount(anonymous_id).accountId : undefined
  return {
    kind: gid ? 'access-token' : 'client-credentials',
    isStructured: true,
    clientId,
    ...(gid ? { grantId: String(gid), accountId: String(customer_id ?? agent_id ?? visitor ?? sub) } : {}),
    ...(typeof grant_client_id === 'string' && { grantClientId: grant_client_id }),
    ...(typeof parent_gid === 'string' && { parentGrantId: parent_gid }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...actingAgent(act),
    ...(typeof aud === 'string' && { audience: aud }),
    ...(typeof scope === 'string' && { scope }),
    ...(Array.isArray(scopes) && { scope: scopes.join(' ') }),
    ...(Array.isArray(payload.userinfo_claims) && { askedClaims: payload.userinfo_claims.map(String) }),
    jti: payload.jti,
    iat: payload.iat,
    issuedAtMs: issuedAtMs(payload[ISSUED_AT_MS], payload.iat),
    exp: payload.exp,
    ...(bound?.jkt && { jkt: bound.jkt }),
    ...(bound?.['x5t#S256'] && { certificateThumbprint: bound['x5t#S256'] }),
    ...mandatesIn(payload.authorization_details),
    claims: Object.fromEntries(Object.entries(payload).filter(([name]) => !REGISTERED.has(name))),
  }
}

/** Reads what storage holds of an opaque token. */
export function fromStored(kind: TokenKind, stored: Readonly<Record<string, unknown>>): FoundToken {
  const payload = stored as StoredToken // written by the library
  const { grant_client_id: grantClientId, parent_gid, [ISSUED_AT_MS]: issued, ...claims } = payload.extra ?? {}
  const parentGrantId = payload.parentGrantId ?? parent_gid
  const companyUserId = payload.companyUserId ?? companyUserSaid(claims.id_company_user)
  const thumbprint = payload['x5t#S256']
  return {
    kind,
    isStructured: false,
    clientId: payload.clientId,
    ...(payload.accountId && { accountId: payload.accountId }),
    ...(payload.grantId && { grantId: payload.grantId }),
    ...(typeof grantClientId === 'string' && { grantClientId }),
    ...(typeof parentGrantId === 'string' && { parentGrantId }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...actingAgent(claims.act),
    ...(payload.aud && { audience: payload.aud }),
    ...(payload.scope && { scope: payload.scope }),
    iat: payload.iat,
    issuedAtMs: issuedAtMs(issued, payload.iat),
    exp: payload.exp,
    ...(payload.jkt && { jkt: payload.jkt }),
    ...(thumbprint && { certificateThumbprint: thumbprint }),
    ...(kind === 'access-token' && mandatesIn(payload.rar)),
    claims: kind === 'access-token' && payload.rar ? { ...claims, authorization_details: payload.rar } : claims,
  }
}

/** What an access token says holds for it, also when another company goes without saying by now, or its grant moved on. */
function companyUserSaid(claim: unknown): string | undefined {
  if (claim === null) return PRIVATE_PERSON
  return typeof claim === 'string' ? claim : undefined
}

/** Of a token that says no more than its second, the beginning of it: a sign-out in that second ends it. */
function issuedAtMs(said: unknown, iat: number): number {
  return typeof said === 'number' ? said : iat * 1000
}

function actingAgent(act: unknown): { actingAgentId?: string } {
  const [actingAgentId] = actorsOf(act).flatMap((sub) => agentIdOf(sub) ?? [])
  return actingAgentId === undefined ? {} : { actingAgentId }
}

/** The mandates that authorization details name (RFC 9396). */
function mandatesIn(details: unknown): { mandateIds?: readonly string[] } {
  if (!Array.isArray(details)) return {}
  const named = details as { mandate_id?: unknown }[] // as tokens of ours say them
  const mandateIds = named.flatMap(({ mandate_id: id }) => (typeof id === 'string' ? [id] : []))
  return mandateIds.length > 0 ? { mandateIds } : {}
}

/** The library's payload of a stored token, as far as we read it. */
type StoredToken = {
  clientId: string
  accountId?: string
  grantId?: string
  /** Ours, beside the library's fields of a refresh token. */
  companyUserId?: string
  /** Ours too, of a refresh token that came of an access token. */
  parentGrantId?: string
  aud?: string
  scope?: string
  iat: number
  exp: number
  jkt?: string
  'x5t#S256'?: string
  rar?: readonly object[]
  extra?: Record<string, unknown>
}

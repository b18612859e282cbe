import type { Artifact, ArtifactKey, Storage, StoredArtifact } from '../../storage/storage.ts'
import { agentIdOf } from '../accounts/agent-account.ts'
import { actorsOf } from '../accounts/delegation.ts'
import { familyPayload, isCurrentToken } from '../refresh/family.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import { isBeforeAny, type Ownership, type SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { isStructured, type TokenPayload } from './structured-tokens.ts'

export type TokenKind = 'access-token' | 'client-credentials' | 'refresh-token'

/** A token that works now, with everything a resource server may be told about it. */
export type LiveToken = {
  readonly kind: TokenKind
  readonly isStructured: boolean
  readonly clientId: string
  /** The client whose grant the token hangs from, where another client traded it for this one (RFC 8693). */
  readonly grantClientId?: string
  readonly accountId?: string
  readonly grantId?: string
  readonly companyUserId?: string
  /** The agent who acts for the customer. */
  readonly actingAgentId?: string
  readonly audience?: string
  readonly scope?: string
  readonly jti?: string
  readonly iat: number
  readonly exp: number
  /** Thumbprint of the DPoP key, or of the certificate (RFC 8705), the token is bound to. */
  readonly jkt?: string
  readonly certificateThumbprint?: string
  /** Single claims that its grant allows, beyond those of its scopes (OIDC Core §5.5). */
  readonly grantedClaims?: readonly string[]
  /** Claims of our own that the token carries. */
  readonly claims: Readonly<Record<string, unknown>>
}

export type TokenStatus =
  | { readonly isLive: true; readonly token: LiveToken }
  | {
      readonly isLive: false
      readonly reason: 'unknown' | 'expired' | 'rotated' | 'grant-revoked' | 'denied' | 'signed-out'
    }

export type TokenStatusDeps = {
  readonly storage: Storage
  readonly refreshTokens: RefreshTokens
  readonly cutOffs: SignOutCutOffs
  readonly verify: (value: string) => TokenPayload | undefined
}

export type FindToken = (value: string) => Promise<TokenStatus>

const REGISTERED = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'scope',
  'client_id',
  'gid',
  'grant_client_id',
  'cnf',
  'customer_id',
  'agent_id',
  'scopes',
])
const REVOKED_TOKEN = 'Denial'

/**
 * Says whether a token works now, and why not. A JWT is verified locally and then costs one storage trip (is its
 * grant alive, was it denied, was its owner signed out); an opaque token costs two.
 */
export function createFindToken({ storage, refreshTokens, cutOffs, verify }: TokenStatusDeps): FindToken {
  return async function findToken(value) {
    if (isStructured(value)) {
      const payload = verify(value)
      return payload ? judge(fromPayload(payload), true) : { isLive: false, reason: 'unknown' }
    }
    const found = await findOpaque(value)
    if (!found) return { isLive: false, reason: 'unknown' }
    if ('reason' in found) return found
    return found.exp <= now() ? { isLive: false, reason: 'expired' } : judge(found, false)
  }

  async function findOpaque(value: string): Promise<LiveToken | (TokenStatus & { isLive: false }) | undefined> {
    const family = refreshTokens.parse(value)
    if (family) {
      const stored = await storage.get('RefreshToken', family.family)
      if (!stored) return undefined
      if (!isCurrentToken(stored, value, refreshTokens)) return { isLive: false, reason: 'rotated' }
      return fromStored('refresh-token', familyPayload(stored, value))
    }
    const [accessToken, clientCredentials] = await storage.getMany([
      { kind: 'AccessToken', id: value },
      { kind: 'ClientCredentials', id: value },
    ])
    if (accessToken) return fromStored('access-token', accessToken.artifact)
    return clientCredentials && fromStored('client-credentials', clientCredentials.artifact)
  }

  async function judge(token: LiveToken, isDeniable: boolean): Promise<TokenStatus> {
    const grantKey: ArtifactKey[] = token.grantId ? [{ kind: 'Grant', id: token.grantId }] : []
    const revokedKey: ArtifactKey[] = isDeniable && token.jti ? [{ kind: REVOKED_TOKEN, id: token.jti }] : []
    const ownerKeys = cutOffs.keys(ownership(token))
    const holderKeys = token.grantClientId ? cutOffs.keys({ clientId: token.clientId }) : []
    const results = await storage.getMany([...grantKey, ...revokedKey, ...ownerKeys, ...holderKeys])
    const grant = token.grantId ? results.shift() : undefined
    const revoked = revokedKey.length > 0 ? results.shift() : undefined

    if (token.grantId && !belongs(grant, ownership(token))) return { isLive: false, reason: 'grant-revoked' }
    if (revoked) return { isLive: false, reason: 'denied' }
    const grantedAtMs = Number(grant?.artifact.createdAtMs ?? token.iat * 1000)
    const holder = results.splice(ownerKeys.length)
    // A token that was traded began with the trade for the client that holds it, and with the sign-in for all others.
    if (isBeforeAny(results, grantedAtMs) || isBeforeAny(holder, token.iat * 1000))
      return { isLive: false, reason: 'signed-out' }
    const { claims: grantedClaims } = (grant?.artifact.openid ?? {}) as { claims?: readonly string[] }
    return { isLive: true, token: { ...token, ...(grantedClaims && { grantedClaims }) } }
  }
}

/**
 * The grant with this id if it is alive and belongs to `owner`: one storage trip, in which everything that could have
 * signed the owner out is read as well.
 */
export function createFindGrant({ storage, cutOffs }: Pick<TokenStatusDeps, 'storage' | 'cutOffs'>): FindGrant {
  return async function findGrant(id, owner) {
    const [grant, ...instants] = await storage.getMany([{ kind: 'Grant', id }, ...cutOffs.keys(owner)])
    if (!grant || !belongs(grant, owner)) return undefined
    return isBeforeAny(instants, Number(grant.artifact.createdAtMs)) ? undefined : { ...grant.artifact, jti: id }
  }
}

export type FindGrant = (id: string, owner: Ownership) => Promise<Artifact | undefined>

/** Ends one access token before its time: a JWT by a revoked that lasts as long as it would have, an opaque one by removal. */
export async function endAccessToken(
  storage: Pick<Storage, 'put' | 'remove'>,
  token: LiveToken,
  value: string,
): Promise<void> {
  if (!token.isStructured) {
    await storage.remove(token.kind === 'access-token' ? 'AccessToken' : 'ClientCredentials', value)
  } else if (token.jti) {
    await storage.put(REVOKED_TOKEN, token.jti, {}, Math.max(1, token.exp - now() + 60))
  }
}

function belongs(grant: StoredArtifact | undefined, owner: Ownership): boolean {
  if (!grant || Number(grant.artifact.exp) <= now()) return false
  return grant.artifact.clientId === owner.clientId && grant.artifact.accountId === owner.accountId
}

function fromPayload(payload: TokenPayload): LiveToken {
  const { sub, aud, scope, scopes, client_id, gid, grant_client_id, customer_id, agent_id, act, cnf } =
    payload as Record<string, unknown>
  const bound = cnf as { jkt?: string; 'x5t#S256'?: string } | undefined
  const clientId = String(client_id)
  const companyUserId = payload.id_company_user
  return {
    kind: gid ? 'access-token' : 'client-credentials',
    isStructured: true,
    clientId,
    ...(gid ? { grantId: String(gid), accountId: String(customer_id ?? agent_id ?? sub) } : {}),
    ...(typeof grant_client_id === 'string' && { grantClientId: grant_client_id }),
    ...(typeof companyUserId === 'string' && { companyUserId }),
    ...actingAgent(act),
    ...(typeof aud === 'string' && { audience: aud }),
    ...(typeof scope === 'string' && { scope }),
    ...(Array.isArray(scopes) && { scope: scopes.join(' ') }),
    jti: payload.jti,
    iat: payload.iat,
    exp: payload.exp,
    ...(bound?.jkt && { jkt: bound.jkt }),
    ...(bound?.['x5t#S256'] && { certificateThumbprint: bound['x5t#S256'] }),
    claims: Object.fromEntries(Object.entries(payload).filter(([name]) => !REGISTERED.has(name))),
  }
}

function fromStored(kind: TokenKind, stored: Readonly<Record<string, unknown>>): LiveToken {
  const payload = stored as StoredToken
  const { grant_client_id: grantClientId, ...claims } = payload.extra ?? {}
  const thumbprint = payload['x5t#S256']
  return {
    kind,
    isStructured: false,
    clientId: payload.clientId,
    ...(payload.accountId && { accountId: payload.accountId }),
    ...(payload.grantId && { grantId: payload.grantId }),
    ...(typeof grantClientId === 'string' && { grantClientId }),
    ...(typeof claims.id_company_user === 'string' && { companyUserId: claims.id_company_user }),
    ...actingAgent(claims.act),
    ...(payload.aud && { audience: payload.aud }),
    ...(payload.scope && { scope: payload.scope }),
    iat: payload.iat,
    exp: payload.exp,
    ...(payload.jkt && { jkt: payload.jkt }),
    ...(thumbprint && { certificateThumbprint: thumbprint }),
    claims,
  }
}

function actingAgent(act: unknown): { actingAgentId?: string } {
  const [actingAgentId] = actorsOf(act).flatMap((sub) => agentIdOf(sub) ?? [])
  return actingAgentId === undefined ? {} : { actingAgentId }
}

/** The library's payload of a stored token, as far as we read it. */
type StoredToken = {
  clientId: string
  accountId?: string
  grantId?: string
  aud?: string
  scope?: string
  iat: number
  exp: number
  jkt?: string
  'x5t#S256'?: string
  extra?: Record<string, unknown>
}

function ownership({ accountId, clientId, grantClientId, companyUserId }: LiveToken): Ownership {
  return {
    clientId: grantClientId ?? clientId,
    ...(accountId && { accountId }),
    ...(companyUserId && { companyUserId }),
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

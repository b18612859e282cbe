import { WITHDRAWN_MANDATE } from '../../mandates/mandates.ts'
import type { Artifact, ArtifactKey, Storage, StoredArtifact } from '../../storage/storage.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { familyPayload, isCurrentToken } from '../refresh/family.ts'
import type { RefreshTokenParts, RefreshTokens } from '../refresh/refresh-tokens.ts'
import { isBeforeAny, type Ownership, type SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { type FoundToken, fromStored } from './found-token.ts'
import type { ReadToken } from './known-tokens.ts'
import type { Refusal } from './refusals.ts'
import { CLOCK_TOLERANCE_SECONDS, isStructured } from './structured-tokens.ts'

/** What storage keeps a token by: its grant, and the family of a refresh token, with what the token itself says of that. */
export type TokenRecords = {
  readonly grant?: StoredArtifact
  readonly family?: StoredArtifact
  readonly parts?: RefreshTokenParts
}

/** What storage says of a token. It knows of no client and no account: the verdict on a token does. */
export type TokenStatus =
  | { readonly isLive: true; readonly token: FoundToken; readonly records: TokenRecords }
  | {
      readonly isLive: false
      readonly reason: Extract<Refusal, 'unknown' | 'expired' | 'rotated' | 'grant-revoked' | 'denied' | 'signed-out'>
      /** Absent when it is unknown. */
      readonly token?: FoundToken
      readonly records?: TokenRecords
    }

export type TokenStatusDeps = {
  readonly storage: Storage
  readonly refreshTokens: RefreshTokens
  readonly cutOffs: SignOutCutOffs
  readonly readToken: ReadToken
}

export type FindToken = (value: string) => Promise<TokenStatus>

type Found = { readonly token: FoundToken; readonly records: TokenRecords; readonly isRotated?: boolean }

const REVOKED_TOKEN = 'Denial'

/**
 * Says what storage knows of a token. A JWT is verified locally and then costs one storage trip (is its grant alive, was
 * it revoked, was its owner signed out); an opaque token costs two.
 */
export function createFindToken({ storage, refreshTokens, cutOffs, readToken }: TokenStatusDeps): FindToken {
  return async function findToken(value) {
    const found = isStructured(value) ? findStructured(value) : await findOpaque(value)
    if (!found) return { isLive: false, reason: 'unknown' }
    const { token, records, isRotated } = found
    if (isRotated) return { isLive: false, reason: 'rotated', token, records }
    const toleranceSeconds = token.isStructured ? CLOCK_TOLERANCE_SECONDS : 0
    if (token.exp + toleranceSeconds <= now()) return { isLive: false, reason: 'expired', token, records }
    return look(token, records)
  }

  function findStructured(value: string): Found | undefined {
    const known = readToken(value)
    return known && { token: known.token, records: {} }
  }

  async function findOpaque(value: string): Promise<Found | undefined> {
    const parts = refreshTokens.parse(value)
    if (parts) {
      const family = await storage.get('RefreshToken', parts.family)
      if (!family) return undefined
      const token = fromStored('refresh-token', familyPayload(family, value))
      return { token, records: { family, parts }, isRotated: !isCurrentToken(family, value, refreshTokens) }
    }
    const [accessToken, clientCredentials] = await storage.getMany([
      { kind: 'AccessToken', id: value },
      { kind: 'ClientCredentials', id: value },
    ])
    if (accessToken) return { token: fromStored('access-token', accessToken.artifact), records: {} }
    return clientCredentials && { token: fromStored('client-credentials', clientCredentials.artifact), records: {} }
  }

  async function look(token: FoundToken, found: TokenRecords): Promise<TokenStatus> {
    const grantKey: ArtifactKey[] = token.grantId ? [{ kind: 'Grant', id: token.grantId }] : []
    const parentKey: ArtifactKey[] = token.parentGrantId ? [{ kind: 'Grant', id: token.parentGrantId }] : []
    const isRevocable = token.isStructured && token.jti !== undefined
    const revokedKey: ArtifactKey[] = isRevocable ? [{ kind: REVOKED_TOKEN, id: String(token.jti) }] : []
    const mandateKeys = (token.mandateIds ?? []).map((id): ArtifactKey => ({ kind: WITHDRAWN_MANDATE, id }))
    const ownerKeys = cutOffs.keys(ownership(token))
    const holderKeys = token.grantClientId ? cutOffs.keys({ clientId: token.clientId }) : []
    const results = await storage.getMany([
      ...grantKey,
      ...parentKey,
      ...revokedKey,
      ...mandateKeys,
      ...ownerKeys,
      ...holderKeys,
    ])
    const grant = token.grantId ? results.shift() : undefined
    const parent = token.parentGrantId ? results.shift() : undefined
    const revoked = isRevocable ? results.shift() : undefined
    const hasWithdrawn = results.splice(0, mandateKeys.length).some((mark) => mark !== undefined)

    const records = { ...found, ...(grant && { grant }) }
    const dead = (reason: 'grant-revoked' | 'denied' | 'signed-out') =>
      ({ isLive: false, reason, token, records }) as const
    if (token.grantId && !belongs(grant, ownership(token))) return dead('grant-revoked')
    if (token.parentGrantId && !isAlive(parent)) return dead('grant-revoked')
    if (revoked || hasWithdrawn) return dead('denied')
    const grantedAtMs = Number(grant?.artifact.createdAtMs ?? token.issuedAtMs)
    const holder = results.splice(ownerKeys.length)
    // A token that was traded began with the trade for the client that holds it, and with the sign-in for all others.
    if (isBeforeAny(results, grantedAtMs) || isBeforeAny(holder, token.issuedAtMs)) return dead('signed-out')
    return { isLive: true, token: narrowed(token, grant), records }
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
    const { parentGrantId } = grant.artifact
    if (parentGrantId !== undefined && !isAlive(await storage.get('Grant', String(parentGrantId)))) return undefined
    return isBeforeAny(instants, Number(grant.artifact.createdAtMs)) ? undefined : { ...grant.artifact, jti: id }
  }
}

export type FindGrant = (id: string, owner: Ownership) => Promise<Artifact | undefined>

/** Ends one access token before its time: a JWT by a mark that lasts as long as the token would have, an opaque one by removal. */
export async function endAccessToken(
  storage: Pick<Storage, 'put' | 'remove'>,
  token: Pick<FoundToken, 'isStructured' | 'kind' | 'jti' | 'exp'>,
  value: string,
): Promise<void> {
  if (!token.isStructured) {
    await storage.remove(token.kind === 'access-token' ? 'AccessToken' : 'ClientCredentials', value)
  } else if (token.jti) {
    await storage.put(REVOKED_TOKEN, token.jti, {}, Math.max(1, token.exp - now() + 60))
  }
}

/** Without the scopes that the customer took back since. */
function narrowed(token: FoundToken, grant: StoredArtifact | undefined): FoundToken {
  const taken = grantFacts(grant?.artifact)?.narrowed ?? []
  if (taken.length === 0 || token.scope === undefined) return token
  const scope = token.scope
    .split(' ')
    .filter((name) => !taken.includes(name))
    .join(' ')
  const { scope: _former, ...rest } = token
  return { ...rest, ...(scope !== '' && { scope }) }
}

function isAlive(grant: StoredArtifact | undefined): grant is StoredArtifact {
  return grant !== undefined && Number(grant.artifact.exp) > now()
}

function belongs(grant: StoredArtifact | undefined, owner: Ownership): boolean {
  if (!isAlive(grant)) return false
  return grant.artifact.clientId === owner.clientId && grant.artifact.accountId === owner.accountId
}

function ownership({ accountId, clientId, grantClientId, companyUserId }: FoundToken): Ownership {
  return {
    clientId: grantClientId ?? clientId,
    ...(accountId && { accountId }),
    ...(companyUserId && { companyUserId }),
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

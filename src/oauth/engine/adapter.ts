import { createHmac } from 'node:crypto'
import type { Adapter, AdapterPayload, errors as libraryErrors } from 'oidc-provider'
import { seal, unseal } from '../../storage/seal.ts'
import type { Artifact, Storage, StoredArtifact } from '../../storage/storage.ts'
import { STORED_VERSION } from '../accounts/grant-facts.ts'
import { createSaveGrant } from '../accounts/save-grant.ts'
import { familyPayload, familyRecord, isCurrentToken, rotatedAt } from '../refresh/family.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import type { Ownership, SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { isReplay } from './code-reuse.ts'
import type { EndGrant } from './end-grant.ts'
import type { RequestReads } from './request-reads.ts'

export type AdapterDeps = {
  readonly storage: Storage
  readonly refreshTokens: RefreshTokens
  readonly findClient: (clientId: string) => Promise<AdapterPayload | undefined>
  /** Taken from the very library instance that uses the adapter: it tells its errors by class. */
  readonly errors: typeof libraryErrors
  /**
   * Kept outside of storage; they make what is sealed under a short user code worthless to a thief of the storage.
   * The first seals, all of them open.
   */
  readonly sealKeys: readonly [string, ...string[]]
  /** How long a grant is kept without use; each rotation lengthens it. */
  readonly grantTtlSeconds: (payload: AdapterPayload) => Promise<number>
  /** The company user the grant of the request under way acts as: a family keeps it beside the library's fields. */
  readonly companyUserInContext: () => string | undefined
  /** The id of the browser session of the request under way. */
  readonly sessionInContext?: () => string | undefined
  /** Ends a grant, with what is known of it. */
  readonly endGrant: EndGrant
  /** Told what a code's exchange will read next. */
  readonly readAhead?: RequestReads['readAhead']
  readonly cutOffs?: SignOutCutOffs
}

/** What a client asked for at /backchannel: its parameters hold a secret of the client and name a person. */
const BACKCHANNEL_REQUEST = 'BackchannelAuthenticationRequest'
const SESSION_OF_CODE = 'session of a code'
/** A device that asks too late is told so, by `expired_token` (RFC 8628 §3.5), for as long as this. */
const DEVICE_CODE_REMEMBERED_SECONDS = 600

/**
 * oidc-provider's storage contract over ours. Two promises the library relies on and does not check are kept here:
 * a code is consumed by exactly one caller, and the loser is told so by an exception. Killing a grant is one write;
 * everything under it is dead because it is looked up by its grant, so there is no index of members to keep.
 */
export function createAdapter(deps: AdapterDeps): (kind: string) => Adapter {
  return (kind) => {
    if (kind === 'Client') return clientAdapter(deps)
    if (kind === 'RefreshToken') return refreshTokenAdapter(deps)
    if (kind === 'AuthorizationCode') return codeAdapter(deps, artifactAdapter(deps, kind))
    return artifactAdapter(deps, kind)
  }
}

function artifactAdapter({ storage, errors, grantTtlSeconds, sealKeys, endGrant }: AdapterDeps, kind: string): Adapter {
  const saveGrant = createSaveGrant({ storage, errors })
  const toPayload = (stored: StoredArtifact | undefined, id?: string) => stored && fromArtifact(kind, id, stored)

  return {
    async upsert(id, payload, expiresIn) {
      if (kind === 'Grant') return saveGrant(id, payload, Math.min(await grantTtlSeconds(payload), lifetime(expiresIn)))
      await storage.put(kind, id, toArtifact(kind, id, payload, sealKeys[0]), lifetime(expiresIn) + remembered(kind))
    },
    async find(id) {
      const stored = await storage.get(kind, id)
      const payload = toPayload(stored, id)
      return payload && kind === 'Grant' ? { ...payload, [STORED_VERSION]: stored?.version } : payload
    },
    findByUid: async (uid) => toPayload(await storage.findBy(kind, 'uid', uid)),
    async findByUserCode(userCode) {
      for (const sealKey of sealKeys) {
        const stored = await storage.findBy(kind, 'userCode', userCodeIndex(sealKey, userCode))
        if (stored) return fromArtifact(kind, undefined, stored, { sealKey, userCode })
      }
      return undefined
    },
    async consume(id) {
      if (await storage.consume(kind, id)) return
      const used = await storage.get(kind, id)
      const grantId = used && isReplay(kind, used) ? used.artifact.grantId : undefined
      if (typeof grantId === 'string') await endGrant(grantId, used?.artifact)
      if (kind === 'PushedAuthorizationRequest') throw new errors.InvalidRequestUri('request_uri was already used')
      throw new errors.InvalidGrant(`${kind} was already used`)
    },
    async destroy(id) {
      if (kind === 'Grant') await endGrant(id, (await storage.get(kind, id))?.artifact)
      else await storage.remove(kind, id)
    },
    revokeByGrantId: async () => {},
  }
}

/**
 * A code keeps, sealed under itself, which session it came from: its exchange reads session, grant and whatever could
 * have signed its owner out in one trip.
 */
function codeAdapter(deps: AdapterDeps, adapter: Adapter): Adapter {
  const { readAhead, cutOffs, companyUserInContext, sessionInContext } = deps
  return {
    ...adapter,
    async upsert(code, payload, expiresIn) {
      const [sessionId, companyUserId] = [sessionInContext?.(), companyUserInContext()]
      const kept = {
        ...payload,
        ...(companyUserId !== undefined && { companyUserId }),
        ...(sessionId !== undefined && { sealedSessionId: seal(code, SESSION_OF_CODE, sessionId) }),
      }
      await adapter.upsert(code, kept, expiresIn)
    },
    async find(code) {
      const found = await adapter.find(code)
      if (!found) return undefined
      const { sealedSessionId, companyUserId, ...payload } = found
      const { grantId, accountId, clientId } = payload
      const sessionId = typeof sealedSessionId === 'string' && unseal(code, SESSION_OF_CODE, sealedSessionId)
      const owner = { accountId, clientId, ...(typeof companyUserId === 'string' && { companyUserId }) }
      readAhead?.([
        ...(grantId ? [{ kind: 'Grant', id: grantId }] : []),
        ...(sessionId ? [{ kind: 'Session', id: sessionId }] : []),
        // A grant's payload names its owner.
        ...(cutOffs?.keys(owner as Ownership) ?? []),
      ])
      return payload
    },
  }
}

function clientAdapter({ findClient }: AdapterDeps): Adapter {
  const unsupported = async () => {
    throw new Error('clients are written through the client registry')
  }
  return {
    // It may be the `sub` of a client assertion, which can be any JSON.
    find: async (id: unknown) => (typeof id === 'string' ? findClient(id) : undefined),
    upsert: unsupported,
    destroy: unsupported,
    consume: unsupported,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => {},
  }
}

/** One record a family, holding its current token; rotation goes through the refresh grant, not through here. */
function refreshTokenAdapter({ storage, refreshTokens, companyUserInContext }: AdapterDeps): Adapter {
  return {
    async upsert(token, payload, expiresIn) {
      const parts = refreshTokens.parse(token)
      if (parts?.place !== 0) throw new Error('only the first token of a family is saved directly')
      const companyUserId = companyUserInContext()
      const kept = { ...payload, ...(companyUserId !== undefined && { companyUserId }) }
      await storage.put(
        'RefreshToken',
        parts.family,
        familyRecord(kept, refreshTokens.digest(token)),
        lifetime(expiresIn),
      )
    },
    async find(token) {
      const parts = refreshTokens.parse(token)
      const stored = parts && (await storage.get('RefreshToken', parts.family))
      if (!parts || !stored) return undefined
      return {
        ...familyPayload(stored, token),
        ...(!isCurrentToken(stored, token, refreshTokens) && { consumed: rotatedAt(stored) }),
      }
    },
    destroy: (token) => refreshTokens.remove(token),
    async consume() {
      throw new Error('refresh tokens are rotated, not consumed')
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => {},
  }
}

/**
 * The id is the bearer value for codes, tokens and cookies, so it is never kept beside its own digest. An interaction
 * also names the session cookie, so all of it is sealed under its id. A device code and its user code lead to each
 * other: each is sealed under the other, and the user code, which is short enough to be guessed, is looked up by a
 * keyed digest.
 */
function toArtifact(kind: string, id: string, payload: AdapterPayload, sealKey: string): Artifact {
  if (kind === 'Interaction') return { sealed: seal(id, kind, JSON.stringify(payload)) }
  const { jti: _jti, kind: _kind, ...kept } = payload
  const artifact = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  if (kind === BACKCHANNEL_REQUEST) {
    const { params, ...rest } = artifact
    return { ...rest, sealedParams: seal(id, kind, JSON.stringify(params ?? {})) }
  }
  const { userCode } = payload
  if (typeof userCode !== 'string') return artifact
  return {
    ...artifact,
    userCode: userCodeIndex(sealKey, userCode),
    sealedId: seal(sealKey + userCode, kind, id),
    sealedUserCode: seal(id, kind, userCode),
  }
}

function fromArtifact(
  kind: string,
  id: string | undefined,
  stored: StoredArtifact,
  foundBy?: { readonly sealKey: string; readonly userCode: string },
): AdapterPayload | undefined {
  const { artifact, consumedAt } = stored
  // One that was sent twice at once goes on to `consume`, where it loses and ends nothing.
  const used = isReplay(kind, stored) && { consumed: consumedAt }
  if (kind === 'Interaction') {
    const opened = id && unseal(id, kind, String(artifact.sealed))
    // Sealed by this adapter.
    return opened ? { ...(JSON.parse(opened) as AdapterPayload), ...used } : undefined
  }
  const { sealedId, sealedUserCode, sealedParams, userCode: _index, ...payload } = artifact
  if (kind === BACKCHANNEL_REQUEST && id !== undefined) {
    const params = unseal(id, kind, String(sealedParams))
    // Sealed by this adapter.
    return { ...payload, kind, jti: id, params: JSON.parse(params ?? '{}') as AdapterPayload['params'], ...used }
  }
  const jti = id ?? (foundBy && unseal(foundBy.sealKey + foundBy.userCode, kind, String(sealedId)))
  const userCode = foundBy?.userCode ?? (id && sealedUserCode ? unseal(id, kind, String(sealedUserCode)) : undefined)
  return { ...payload, kind, ...(jti && { jti }), ...(userCode && { userCode }), ...used }
}

function userCodeIndex(sealKey: string, userCode: string): string {
  return createHmac('sha256', sealKey).update(userCode).digest('base64url')
}

function remembered(kind: string): number {
  return kind === 'DeviceCode' || kind === BACKCHANNEL_REQUEST ? DEVICE_CODE_REMEMBERED_SECONDS : 0
}

function lifetime(expiresIn: number | undefined): number {
  if (expiresIn === undefined) throw new Error('everything we store must expire')
  return expiresIn
}

import type { AdapterPayload, errors as libraryErrors } from 'oidc-provider'
import { Unavailable } from '../../http/unavailable.ts'
import type { Artifact, Storage } from '../../storage/storage.ts'
import { grantFacts, STORED_VERSION } from './grant-facts.ts'

/** Others who write the same grant at the same time are waited for this often. */
const MOST_TRIES = 10

type SaveGrantDeps = {
  readonly storage: Pick<Storage, 'get' | 'put' | 'swap'>
  /** Of the library instance that saves: it tells its errors by class. */
  readonly errors: typeof libraryErrors
}

/**
 * Stores a grant. One that was read is changed where it is: were it put, one that was ended in between would be back, with all its
 * tokens. A grant that ends before its tokens could is not kept for longer.
 */
export function createSaveGrant({ storage, errors }: SaveGrantDeps) {
  return async function saveGrant(id: string, payload: AdapterPayload, ttlSeconds: number): Promise<void> {
    const { [STORED_VERSION]: read, jti: _jti, kind: _kind, ...kept } = payload
    let artifact: Artifact = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
    if (read === undefined) return storage.put('Grant', id, artifact, ttlSeconds)
    let version = Number(read)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await storage.swap('Grant', id, version, { artifact, ttlSeconds })) return
      const now = await storage.get('Grant', id)
      if (!now) throw new errors.AccessDenied('what was granted has been taken back meanwhile')
      version = now.version
      artifact = { ...artifact, ...takenBackBy(now.artifact, artifact) }
    }
    throw new Unavailable('storage', 'others go on changing a grant')
  }
}

/** Scopes that either of two writes of a grant takes back: of what happens at once, less is granted. */
function takenBackBy(now: Artifact, ours: Artifact): { readonly narrowed?: readonly string[] } {
  const all = [now, ours].flatMap((each) => grantFacts(each)?.narrowed ?? [])
  return all.length > 0 ? { narrowed: [...new Set(all)] } : {}
}

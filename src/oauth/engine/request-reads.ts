import type { ArtifactKey, Storage, StorageIndex, StoredArtifact } from '../../storage/storage.ts'

type Read = Promise<StoredArtifact | undefined>

export type RequestReads = {
  /** The same storage, which answers from what the request under way has read ahead. */
  readonly storage: Storage
  /** Reads in one trip what the request under way will ask for one by one. */
  readAhead(keys: readonly ArtifactKey[]): void
}

/**
 * The library asks for a code's session, grant and account one after the other. Once the code is known all of them
 * are, and so are the instants that could have signed its owner out: one trip fetches them, for this request only.
 */
export function createRequestReads(storage: Storage, requestUnderWay: () => object | undefined): RequestReads {
  const readsOf = new WeakMap<object, Map<string, Read>>()
  const nameOf = (kind: string, id: string) => `${kind} ${id}`
  const known = () => {
    const request = requestUnderWay()
    return request && readsOf.get(request)
  }
  const forgetting =
    <Args extends unknown[], T>(write: (kind: string, id: string, ...rest: Args) => Promise<T>) =>
    (kind: string, id: string, ...rest: Args): Promise<T> => {
      known()?.delete(nameOf(kind, id))
      return write(kind, id, ...rest)
    }

  async function getMany(keys: readonly ArtifactKey[]): Promise<(StoredArtifact | undefined)[]> {
    const reads = known()
    if (!reads) return storage.getMany(keys)
    const unknown = keys.filter(({ kind, id }) => !reads.has(nameOf(kind, id)))
    const fresh = unknown.length > 0 ? storage.getMany(unknown) : Promise.resolve([])
    return Promise.all(
      keys.map(async (key) => reads.get(nameOf(key.kind, key.id)) ?? (await fresh)[unknown.indexOf(key)]),
    )
  }

  async function findBy(kind: string, index: StorageIndex, value: string): Promise<StoredArtifact | undefined> {
    const ofKind = [...(known() ?? [])].filter(([name]) => name.startsWith(nameOf(kind, '')))
    const found = await Promise.all(ofKind.map(([, read]) => read))
    return found.find((stored) => stored?.artifact[index] === value) ?? storage.findBy(kind, index, value)
  }

  return {
    storage: {
      ...storage,
      get: (kind, id) => known()?.get(nameOf(kind, id)) ?? storage.get(kind, id),
      getMany,
      findBy,
      put: forgetting(storage.put),
      remove: forgetting(storage.remove),
      raise: forgetting(storage.raise),
      consume: forgetting(storage.consume),
      swap: forgetting(storage.swap),
    },
    readAhead(keys) {
      const request = requestUnderWay()
      if (!request) return
      const answer = storage.getMany(keys)
      // A failure is reported to the caller that asks for what was read.
      answer.catch(() => {})
      const reads = keys.map(({ kind, id }, at): [string, Read] => {
        const read = answer.then((found) => found[at])
        read.catch(() => {})
        return [nameOf(kind, id), read]
      })
      readsOf.set(request, new Map(reads))
    },
  }
}

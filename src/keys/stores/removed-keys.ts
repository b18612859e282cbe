import type { Knex } from 'knex'
import type { Storage } from '../../storage/storage.ts'
import type { Tombstone } from '../key-record.ts'
import { type KeyStore, type StoredKeys, withoutRemoved } from '../key-store.ts'
import { recordRemovedInSql, toTombstone } from './sql-tombstones.ts'

/** A second place that remembers removed keys, so that restoring a backup of the first does not bring them back. */
export interface RemovedKeys {
  /** Those of `kids` that are known to be dead. */
  dead(kids: readonly string[]): Promise<Tombstone[]>
  remove(tombstone: Tombstone): Promise<void>
}

const KIND = 'RemovedKey'
const REMEMBERED_SECONDS = 10 * 365 * 86_400

/** Tombstones as rows, for a file store: a copied-back directory meets them. */
export function sqlRemovedKeys(knex: Knex): RemovedKeys {
  return {
    dead: async (kids) => (await knex('key_tombstones').whereIn('kid', kids)).map(toTombstone),
    remove: (tombstone) => recordRemovedInSql(knex, tombstone),
  }
}

/** Tombstones in the storage, for an SQL store: a restored database meets them where Redis was not restored too. */
export function storageRemovedKeys(storage: Pick<Storage, 'put' | 'getMany'>): RemovedKeys {
  return {
    async dead(kids) {
      const found = await storage.getMany(kids.map((kid) => ({ kind: KIND, id: kid })))
      // Only `remove` writes artifacts of this kind.
      return found.flatMap((stored) => (stored ? [stored.artifact as unknown as Tombstone] : []))
    },
    remove: (tombstone) => storage.put(KIND, tombstone.kid, { ...tombstone }, REMEMBERED_SECONDS),
  }
}

/** `store`, with what any of `removedKeyRecords` remembers as dead left out, and every removal told to all of them. */
export function withRemovedKeys(store: KeyStore, removedKeyRecords: readonly RemovedKeys[]): KeyStore {
  const told = new Set<string>()
  const nameOf = ({ kid, revokedAt }: Tombstone) => `${kid} ${revokedAt ?? ''}`

  async function tell(tombstones: readonly Tombstone[]): Promise<void> {
    for (const tombstone of tombstones.filter((each) => !told.has(nameOf(each)))) {
      await Promise.all(removedKeyRecords.map((removedKeyRecord) => removedKeyRecord.remove(tombstone)))
      told.add(nameOf(tombstone))
    }
  }
  async function remembered(kids: readonly string[]): Promise<Tombstone[]> {
    if (kids.length === 0) return []
    return (await Promise.all(removedKeyRecords.map((removedKeyRecord) => removedKeyRecord.dead(kids)))).flat()
  }

  return {
    ...store,
    async load() {
      const stored = await store.load()
      await tell(stored.tombstones)
      return without(stored, await remembered(stored.records.map((record) => record.kid)))
    },
    async exclusively(work) {
      // RemovedKeyRecords are asked before and told after: they may live in the database whose one connection the lock holds.
      const risen = await remembered((await store.load()).records.map((record) => record.kid))
      const removed: Tombstone[] = []
      const result = await store.exclusively(async (held) => {
        for (const tombstone of risen) await held.remove(tombstone)
        const remove = async (tombstone: Tombstone) => {
          await held.remove(tombstone)
          removed.push(tombstone)
        }
        return work({ ...held, ...without(held, risen), remove })
      })
      await tell(removed)
      return result
    },
  }
}

function without(stored: StoredKeys, dead: readonly Tombstone[]): StoredKeys {
  const { records, tombstones, ignored } = withoutRemoved(stored.records, [...stored.tombstones, ...dead])
  return { records, tombstones, ignored: [...stored.ignored, ...ignored] }
}

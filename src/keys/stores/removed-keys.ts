import type { Knex } from 'knex'
import type { Storage } from '../../storage/storage.ts'
import type { Tombstone } from '../key-record.ts'
import { type KeyStore, type StoredKeys, withoutBuried } from '../key-store.ts'
import { buryInSql, toTombstone } from './sql-tombstones.ts'

/** A second place that remembers removed keys, so that restoring a backup of the first does not bring them back. */
export interface Graveyard {
  /** Those of `kids` that are known to be dead. */
  dead(kids: readonly string[]): Promise<Tombstone[]>
  bury(tombstone: Tombstone): Promise<void>
}

const KIND = 'RemovedKey'
const REMEMBERED_SECONDS = 10 * 365 * 86_400

/** Tombstones as rows, for a file store: a copied-back directory meets them. */
export function sqlGraveyard(knex: Knex): Graveyard {
  return {
    dead: async (kids) => (await knex('key_tombstones').whereIn('kid', kids)).map(toTombstone),
    bury: (tombstone) => buryInSql(knex, tombstone),
  }
}

/** Tombstones in the storage, for an SQL store: a restored database meets them where Redis was not restored too. */
export function storageGraveyard(storage: Pick<Storage, 'put' | 'getMany'>): Graveyard {
  return {
    async dead(kids) {
      const found = await storage.getMany(kids.map((kid) => ({ kind: KIND, id: kid })))
      // Only `bury` writes artifacts of this kind.
      return found.flatMap((stored) => (stored ? [stored.artifact as unknown as Tombstone] : []))
    },
    bury: (tombstone) => storage.put(KIND, tombstone.kid, { ...tombstone }, REMEMBERED_SECONDS),
  }
}

/** `store`, with what any of `graveyards` remembers as dead left out, and every removal told to all of them. */
export function withGraveyards(store: KeyStore, graveyards: readonly Graveyard[]): KeyStore {
  const told = new Set<string>()
  const nameOf = ({ kid, revokedAt }: Tombstone) => `${kid} ${revokedAt ?? ''}`

  async function tell(tombstones: readonly Tombstone[]): Promise<void> {
    for (const tombstone of tombstones.filter((each) => !told.has(nameOf(each)))) {
      await Promise.all(graveyards.map((graveyard) => graveyard.bury(tombstone)))
      told.add(nameOf(tombstone))
    }
  }
  async function remembered(kids: readonly string[]): Promise<Tombstone[]> {
    if (kids.length === 0) return []
    return (await Promise.all(graveyards.map((graveyard) => graveyard.dead(kids)))).flat()
  }

  return {
    ...store,
    async load() {
      const stored = await store.load()
      await tell(stored.tombstones)
      return without(stored, await remembered(stored.records.map((record) => record.kid)))
    },
    async exclusively(work) {
      // Graveyards are asked before and told after: they may live in the database whose one connection the lock holds.
      const risen = await remembered((await store.load()).records.map((record) => record.kid))
      const buried: Tombstone[] = []
      const result = await store.exclusively(async (held) => {
        for (const tombstone of risen) await held.bury(tombstone)
        const bury = async (tombstone: Tombstone) => {
          await held.bury(tombstone)
          buried.push(tombstone)
        }
        return work({ ...held, ...without(held, risen), bury })
      })
      await tell(buried)
      return result
    },
  }
}

function without(stored: StoredKeys, dead: readonly Tombstone[]): StoredKeys {
  const { records, tombstones, ignored } = withoutBuried(stored.records, [...stored.tombstones, ...dead])
  return { records, tombstones, ignored: [...stored.ignored, ...ignored] }
}

import type { Knex } from 'knex'
import { toIndexable } from '../database/storable.ts'

export type ExclusionRows = ReturnType<typeof createExclusionRows>

const TABLE = 'signal_stream_exclusions'
/** Of one stream: a receiver that wants to hear of few people is better served by asking about those. */
const MOST = 100_000

/** Subjects that a stream does not tell of; without any, it tells of all. */
export function createExclusionRows({ knex }: { readonly knex: Knex }) {
  return {
    /** False where the stream has as many as it may have. */
    async add(streamId: string, keys: readonly string[]): Promise<boolean> {
      if (keys.length === 0) return true
      const [count] = await knex(TABLE).where({ stream_id: streamId }).count<{ count: string }[]>('*')
      if (Number(count?.count) + keys.length > MOST) return false
      await knex(TABLE)
        .insert(keys.map((key) => ({ stream_id: streamId, subject_key: toIndexable(key) })))
        .onConflict()
        .ignore()
      return true
    },

    async remove(streamId: string, keys: readonly string[]): Promise<void> {
      await knex(TABLE).where({ stream_id: streamId }).whereIn('subject_key', keys.map(toIndexable)).delete()
    },

    /** Which streams tell nothing of a subject that has these names. */
    async streamsWithout(keys: readonly string[]): Promise<ReadonlySet<string>> {
      const rows: { stream_id: string }[] = await knex(TABLE)
        .whereIn('subject_key', keys.map(toIndexable))
        .distinct('stream_id')
      return new Set(rows.map(({ stream_id }) => stream_id))
    },
  }
}

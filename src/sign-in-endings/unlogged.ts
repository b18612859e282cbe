import type { Storage } from '../storage/storage.ts'
import type { EndingRow } from './ending-rows.ts'

/** Keeps an announcement while the database takes none. */
export type KeepUnlogged = (row: EndingRow) => Promise<void>

const KIND = 'UnloggedEnding'
const KEPT_SECONDS = 30 * 86_400
const AT_ONCE = 100
/** How often what other nodes kept is looked for. */
const LOOK_EVERY_MS = 60_000

/** Announcements in storage, which has no place for them in an order: they wait for the database. */
export function createUnlogged(storage: Pick<Storage, 'put' | 'list' | 'remove'>) {
  let lookAtMs = 0
  return {
    async keep(row: EndingRow): Promise<void> {
      await storage.put(KIND, row.id, { row }, KEPT_SECONDS)
      lookAtMs = 0
    },

    /** Hands them to `write`, a part at a time, and forgets what it took. @returns how many. */
    async handOver(write: (rows: readonly EndingRow[]) => Promise<void>): Promise<number> {
      let handed = 0
      if (Date.now() < lookAtMs) return handed
      for (;;) {
        const { found } = await storage.list(KIND, { limit: AT_ONCE })
        const rows = found.map(({ artifact }) => artifact.row as EndingRow) // as `keep` wrote it
        if (rows.length === 0) break
        await write(rows)
        await Promise.all(rows.map(({ id }) => storage.remove(KIND, id)))
        handed += rows.length
      }
      lookAtMs = Date.now() + LOOK_EVERY_MS
      return handed
    },
  }
}

import type { DatabaseSync } from 'node:sqlite'
import type { CommitWrite } from './group-commit.ts'

const INTERVAL_MS = 10_000
/** Deleted in a few milliseconds, so that no request waits long. */
const BATCH = 200
const TABLES = ['artifacts', 'counters'] as const

/** Deletes all expired rows, a small batch with each commit; new rows take their room. */
export function createFilePruning(file: DatabaseSync, commitWrite: CommitWrite): () => Promise<void> {
  const statements = TABLES.map((table) =>
    file.prepare(
      `delete from ${table} where rowid in (select rowid from ${table} where expires_at <= ? limit ${BATCH})`,
    ),
  )
  return async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const statement of statements) {
      for (let deleted = BATCH; deleted === BATCH; ) {
        deleted = await commitWrite(() => Number(statement.run(now).changes))
      }
    }
  }
}

/** Prunes every few seconds in the background; returns what ends it. */
export function startFilePruning(prune: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let isUnderWay = false
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    await prune().catch(onError)
    isUnderWay = false
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

import type { Knex } from 'knex'

const INTERVAL_MS = 10_000
const BATCH = 500
const TABLES = ['artifacts', 'counters']

/** Prunes expired rows every few seconds in the background; returns what ends it. */
export function startPruning(knex: Knex, onError: (error: unknown) => void): () => void {
  let isUnderWay = false
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    await prune(knex).catch(onError)
    isUnderWay = false
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Deletes all expired rows, a small batch a statement, so that no lock is held for long. Rows that another node is
 * deleting are left to it.
 */
export async function prune(knex: Knex): Promise<void> {
  for (const table of TABLES) {
    while ((await pruneBatch(knex, table)) === BATCH);
  }
}

async function pruneBatch(knex: Knex, table: string): Promise<number> {
  const result: { rowCount?: number | null } = await knex.raw(
    `delete from ${table} where ctid = any (array(
       select ctid from ${table} where expires_at <= floor(extract(epoch from now()))::bigint
       limit ${BATCH} for update skip locked))`,
  )
  return result.rowCount ?? 0
}

import type { Knex } from 'knex'

const INTERVAL_MS = 10_000
const BATCH = 500
const VACUUM_AFTER_ROWS = 1000
const TABLES = ['artifacts', 'counters']

/**
 * Prunes expired rows every few seconds in the background; returns what ends it. A Postgres server gives the room of
 * deleted rows to new ones by itself; the embedded one does not, so `isVacuumed` asks for it.
 */
export function startPruning(
  knex: Knex,
  { isVacuumed, onError }: { readonly isVacuumed: boolean; readonly onError: (error: unknown) => void },
): () => void {
  let isUnderWay = false
  let deleted = 0
  async function tidy(): Promise<void> {
    deleted += await prune(knex)
    if (!isVacuumed || deleted < VACUUM_AFTER_ROWS) return
    for (const table of TABLES) await knex.raw(`vacuum ${table}`)
    deleted = 0
  }
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    await tidy().catch(onError)
    isUnderWay = false
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Deletes all expired rows, a small batch a statement, so that no lock is held for long. Rows that another node is
 * deleting are left to it. Returns how many went.
 */
export async function prune(knex: Knex): Promise<number> {
  let total = 0
  for (const table of TABLES) {
    for (let deleted = BATCH; deleted === BATCH; total += deleted) deleted = await pruneBatch(knex, table)
  }
  return total
}

async function pruneBatch(knex: Knex, table: string): Promise<number> {
  const result: { rowCount?: number | null } = await knex.raw(
    `delete from ${table} where ctid = any (array(
       select ctid from ${table} where expires_at <= floor(extract(epoch from now()))::bigint
       limit ${BATCH} for update skip locked))`,
  )
  return result.rowCount ?? 0
}

import type { Knex } from 'knex'

const INTERVAL_MS = 10_000
const BATCH = 500

/** A table whose rows expire: it has a column `expires_at`, of epoch seconds, with an index. */
export type PrunedTable = {
  readonly name: string
  /** For how long a row is kept after it expired; not at all unless given. */
  readonly keptSeconds?: number
}

/** Prunes expired rows every few seconds in the background; returns what ends it. */
export function startPruning(
  knex: Knex,
  tables: readonly PrunedTable[],
  onError: (error: unknown) => void,
): () => void {
  let isUnderWay = false
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    await prune(knex, tables).catch(onError)
    isUnderWay = false
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Deletes all expired rows, a small batch a statement, so that no lock is held for long. Rows that another node is
 * deleting are left to it. Returns how many went.
 */
export async function prune(knex: Knex, tables: readonly PrunedTable[]): Promise<number> {
  let total = 0
  for (const table of tables) {
    for (let deleted = BATCH; deleted === BATCH; total += deleted) deleted = await pruneBatch(knex, table)
  }
  return total
}

async function pruneBatch(knex: Knex, { name, keptSeconds = 0 }: PrunedTable): Promise<number> {
  const result: { rowCount?: number | null } = await knex.raw(
    `delete from ${name} where ctid = any (array(
       select ctid from ${name} where expires_at <= floor(extract(epoch from now()))::bigint - ?::bigint
       limit ${BATCH} for update skip locked))`,
    [keptSeconds],
  )
  return result.rowCount ?? 0
}

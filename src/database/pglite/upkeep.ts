import type { Knex } from 'knex'
import { openRounds, type Rounds } from '../../rounds.ts'

const LOOK_EVERY_MS = 5000

/** As a Postgres server by its defaults: a share of the table, and so many rows that a small one is left alone. */
const TO_VACUUM = 'n_dead_tup > 1000 + 0.2 * n_live_tup'
const TO_ANALYZE = 'n_mod_since_analyze > 500 + 0.1 * n_live_tup'

type Table = { readonly name: string; readonly hasDeadRows: boolean }

/**
 * What a Postgres server does by itself in processes that the embedded one does not have: it gives the room of deleted rows to new
 * ones, and counts what is in a table so that queries are planned for it. Without, a statement that found one row by its index reads a
 * hundred thousand by another. Requests wait meanwhile, a tenth of a second for a hundred thousand rows; what fails is tried again.
 */
export function openUpkeep(knex: Knex): Rounds {
  return openRounds({
    run: (isClosing) => keepUp(knex, isClosing).catch(() => {}),
    nextMs: (isWoken) => (isWoken ? 0 : LOOK_EVERY_MS),
  })
}

async function keepUp(knex: Knex, isClosing: () => boolean): Promise<void> {
  const { rows } = await knex.raw<{ rows: Table[] }>(
    `select relname as name, ${TO_VACUUM} as "hasDeadRows" from pg_stat_user_tables
     where ${TO_VACUUM} or ${TO_ANALYZE} order by relname`,
  )
  for (const { name, hasDeadRows } of rows) {
    if (isClosing()) return
    await knex.raw(hasDeadRows ? 'vacuum (analyze) ??' : 'analyze ??', [name])
  }
}

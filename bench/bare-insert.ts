import type { Knex } from 'knex'
import { openPostgres } from '../src/database/postgres.ts'

/** Every table an import writes to. */
const TABLES = ['customers', 'companies', 'company_users', 'company_roles', 'company_user_roles', 'permissions']
const ROWS_A_STATEMENT = 1000

/**
 * Seconds that Postgres and its client take for the rows of the database at `url` when they are only inserted: into
 * empty twins of the tables with the same indexes, without foreign keys, a thousand rows a statement and nothing checked.
 */
export async function timeBareInsert(url: string): Promise<number> {
  const { knex, close } = await openPostgres(url)
  try {
    await knex.raw('create schema bare')
    let milliseconds = 0
    for (const table of TABLES) milliseconds += await copyTable(knex, table)
    return milliseconds / 1000
  } finally {
    await close()
  }
}

async function copyTable(knex: Knex, table: string): Promise<number> {
  await knex.raw(`create table bare.${table} (like public.${table} including all)`)
  const columns = Object.keys(await knex(table).columnInfo())
  const { rows } = await knex.raw<{ rows: Record<string, string | null>[] }>(
    `select ${columns.map((column) => `${column}::text`).join(', ')} from public.${table}`,
  )
  const startedMs = performance.now()
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    const some = rows.slice(at, at + ROWS_A_STATEMENT)
    const places = `(${columns.map(() => '?').join(', ')})`
    await knex.raw(
      `insert into bare.${table} (${columns.join(', ')}) values ${some.map(() => places).join(', ')}`,
      some.flatMap((row) => columns.map((column) => row[column] ?? null)),
    )
  }
  return performance.now() - startedMs
}

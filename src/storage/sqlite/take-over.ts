import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Knex } from 'knex'

type Table = {
  readonly name: 'artifacts' | 'counters'
  readonly key: string[]
  readonly columns: string[]
}
type Row = Readonly<Record<string, unknown>>

const BATCH = 1000
const TABLES: readonly Table[] = [
  {
    name: 'artifacts',
    key: ['kind', 'id'],
    columns: 'kind id artifact version consumed_at expires_at uid user_code receipt receipt_expires_at'.split(' '),
  },
  { name: 'counters', key: ['key'], columns: ['key', 'count', 'expires_at'] },
]

/**
 * Takes over what an earlier release kept in the embedded database: sign-ins, what was revoked, lockouts. The rows are
 * on the disk in their new place before they go from the old one, so a start that was cut off is simply repeated. Where
 * both have a row, the database's is the newer: this release never writes there.
 */
export async function takeOverRows(knex: Knex, file: DatabaseSync): Promise<void> {
  const full = await filledTables(knex)
  if (full.length === 0) return
  file.exec('pragma synchronous = full; begin immediate')
  try {
    for (const table of full) await copy(knex, file, table)
    file.exec('commit')
  } catch (error) {
    file.exec('rollback')
    throw error
  } finally {
    file.exec('pragma synchronous = normal')
  }
  await knex.raw(`truncate ${full.map(({ name }) => name).join(', ')}`)
}

async function filledTables(knex: Knex): Promise<Table[]> {
  const filled = TABLES.map(({ name }) => `exists (select from ${name}) as ${name}`)
  const { rows } = await knex.raw<{ rows: Record<Table['name'], boolean>[] }>(`select ${filled.join(', ')}`)
  return TABLES.filter(({ name }) => rows[0]?.[name])
}

async function copy(knex: Knex, file: DatabaseSync, { name, key, columns }: Table): Promise<void> {
  const insert = file.prepare(
    `insert or replace into ${name} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  )
  const isBehind = `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`
  for (let last: Row | undefined, size = BATCH; size === BATCH; ) {
    const query = knex<Row>(name).select(columns).orderBy(key).limit(BATCH)
    const place = key.map((column) => String(last?.[column]))
    const rows: Row[] = await (last ? query.whereRaw(isBehind, place) : query)
    for (const row of rows) insert.run(...columns.map((column) => toValue(row[column])))
    last = rows.at(-1)
    size = rows.length
  }
}

/** Postgres gives JSON as an object and a `bigint` as text; SQLite makes a number of the text, by the column's type. */
function toValue(value: unknown): SQLInputValue {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return value as SQLInputValue // the columns hold JSON, texts and numbers
}

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'

const ROWS = 20_000

describe('the embedded database', () => {
  let database: Database
  beforeAll(async () => {
    const directory = temporaryDirectory('upkeep')
    await copyTemplate('migrated', directory)
    database = await openDatabase({ DATA_DIR: join(directory, 'data') })
  })
  afterAll(() => database?.close())

  test('counts what is in a table by itself, so that a token is found by its index among many', async () => {
    await database.knex.raw(
      `insert into token_records (expires_at, issued_at_ms, kind, token_id, client_id)
       select n, n, 'access-token', 'token ' || n, 'app' from generate_series(1, ${ROWS}) n`,
    )
    await waitFor(async () => ((await statsOf(database, 'token_records')).analyzed ? true : undefined), {
      what: 'its statistics',
    })
    const { rows } = await database.knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(
      `explain select max(expires_at) from token_records where token_id = 'token 7'`,
    )
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('token_records_by_token')
  })

  test('gives the room of deleted rows of any table to new ones by itself', async () => {
    await database.knex.raw(`delete from token_records where expires_at <= ${ROWS / 2}`)
    await waitFor(async () => ((await statsOf(database, 'token_records')).vacuumed ? true : undefined), {
      what: 'a vacuum',
    })
  })
})

async function statsOf({ knex }: Database, table: string): Promise<{ analyzed: boolean; vacuumed: boolean }> {
  const { rows } = await knex.raw<{ rows: { analyzed: boolean; vacuumed: boolean }[] }>(
    `select last_analyze is not null as analyzed, last_vacuum is not null as vacuumed
     from pg_stat_user_tables where relname = ?`,
    [table],
  )
  return rows[0] ?? { analyzed: false, vacuumed: false }
}

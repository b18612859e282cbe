import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { prepared } from '../../src/database/prepared.ts'
import { describeOn } from '../support/describe-on.ts'
import { createDatabase } from '../support/shared.ts'

const SQL = 'select name, count from fruit where name = ?'

describeOn('postgres', 'a statement that is planned once', () => {
  let database: Database
  beforeEach(async () => {
    database = await openDatabase({ DATABASE_URL: await createDatabase(), DATA_DIR: '' })
    await database.knex.raw(`create table fruit (name text, count integer); insert into fruit values ('apple', 1)`)
  })
  afterEach(() => database.close())

  const ask = async (knex = database.knex, name = 'apple') =>
    (await prepared<{ rows: object[] }>(knex, SQL, [name])).rows
  const plans = async () =>
    (await database.knex.raw('select count(*)::integer as count from pg_prepared_statements')).rows[0].count

  test('has one plan on a connection, whatever is bound', async () => {
    expect(await Promise.all([await ask(), await ask(undefined, 'pear')])).toEqual([[{ name: 'apple', count: 1 }], []])
    expect(await plans()).toBe(1)
  })

  const LOSSES: Readonly<Record<string, string>> = {
    'a migration changed what it answers':
      'alter table fruit alter column count type text using count::text || $$ pieces$$',
    'the server has forgotten it': 'deallocate all',
  }

  test.each(Object.entries(LOSSES))('is answered when %s', async (_loss, sql) => {
    for (let times = 0; times < 2; times++) await ask()
    await database.knex.raw(sql)
    expect(await ask()).toMatchObject([{ name: 'apple' }])
    expect(await ask()).toMatchObject([{ name: 'apple' }])
    expect(await plans()).toBe(1)
  })

  test('is answered when the server has a plan of that name for another client of a pooler', async () => {
    await ask()
    const { rows } = await database.knex.raw('select name from pg_prepared_statements')
    const other = await openDatabase({ DATABASE_URL: await urlOf(database), DATA_DIR: '' })
    try {
      await other.knex.raw(`prepare "${rows[0].name}" as select 1`)
      expect(await ask(other.knex)).toEqual([{ name: 'apple', count: 1 }])
    } finally {
      await other.close()
    }
  })

  test('with a mistake of its own is refused as any other', async () => {
    await expect(prepared(database.knex, 'select ?::integer / 0', [1])).rejects.toThrow('division by zero')
    await expect(prepared(database.knex, 'select ? from nowhere', [1])).rejects.toThrow('does not exist')
  })
})

async function urlOf({ knex }: Database): Promise<string> {
  return String(knex.client.config.connection.connectionString)
}

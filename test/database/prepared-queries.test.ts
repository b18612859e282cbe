import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'

/** More than are kept prepared. */
const MANY = 130
/** The first time a text is asked as it is, the second time it is prepared, the third time it is prepared already. */
const TIMES = [1, 2, 3]

let database: Database
beforeAll(async () => {
  database = await openDatabase({ DATA_DIR: await copyTemplate('migrated') })
  await database.knex.raw(`
    create table kinds (id integer primary key, text text, flag boolean, at timestamptz, list text[], json json, big bigint);
    create table others (id integer primary key);
  `)
})
afterAll(() => database?.close())

test.each([
  { type: 'text', value: 'ünï – "quoted" \n', read: 'ünï – "quoted" \n' },
  { type: 'integer', value: 7, read: 7 },
  { type: 'bigint', value: '9007199254740993', read: 9007199254740993n },
  { type: 'double precision', value: 1.5, read: 1.5 },
  { type: 'boolean', value: false, read: false },
  { type: 'timestamptz', value: new Date(1_700_000_000_123), read: new Date(1_700_000_000_123) },
  { type: 'text[]', value: ['a', 'b"c', null], read: ['a', 'b"c', null] },
  { type: 'json', value: JSON.stringify({ a: [1, null] }), read: { a: [1, null] } },
  { type: 'bytea', value: Buffer.from([0, 255]), read: new Uint8Array([0, 255]) },
  { type: 'text', value: null, read: null },
])('a $type comes back the same, however often its statement was asked', async ({ type, value, read }) => {
  for (const _ of TIMES) {
    const { rows } = await database.knex.raw<{ rows: unknown[] }>(`select ?::${type} as value`, [value as string])
    expect(rows).toEqual([{ value: read }])
  }
})

test('changes are counted, and what they return is read', async () => {
  for (const id of TIMES) {
    const [row] = await database.knex('kinds').insert({ id, flag: true }).returning(['id', 'flag'])
    expect(row).toEqual({ id, flag: true })
    expect(await database.knex('kinds').where({ id }).update({ text: 'changed' })).toBe(1)
    expect(await database.knex('kinds').where({ id: 999 }).update({ text: 'changed' })).toBe(0)
  }
  expect(await database.knex('kinds').where('id', '>', 1).delete()).toBe(2)
})

test('a refusal says the same every time, and the next question is answered', async () => {
  const { knex } = database
  await knex('others').insert({ id: 1 })
  for (const _ of TIMES) {
    await expect(knex('others').insert({ id: 1 })).rejects.toMatchObject({ code: '23505', constraint: 'others_pkey' })
    await expect(knex.raw('select ?::integer / 0 as n', [1])).rejects.toMatchObject({ code: '22012' })
    await expect(knex.raw('select nothing')).rejects.toMatchObject({ code: '42703' })
    expect(await knex('others').where({ id: 1 }).first()).toEqual({ id: 1 })
  }
})

test('what a transaction did is kept or undone as a whole', async () => {
  const { knex } = database
  for (const id of [10, 20, 30]) {
    const refused = knex.transaction(async (transaction) => {
      await transaction('others').insert({ id })
      await transaction('others').insert({ id })
    })
    await expect(refused).rejects.toMatchObject({ code: '23505' })
    await knex.transaction(async (transaction) => {
      await transaction('others').insert({ id })
      await transaction.transaction((inner) => inner('others').insert({ id: id + 1 }))
    })
    expect(
      await knex('others')
        .whereBetween('id', [id, id + 9])
        .orderBy('id'),
    ).toEqual([{ id }, { id: id + 1 }])
  }
})

test('a table that is changed is read with its new columns', async () => {
  const { knex } = database
  const read = () => knex('others').where({ id: 1 }).first()
  for (const _ of TIMES) await read()
  await knex.raw('alter table others add column more integer default 5')
  for (const _ of TIMES) expect(await read()).toEqual({ id: 1, more: 5 })
  await knex.raw('alter table others add column third integer; alter table others drop column more;')
  for (const _ of TIMES) expect(await read()).toEqual({ id: 1, third: null })
})

test('more texts than are kept prepared, and lists of every length, are answered', async () => {
  const { knex } = database
  for (const _ of TIMES) {
    for (let text = 0; text < MANY; text++) {
      expect((await knex.raw(`select ${text}::integer as n`)).rows).toEqual([{ n: text }])
    }
  }
  const ids = Array.from({ length: 60 }, (_, id) => 1000 + id)
  await knex('others').insert(ids.map((id) => ({ id })))
  for (const _ of TIMES) {
    for (const length of [1, 49, 50, 51, 60]) {
      expect(await knex('others').whereIn('id', ids.slice(0, length))).toHaveLength(length)
    }
  }
})

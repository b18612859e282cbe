import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAppend } from '../../src/audit/append-entries.ts'
import { verifyTrail } from '../../src/audit/verify.ts'
import type { Database } from '../../src/database/database.ts'
import { openTestDatabase } from '../support/test-database.ts'

let database: Database
let statements: string[]
beforeAll(async () => {
  database = await openTestDatabase()
  database.knex.on('query', ({ sql }: { sql: string }) => statements.push(sql))
})
afterAll(() => database.close())
beforeEach(() => {
  statements = []
})

function openNode(name = 'A') {
  const append = createAppend(database.knex)
  return (events: number) =>
    append(
      Array.from({ length: events }, (_, n) => ({
        at: new Date().toISOString(),
        event: { type: 'logout' as const, customerId: `node ${name}`, reason: String(n) },
      })),
    )
}

const problem = async () => (await verifyTrail(database.knex)).problem

test('a node that is alone writes a batch in one trip, however large it is', async () => {
  const write = openNode()
  await write(1)
  for (const size of [1, 1000]) {
    statements = []
    expect(await write(size)).toHaveLength(size)
    expect(statements).toHaveLength(1)
  }
  expect(await problem()).toBeUndefined()
})

/** Who writes, in turn: a letter is a node. */
const TURNS = ['AAB', 'AABA', 'AABAB', 'ABABAABB', 'AABBAABB', 'AAABCABCCCA']

test.each(TURNS)(
  'nodes that write in the order %s make one chain, and no entry is lost or there twice',
  async (turns) => {
    const all = new Map(['A', 'B', 'C'].map((name) => [name, openNode(name)]))
    const before = Number((await database.knex('audit_head').first()).seq)
    const places: number[] = []
    for (const letter of turns) places.push(...((await all.get(letter)?.(2)) ?? []).map(({ seq }) => seq))
    expect(places).toEqual(Array.from({ length: turns.length * 2 }, (_, index) => before + 1 + index))
    expect(await database.knex('audit_entries').where('seq', '>', before)).toHaveLength(turns.length * 2)
    expect(await problem()).toBeUndefined()
  },
)

test('a batch that failed is written in its turn, behind what came meanwhile', async () => {
  const [first, second] = [openNode('A'), openNode('B')]
  await first(1)
  await database.knex.raw('alter table audit_entries rename column reason to other')
  await expect(first(2)).rejects.toThrow('reason')
  await database.knex.raw('alter table audit_entries rename column other to reason')
  const [{ seq } = { seq: 0 }] = await second(1)
  expect((await first(2)).map((entry) => entry.seq)).toEqual([seq + 1, seq + 2])
  expect(await problem()).toBeUndefined()
})

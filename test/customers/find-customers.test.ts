import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { createFindCustomers, MOST_FOUND, searchFor } from '../../src/customers/self-service/find-customers.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const find = (text: string, page = { offset: 0, limit: 10 }) =>
  createFindCustomers({ knex: database.knex })({ text, ...page })

async function add(...people: readonly (readonly [string, string?, string?])[]): Promise<void> {
  await database.knex('customers').insert(
    people.map(([email, givenName, status = 'active']) => ({
      id: randomUUID(),
      customer_reference: `ref ${email}`,
      email,
      email_normalized: email,
      given_name: givenName ?? null,
      status,
    })),
  )
}

test.each(['ada', 'Ångström', 'zoë@münchen.example', 'a_b%', 'ref ada'])(
  'a search for %s reads indexes, and never the whole table',
  async (text) => {
    await add(['ada@example.com', 'Ada'])
    const plan = await database.knex.transaction(async (transaction) => {
      await transaction.raw('set local enable_seqscan = off')
      const { sql, bindings } = searchFor(text)
      const { rows } = await transaction.raw<{ rows: Record<string, string>[] }>(`explain ${sql}`, [...bindings])
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    })
    expect(plan).not.toContain('Seq Scan')
    // An index that is read from end to end has no condition.
    expect(plan.match(/Index Cond/g)?.length ?? 0).toBeGreaterThanOrEqual(4)
  },
)

test('an address is found by either form of its domain', async () => {
  await add(['zoe@xn--mnchen-3ya.example'], ['old@münchen.example'])
  const emails = async (text: string) => (await find(text)).customers.map(({ email }) => email)
  expect(await emails('zoe@münchen.example')).toEqual(['zoe@xn--mnchen-3ya.example'])
  expect(await emails('old@münchen.example')).toEqual(['old@münchen.example'])
})

test('pages do not overlap, a page has a hundred at most, and more than a thousand are not counted', async () => {
  await add(...Array.from({ length: MOST_FOUND + 5 }, (_, index) => [`many${index}@example.com`] as const))
  const first = await find('many', { offset: 0, limit: 500 })
  expect([first.customers.length, first.total]).toEqual([100, MOST_FOUND])
  const second = await find('many', { offset: 100, limit: 100 })
  const ids = new Set([...first.customers, ...second.customers].map(({ id }) => id))
  expect(ids.size).toBe(200)
  expect(await find('many', { offset: MOST_FOUND, limit: 10 })).toEqual({ customers: [], total: MOST_FOUND })
  expect((await find('')).total).toBe(MOST_FOUND)
})

test('who was erased is not found, by nothing', async () => {
  await add(['gone@example.com', 'Gone', 'anonymised'])
  for (const text of ['gone', 'Gone', 'ref gone@example.com', '']) expect((await find(text)).total).toBe(0)
})

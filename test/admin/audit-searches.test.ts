import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuditFilter, findEntries } from '../../src/audit/audit-rows.ts'
import type { Database } from '../../src/database/database.ts'
import { openTestDatabase } from '../support/test-database.ts'

const ENTRIES = 20_000
const MIDDLE = ENTRIES / 2

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
  await database.knex.raw(
    `insert into audit_entries (seq, at, type, actor, customer_id, client_id, grant_id, ip, request_id, sign_in, reason, hash)
     select n, now(), 'token.issued', 'actor-' || n, 'customer-' || n, 'frontend', 'grant-' || n, 'ip-' || n,
       'request-' || n, 'sign-in-' || n, 'password', 'hash'
     from generate_series(1, ?::integer) n`,
    [ENTRIES],
  )
  await database.knex.raw('analyze audit_entries')
})
afterAll(() => database?.close())

type Plan = {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}

/** What the database does for a search, as the trail asks it. */
async function plansOf(filter: AuditFilter): Promise<Plan[]> {
  const { knex } = database
  const asked: { sql: string; bindings: unknown[] }[] = []
  const note = (query: { sql: string; bindings: unknown[] }) => void asked.push(query)
  knex.on('query', note)
  try {
    expect(await findEntries(knex, filter)).toHaveLength(1)
  } finally {
    knex.off('query', note)
  }
  const [query] = asked
  if (!query) throw new Error('no query was sent')
  const { sql, bindings } = query
  // The driver is handed the numbered places that it wants; knex takes question marks.
  const text = `explain (analyze, format json) ${sql.replaceAll(/\$\d+/g, '?')}`
  const { rows } = await knex.raw<{ rows: { 'QUERY PLAN': { Plan: Plan }[] }[] }>(text, bindings as string[])
  return flatten(rows[0]?.['QUERY PLAN'][0]?.Plan)
}

function flatten(plan: Plan | undefined): Plan[] {
  return plan ? [plan, ...(plan.Plans ?? []).flatMap(flatten)] : []
}

const SEARCHES: readonly (readonly [string, AuditFilter])[] = [
  ['customer', { customerId: `customer-${MIDDLE}` }],
  ['actor', { actor: `actor-${MIDDLE}` }],
  ['address', { ip: `ip-${MIDDLE}` }],
  ['request', { requestId: `request-${MIDDLE}` }],
  ['sign-in', { signIn: `sign-in-${MIDDLE}` }],
  ['customer and type', { customerId: `customer-${MIDDLE}`, types: ['token.issued'] }],
]

test.each(SEARCHES)('a search by %s reads what it finds, and not the trail', async (_name, filter) => {
  const plans = await plansOf(filter)
  expect(plans.map((plan) => plan['Node Type'])).not.toContain('Seq Scan')
  expect(plans.map((plan) => plan['Rows Removed by Filter'] ?? 0)).toEqual(plans.map(() => 0))
})

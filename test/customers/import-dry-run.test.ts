import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { importCustomers } from '../../src/customers/import/import.ts'
import type { LineProblem } from '../../src/customers/import/import-runs.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const passwords = createPasswords()
const TABLES = 'customers, companies, customer_imports'

type Line = Record<string, unknown>
const uuid = (digit: string, index: number) => `${digit.repeat(8)}-0000-4000-8000-00000000000${index}`
const person = (name: string, rest: Line = {}): Line => ({
  customerReference: name,
  email: `${name}@example.com`,
  ...rest,
})
const member = (id: number, rest: Line = {}, company: Line = {}): Line => ({
  companyUsers: [{ id: uuid('b', id), company: { id: uuid('c', 1), name: 'Company', ...company }, ...rest }],
})
const fill = (count: number) => Array.from({ length: count }, (_, index) => person(`fill${index}`))

/** What a line before, in another batch, does to a later one: with what was stored, the lines, and how many the later one refuses. */
const ACROSS: [what: string, before: Line[], first: Line, later: Line, refused: number][] = [
  [
    'an address that was given up is free',
    [person('a')],
    person('a', { email: 'new@example.com' }),
    person('b', { email: 'a@example.com' }),
    0,
  ],
  ['an address that was kept is not', [person('a')], person('a'), person('b', { email: 'a@example.com' }), 1],
  [
    'a number that was given up is free',
    [person('a', { idCustomer: 500 })],
    person('a', { idCustomer: 501 }),
    person('b', { idCustomer: 500 }),
    0,
  ],
  [
    'a number that was kept is not',
    [person('a', { idCustomer: 500 })],
    person('a'),
    person('b', { idCustomer: 500 }),
    1,
  ],
  ['a number that the import gave is taken', [], person('a'), person('b', { idCustomer: 1 }), 1],
  [
    'a company user who was given up is free',
    [person('a', member(1))],
    person('a', { companyUsers: [] }),
    person('b', member(1)),
    0,
  ],
  ['a company user who was kept is not', [person('a', member(1))], person('a'), person('b', member(1)), 1],
  ['a company user who is new is taken', [], person('a', member(1)), person('b', member(1)), 1],
  [
    'a role belongs to the company that named it first',
    [],
    person('a', member(1, { roles: [{ id: uuid('d', 1), name: 'Buyer' }] })),
    person('b', member(2, { roles: [{ id: uuid('d', 1), name: 'Buyer' }] }, { id: uuid('c', 2) })),
    1,
  ],
  [
    'a company that was renamed is not renamed again',
    [person('a', member(1)), person('b', member(2))],
    person('a', member(1, {}, { name: 'New' })),
    person('b', member(2, {}, { name: 'New' })),
    0,
  ],
  [
    'a company that was renamed is renamed back',
    [person('a', member(1)), person('b', member(2))],
    person('a', member(1, {}, { name: 'New' })),
    person('b', member(2)),
    0,
  ],
  [
    'a role that changed is changed back',
    [
      person('a', member(1, { roles: [{ id: uuid('d', 1), name: 'Old' }] })),
      person('b', member(2, { roles: [{ id: uuid('d', 1), name: 'Old' }] })),
    ],
    person('a', member(1, { roles: [{ id: uuid('d', 1), name: 'New' }] })),
    person('b', member(2, { roles: [{ id: uuid('d', 1), name: 'Old' }] })),
    0,
  ],
]

/** So few names that lines meet: in the file, and in the database. */
const oneOf = (count: number, make: (index: number) => unknown) => fc.integer({ min: 1, max: count }).map(make)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const role = fc.record({
  id: maybe(oneOf(3, (index) => uuid('d', index))),
  name: oneOf(2, (index) => `role ${index}`),
  permissions: fc.uniqueArray(
    fc.record({
      key: oneOf(2, (index) => `key ${index}`) as fc.Arbitrary<string>,
      idPermission: maybe(oneOf(2, Number)),
      configuration: maybe(fc.constantFrom({ ids: [1] }, [], { ids: { '0': 1, '2': 3 } })),
    }),
    { maxLength: 2, selector: ({ key }) => key },
  ),
})
const companyUser = fc.record({
  id: oneOf(5, (index) => uuid('b', index)),
  company: oneOf(2, Number).chain((index) =>
    fc.record({
      id: fc.constant(uuid('c', Number(index))),
      name: oneOf(2, (name) => `company ${name}`),
      status: maybe(fc.constantFrom('approved', 'blocked')),
    }),
  ),
  businessUnit: maybe(
    fc.record({ id: oneOf(3, (index) => uuid('e', index)), name: oneOf(2, (name) => `unit ${name}`) }),
  ),
  isDefault: fc.boolean(),
  roles: fc.array(role, { maxLength: 2 }),
})
const line = fc.record({
  customerReference: oneOf(9, (index) => `R${index}`),
  email: oneOf(9, (index) => `e${index}@example.com`),
  id: maybe(oneOf(9, (index) => uuid('a', index))),
  idCustomer: maybe(oneOf(9, Number)),
  givenName: maybe(oneOf(2, (index) => `name ${index}`)),
  emailVerified: maybe(fc.boolean()),
  status: maybe(fc.constantFrom('active', 'blocked', 'odd')),
  password: maybe(
    fc.constantFrom(
      { scheme: 'magento', hash: '67a1e09bb1f83f5007dc119c14d663aa:salt:0' },
      { scheme: 'magento', hash: '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1' },
      { scheme: 'magento', hash: 'hunter2' },
    ),
  ),
  companyUsers: maybe(fc.array(companyUser, { maxLength: 2 })),
})
const file = fc.uniqueArray(line, {
  maxLength: 12,
  selector: ({ customerReference, email }) => (customerReference === 'R1' ? email : customerReference),
})

describe.each([
  { database: 'embedded', isEmbedded: true },
  { database: 'of the run', isEmbedded: undefined },
])('a dry run, on the database $database', ({ isEmbedded }) => {
  let made: TestDatabase
  let database: Database
  beforeAll(async () => {
    made = await createTestDatabase('migrated', { isEmbedded })
    database = await openDatabase(made.settings)
  })
  afterAll(async () => {
    await database?.close()
    await made?.remove()
  })

  async function run(lines: readonly object[], dryRun: boolean) {
    const problems: LineProblem[] = []
    const source = Readable.from([lines.map((each) => JSON.stringify(each)).join('\n')])
    const { elapsedSeconds: _, ...report } = await importCustomers({ knex: database.knex, passwords }, source, {
      name: 'customers.ndjson',
      batchSize: 3,
      dryRun,
      onProblem: (problem) => problems.push(problem),
    })
    return { report, problems }
  }

  test.each(ACROSS)('knows what lines before did: %s', async (_, before, first, later, refused) => {
    await database.knex.raw(`truncate ${TABLES} restart identity cascade`)
    await run(before, false)
    const lines = [first, ...fill(4), later]
    const tried = await run(lines, true)
    expect(tried.report.refused).toBe(refused)
    expect(await run(lines, false)).toEqual(tried)
  })

  test('reports what the import then does, line by line, and stores nothing', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(file, file, async (before, lines) => {
        await database.knex.raw(`truncate ${TABLES} restart identity cascade`)
        await run(before, false)
        const rows = await everything(database)
        const tried = await run(lines, true)
        expect(await everything(database)).toEqual(rows)
        expect(await run(lines, false)).toEqual(tried)
      }),
      { numRuns: isEmbedded ? 20 : 60 },
    )
  })
})

async function everything({ knex }: Database): Promise<unknown> {
  const tables = ['customers', 'company_users', 'company_user_roles', 'companies', 'company_roles', 'permissions']
  const rows = await Promise.all(tables.map((table) => knex(table).orderByRaw('1, 2')))
  const { rows: sequence } = await knex.raw('select last_value, is_called from customers_id_customer_seq')
  return [...rows, await knex('customer_imports').orderBy('id'), sequence]
}

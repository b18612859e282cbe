import { beforeEach, describe, expect, test } from 'vitest'
import { createAdministratorDirectory } from '../../src/administrators/directory.ts'
import { createAgentDirectory } from '../../src/agents/directory.ts'
import { isEmailAddress, MAX_EMAIL_LENGTH, normalizeEmail, storedForms } from '../../src/credentials/email.ts'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers } from '../../src/customers/import/write-customers.ts'
import { createCustomerRecords } from '../../src/customers/records/customer-records.ts'
import { createRegistrationRows } from '../../src/customers/recovery/registration-rows.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import { revisionOf } from '../../src/database/revision.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { useDatabase } from '../customers/database.ts'

const UNICODE = 'kunde@müller.example'
const ASCII = 'kunde@xn--mller-kva.example'
const FORMS = [UNICODE, ASCII, ` Kunde@MÜLLER.example `, UNICODE.normalize('NFD'), 'KUNDE@XN--MLLER-KVA.EXAMPLE']
const PASSWORD = { scheme: 'argon2id', hash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$x' }

const database = useDatabase()
const directory = () => createSqlDirectory(database)
const agents = () => createAgentDirectory(database)
const administrators = () => createAdministratorDirectory(database)
const store = (email: string, customerReference = 'DE--1') =>
  upsertCustomers(database.knex, [importRecord.parse({ email, customerReference })])

beforeEach(async () => {
  await database.knex.raw('truncate administrators cascade')
})

describe('the form that addresses are compared in', () => {
  test.each(FORMS)('%s is the same address as its domain in ASCII', (form) => {
    expect(normalizeEmail(form)).toBe(ASCII)
  })

  test.each([
    ['ron@example.com', 'Ron@Example.COM'],
    ['kunde@xn--e1afmkfd.xn--p1ai', 'kunde@пример.рф'],
    ['kunde@xn--strae-oqa.example', 'kunde@straße.example'],
    ['ron@123', 'ron@123'],
    ['ron@ex%41mple.com', 'ron@ex%41mple.com'],
    ['no address', 'No Address'],
    ['a@b@xn--mller-kva.example', 'a@b@müller.example'],
  ])('%s is the form of %s', (form, given) => {
    expect(normalizeEmail(given)).toBe(form)
  })

  test('two texts that are too long for an address are no address, and not each other', () => {
    const long = `${'a'.repeat(MAX_EMAIL_LENGTH)}@example.com`
    expect(normalizeEmail(long)).toMatch(/^[0-9a-f]{64}$/)
    expect(normalizeEmail(long)).toBe(normalizeEmail(` ${long}`))
    expect(normalizeEmail(long)).not.toBe(normalizeEmail(`${long}.de`))
  })

  test('an address with an ordinary domain is looked up in one form only', () => {
    expect(storedForms('Ron@Example.com')).toEqual(['ron@example.com'])
    expect(storedForms(UNICODE)).toEqual([UNICODE, ASCII])
    expect(storedForms(ASCII)).toEqual([ASCII, UNICODE])
  })
})

describe('an address that an account can have', () => {
  test.each([UNICODE, ASCII, 'a@b.de', "o'brien+shop@mail.example.com", 'kunde@пример.рф'])('%s is one', (address) => {
    expect(isEmailAddress(address)).toBe(true)
  })

  test.each([
    '',
    'a',
    'a@b',
    '@b.de',
    'a@',
    'a@.de',
    'a@b..de',
    '.a@b.de',
    'a..b@c.de',
    'a b@c.de',
    'a@b.de ',
    'a@b.de\n',
    'a@b@c.de',
    'a@b.d',
    'a@ü..de',
    'a@b.de\0',
    '<a@b.de>',
    `${'a'.repeat(MAX_EMAIL_LENGTH)}@b.de`,
  ])('%j is none', (text) => {
    expect(isEmailAddress(text)).toBe(false)
  })
})

/** Each kind of people: how one is made, how a row of an earlier release is, and how one is found. */
const KINDS = [
  {
    kind: 'customers, by import',
    table: 'customers',
    create: async (email: string, name: string) => (await store(email, name))[0]?.outcome === 'created',
    find: async (email: string) => (await directory().findByLogin(email))?.customer,
  },
  {
    kind: 'customers, by registration',
    table: 'customers',
    create: async (email: string) => {
      const names = { givenName: 'Kim', familyName: 'Lee' }
      return (await createRegistrationRows(database).add({ email, ...names, password: PASSWORD })) !== undefined
    },
    find: async (email: string) => (await directory().findByLogin(email))?.customer,
  },
  {
    kind: 'agents',
    table: 'agents',
    create: async (email: string) => (await agents().create({ email, password: PASSWORD })).outcome === 'created',
    find: async (email: string) => (await agents().findByLogin(email))?.person,
  },
  {
    kind: 'administrators',
    table: 'administrators',
    create: async (email: string) =>
      (await administrators().create({ email, role: 'viewer', password: PASSWORD })) !== undefined,
    find: async (email: string) => (await administrators().findByLogin(email))?.person,
  },
]

describe.each(KINDS)('an internationalised domain: $kind', ({ table, create, find }) => {
  test('are found by either form, and shown in the one that was given', async () => {
    expect(await create(UNICODE, 'first')).toBe(true)
    for (const form of FORMS) expect((await find(form))?.email).toBe(UNICODE)
    expect(await database.knex(table).first('email_normalized')).toEqual({ email_normalized: ASCII })
  })

  test('who were stored by an earlier release are found by either form, and nobody takes their address', async () => {
    expect(await create(UNICODE, 'first')).toBe(true)
    await database.knex(table).update({ email_normalized: UNICODE })
    for (const form of FORMS) expect((await find(form))?.email).toBe(UNICODE)
    for (const form of FORMS.filter((given) => given === given.trim())) expect(await create(form, 'second')).toBe(false)
  })

  test('nobody takes the same address in the other form', async () => {
    expect(await create(ASCII, 'first')).toBe(true)
    expect(await create(UNICODE, 'second')).toBe(false)
  })

  test('where both forms were accounts before, each opens its own', async () => {
    await create(ASCII, 'first')
    const first = await find(ASCII)
    await database.knex(table).update({ email: 'moved', email_normalized: 'moved' })
    await create(UNICODE, 'second')
    await database.knex(table).where({ email: UNICODE }).update({ email_normalized: UNICODE })
    await database.knex(table).where({ email: 'moved' }).update({ email: ASCII, email_normalized: ASCII })
    expect((await find(ASCII))?.id).toBe(first?.id)
    expect((await find(UNICODE))?.email).toBe(UNICODE)
  })
})

describe('customers with an internationalised domain', () => {
  test('keep their address through an import in the other form', async () => {
    const [created] = await store(UNICODE)
    await database.knex('customers').update({ email_normalized: UNICODE })
    // The database compares texts: the other form signs the customer out once.
    expect(await store(ASCII)).toEqual([{ ...created, outcome: 'updated', hasNewCredentials: true }])
    expect((await directory().findByLogin(UNICODE))?.customer.email).toBe(ASCII)
  })

  test('two accounts that an earlier release kept apart: an import says whose the address is', async () => {
    await store(ASCII, 'first')
    await store('other@example.com', 'second')
    await database.knex('customers').where({ customer_reference: 'second' }).update({ email_normalized: UNICODE })
    expect(await store(UNICODE, 'second')).toEqual([{ outcome: 'refused', reason: 'email belongs to customer first' }])
    expect((await store(ASCII, 'first'))[0]?.outcome).toBe('unchanged')
  })

  test('are found by an operator in either form', async () => {
    await store(UNICODE)
    const records = createCustomerRecords({ ...database, tellChanged: async () => {} })
    for (const search of [UNICODE, ASCII, 'müller', 'xn--mller']) {
      expect((await records.list({ search }, { limit: 5 })).items).toHaveLength(1)
    }
  })

  test('stay confirmed when an operator writes the same address in the other form', async () => {
    await store(UNICODE)
    const records = createCustomerRecords({ ...database, tellChanged: async () => {} })
    const seen = await records.confirm('DE--1')
    const changed = await records.change('DE--1', revisionOf(seen as object), { email: ASCII })
    expect(changed).toMatchObject({ outcome: 'changed', now: { email: ASCII, emailVerified: true } })
  })

  test('an address moves to nobody who has it in the other form', async () => {
    await store(UNICODE)
    await database.knex('customers').update({ email_normalized: UNICODE })
    await store('ron@example.com', 'ron')
    const records = createCustomerRecords({ ...database, tellChanged: async () => {} })
    const seen = await records.find('ron')
    expect(await records.change('ron', revisionOf(seen as object), { email: ASCII })).toMatchObject({
      outcome: 'refused',
    })
  })
})

test('wrong passwords count together, whatever the form of the address', async () => {
  const policy = lockoutPolicy({
    LOCKOUT_ATTEMPTS: 3,
    LOCKOUT_WINDOW_SECONDS: 900,
    LOCKOUT_BLOCK_SECONDS: 360,
    LOCKOUT_ACCOUNT_ATTEMPTS: 100,
    LOCKOUT_ADDRESS_ATTEMPTS: 100,
    LOCKOUT_CLIENT_ATTEMPTS: 100,
  })
  const lockout = createLockout({ storage: createMemoryStorage(), policy, digestKey: 'key' })
  for (const form of [UNICODE, ASCII, UNICODE]) {
    await (await lockout.reserve(form, 'wrong', { ip: '198.51.100.7' })).settle('failure')
  }
  expect((await lockout.reserve(ASCII, 'right', { ip: '198.51.100.7' })).lockedForSeconds).toBe(360)
})

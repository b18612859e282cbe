import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { permissionsOf } from '../../src/customers/customer.ts'
import { type ImportOptions, importCustomers } from '../../src/customers/import/import.ts'
import type { LineProblem } from '../../src/customers/import/import-runs.ts'
import { listStragglers, readMigrationStatus } from '../../src/customers/import/migration-status.ts'
import { wrapFastHashes } from '../../src/customers/import/wrap-fast-hashes.ts'
import { eraseCustomer } from '../../src/customers/records/erase.ts'
import { exportCustomers, exportPersonalData } from '../../src/customers/records/export.ts'
import { createRegistrationKeys } from '../../src/customers/recovery/registration-keys.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const passwords = createPasswords()

const COMPANY = { id: 'aaaaaaaa-0000-4000-8000-000000000001', name: 'Spryker Systems' }
const SONIA = {
  email: 'Sonia@spryker.com',
  customerReference: 'DE--21',
  idCustomer: 21,
  givenName: 'Sonia',
  emailVerified: true,
  password: { scheme: 'magento', hash: '67a1e09bb1f83f5007dc119c14d663aa:salt:0' },
  companyUsers: [
    {
      id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
      company: COMPANY,
      roles: [
        {
          name: 'Buyer',
          permissions: [
            { key: 'Shared', idPermission: 1, configuration: { ids: [53, 52] }, configurationSignature: '[]' },
            { key: 'Lists', configuration: { ids: { '0': 1, '2': 3 } }, configurationSignature: [] },
          ],
        },
      ],
    },
  ],
}

describe('an import', () => {
  test('stores a customer with companies, roles and permissions exactly as given', async () => {
    const report = await run([SONIA])
    expect(report).toMatchObject({ outcome: 'finished', created: 1, updated: 0, refused: 0, line: 1 })
    const found = await directory().findByLogin(' SONIA@Spryker.com')
    expect(found?.customer).toMatchObject({ idCustomer: 21, customerReference: 'DE--21', email: 'Sonia@spryker.com' })
    const [companyUser] = found?.customer.companyUsers ?? []
    expect(companyUser).toMatchObject({ company: { ...COMPANY, status: 'approved' }, isActive: true, isDefault: false })
    expect(companyUser && permissionsOf(companyUser)).toEqual([
      { key: 'Shared', idPermission: 1, configuration: { ids: [53, 52] }, configurationSignature: '[]' },
      { key: 'Lists', configuration: { ids: { '0': 1, '2': 3 } }, configurationSignature: [] },
    ])
    expect(JSON.stringify(companyUser)).toContain('{"ids":{"0":1,"2":3}}')
  })

  test('may be repeated: nothing changes, ids stay', async () => {
    await run([SONIA])
    const before = await directory().findByReference('DE--21')
    expect(await run([SONIA])).toMatchObject({ created: 0, updated: 0, unchanged: 1, refused: 0 })
    expect(await directory().findByReference('DE--21')).toEqual(before)
  })

  test('reports bad lines with number and reason, without repeating secrets, and stores the good ones', async () => {
    const problems: LineProblem[] = []
    const lines = [
      JSON.stringify({ email: 'a@example.com', customerReference: 'A' }),
      '{"email":"broken',
      JSON.stringify({ email: 'no-address', customerReference: 'B' }),
      JSON.stringify({ email: 'c@example.com', customerReference: 'C', pasword: {} }),
      JSON.stringify({
        email: 'd@example.com',
        customerReference: 'D',
        password: { scheme: 'rot13', hash: 'hunter2' },
      }),
      '',
      JSON.stringify({ email: 'e@example.com', customerReference: 'E', password: { scheme: 'md5', hash: 'hunter2' } }),
      JSON.stringify({ email: 'A@example.com', customerReference: 'F' }),
      JSON.stringify({ email: 'g@example.com', customerReference: 'G', familyName: 'nul\0' }),
      JSON.stringify({ email: 'h@example.com', customerReference: 'H' }),
    ]
    const report = await runText(lines.join('\n'), { onProblem: (problem) => problems.push(problem) })
    expect(report).toMatchObject({ created: 2, refused: 7, line: 10 })
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 7, 8, 9])
    expect(problems.map(({ reason }) => reason)).toEqual([
      'is not JSON',
      'email: must be an e-mail address',
      expect.stringContaining('pasword'),
      expect.stringContaining('"rot13" is not one of argon2id'),
      expect.stringContaining('32 hexadecimal'),
      'email is on line 1 already; each email comes once in a file',
      'familyName: must not contain a NUL character',
    ])
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|a@example/)
    expect((await readMigrationStatus({ knex: database.knex, passwords })).imports[0]?.problems).toEqual(problems)
  })

  test('that is only tried stores nothing and reports the same', async () => {
    await run([{ email: 'a@example.com', customerReference: 'A' }])
    const report = await run(
      [
        SONIA,
        { email: 'a@example.com', customerReference: 'other' },
        { email: 'z@example.com', customerReference: 'A' },
      ],
      { dryRun: true },
    )
    expect(report).toMatchObject({ created: 1, updated: 1, refused: 1 })
    expect(await directory().findByReference('DE--21')).toBeUndefined()
    expect((await directory().findByReference('A'))?.email).toBe('a@example.com')
  })

  test('that was interrupted goes on where it stopped', async () => {
    const customers = Array.from({ length: 50 }, (_, index) => ({
      email: `c${index}@example.com`,
      customerReference: `c${index}`,
    }))
    const stop = new AbortController()
    const stopped = await run(customers, { batchSize: 10, signal: stop.signal, onProgress: () => stop.abort() })
    expect(stopped).toMatchObject({ outcome: 'stopped', line: 10, created: 10 })
    const lines: number[] = []
    const resumed = await run(customers, {
      batchSize: 10,
      resume: true,
      onProgress: ({ line }) => lines.push(line),
    })
    expect(resumed).toMatchObject({ outcome: 'finished', line: 50, created: 50 })
    expect(lines[0]).toBe(20)
    expect(await database.knex('customers').count('* as count').first()).toMatchObject({ count: expect.anything() })
  })

  test('tells its rate and the remaining time', async () => {
    const customers = Array.from({ length: 20 }, (_, index) => ({
      email: `c${index}@example.com`,
      customerReference: `c${index}`,
    }))
    const text = customers.map((customer) => JSON.stringify(customer)).join('\n')
    const seen: (number | undefined)[] = []
    await runText(text, {
      batchSize: 5,
      totalBytes: Buffer.byteLength(text),
      onProgress: (progress) => seen.push(progress.remainingSeconds),
    })
    expect(seen).toHaveLength(4)
    expect(seen[0]).toBeGreaterThan(0)
    expect(seen[3]).toBe(0)
  })

  test('reads lines however the file is cut into chunks', async () => {
    const text = `\uFEFF${JSON.stringify({ email: 'ä@example.com', customerReference: 'Ä' })}\r\n\r\n${JSON.stringify(SONIA)}`
    const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]))
    const report = await importCustomers({ knex: database.knex, passwords }, Readable.from(bytes), { name: 'chunks' })
    expect(report).toMatchObject({ created: 2, refused: 0, line: 3 })
  })

  test('leaves status, confirmation, password and company users alone that a line does not name', async () => {
    await run([{ ...SONIA, status: 'blocked' }])
    await run([{ email: 'sonia@SPRYKER.com', customerReference: 'DE--21' }])
    const found = await directory().findByLogin(SONIA.email)
    expect(found?.customer).toMatchObject({ status: 'blocked', emailVerified: true, idCustomer: 21 })
    expect(found?.customer.companyUsers).toHaveLength(1)
    expect(found?.password?.scheme).toBe('magento')
  })

  test('takes the proof of one address for no other: a new one is unconfirmed unless the line says so', async () => {
    const { emailVerified: _, ...silent } = SONIA
    const isVerified = async () => (await database.knex('customers').first('email_verified')).email_verified
    await run([SONIA])
    await run([{ ...silent, email: 'SONIA@spryker.com' }])
    expect(await isVerified()).toBe(true)
    await run([{ ...silent, email: 'director@spryker.com' }])
    expect(await isVerified()).toBe(false)
    await run([{ ...silent, email: 'director@spryker.com' }])
    expect(await isVerified()).toBe(false)
    await run([{ ...SONIA, email: 'sonia.wagner@spryker.com' }])
    expect(await isVerified()).toBe(true)
  })

  test('does not undo a re-hash or a changed password, and takes over one that changed in the shop', async () => {
    await run([SONIA])
    const customer = await directory().findByReference('DE--21')
    await directory().setPassword(customer?.id ?? '', await passwords.hash('chosen here'))
    await run([SONIA])
    expect((await directory().findByLogin(SONIA.email))?.password?.scheme).toBe('argon2id')
    const changed = `${createHash('md5').update('freshpassword').digest('hex')}:fresh:0`
    await run([{ ...SONIA, password: { scheme: 'magento', hash: changed } }])
    expect((await directory().findByLogin(SONIA.email))?.password?.hash).toBe(changed)
  })

  test("never lets a line take over another customer's company user, number or id", async () => {
    await run([SONIA])
    const sonia = await directory().findByReference('DE--21')
    const report = await run([
      { email: 'x@example.com', customerReference: 'X', companyUsers: SONIA.companyUsers },
      { email: 'y@example.com', customerReference: 'Y', idCustomer: 21 },
      { email: 'z@example.com', customerReference: 'Z', id: sonia?.id },
    ])
    expect(report).toMatchObject({ created: 0, refused: 3 })
    expect(await directory().findByReference('DE--21')).toEqual(sonia)
  })

  test('keeps rights apart that two lines give under one role name', async () => {
    const buyer = (reference: string, index: number, ids: number[]) => ({
      email: `${reference}@example.com`,
      customerReference: reference,
      companyUsers: [
        {
          id: `bbbbbbbb-0000-4000-8000-00000000000${index}`,
          company: COMPANY,
          roles: [{ name: 'Buyer', permissions: [{ key: 'Carts', configuration: { ids } }] }],
        },
      ],
    })
    await run([buyer('one', 1, [1]), buyer('two', 2, [2])])
    const rights = await Promise.all(
      ['one', 'two'].map(async (reference) => (await directory().findByReference(reference))?.companyUsers[0]?.roles),
    )
    expect(rights.map((roles) => roles?.map((role) => role.permissions[0]?.configuration))).toEqual([
      [{ ids: [1] }],
      [{ ids: [2] }],
    ])
  })

  test('gives numbers to customers without one that no line has', async () => {
    await run([
      { ...SONIA, idCustomer: 900 },
      { email: 'n@example.com', customerReference: 'N' },
    ])
    expect((await directory().findByReference('N'))?.idCustomer).toBeGreaterThan(900)
  })
})

describe('the wrapping stage', () => {
  test('leaves no bare fast hash in the database, and everybody signs in as before', async () => {
    const md5 = createHash('md5').update('password').digest('hex')
    await run([
      SONIA,
      { email: 'b@example.com', customerReference: 'B', password: { scheme: 'md5', hash: md5 } },
      {
        email: 'c@example.com',
        customerReference: 'C',
        password: { scheme: 'magento', hash: `${'a'.repeat(64)}:saltsaltsaltsalt:2` },
      },
    ])
    const steps: number[] = []
    const report = await wrapFastHashes(
      { knex: database.knex, passwords },
      { onProgress: ({ remaining }) => steps.push(remaining) },
    )
    expect(report).toEqual({ outcome: 'finished', wrapped: 2 })
    expect(steps.at(-1)).toBe(0)
    const rows = await database
      .knex('customers')
      .select('password_scheme', 'password_hash', 'password_salt', 'password_fingerprint')
    expect(rows.map((row) => row.password_scheme).sort()).toEqual(['argon2id(magento)', 'argon2id(md5)', 'magento'])
    expect(JSON.stringify(rows)).not.toContain(md5)
    expect(JSON.stringify(rows)).not.toContain(createHash('sha256').update(md5).digest('hex'))
    for (const login of ['sonia@spryker.com', 'b@example.com']) {
      const found = await directory().findByLogin(login)
      expect(await passwords.verify('password', found?.password)).toMatchObject({ outcome: 'match', needsRehash: true })
      expect((await passwords.verify('wrong', found?.password)).outcome).toBe('mismatch')
    }
  })

  test('is not undone by repeating the import', async () => {
    await run([SONIA])
    await wrapFastHashes({ knex: database.knex, passwords })
    await run([SONIA])
    expect((await directory().findByLogin(SONIA.email))?.password?.scheme).toBe('argon2id(magento)')
  })

  test('is not undone by importing an export, which changes nothing and signs nobody out', async () => {
    await run([SONIA])
    await wrapFastHashes({ knex: database.knex, passwords })
    const before = await database.knex('customers').first('credential_generation', 'password_scheme', 'password_hash')
    const text = await exported({ withHashes: true })
    expect(text).toContain('argon2id(magento)')
    expect(await runText(text)).toMatchObject({ created: 0, updated: 0, unchanged: 1, refused: 0 })
    const columns = ['credential_generation', 'password_scheme', 'password_hash']
    expect(await database.knex('customers').first(columns)).toEqual(before)
  })

  test('can be stopped and started again', async () => {
    const stop = new AbortController()
    stop.abort()
    await run([SONIA])
    expect(await wrapFastHashes({ knex: database.knex, passwords }, { signal: stop.signal })).toMatchObject({
      outcome: 'stopped',
    })
    expect(await wrapFastHashes({ knex: database.knex, passwords })).toMatchObject({ outcome: 'finished', wrapped: 1 })
  })
})

describe('migration status', () => {
  test('says that a scheme is bare while one of its fast hashes is, and not because of its slow ones', async () => {
    const slow = '7640855aef9cb6ffd20229601d2904a2192e372b391db8230d7faf073b393e4c:salt:2'
    await run([SONIA, { email: 's@example.com', customerReference: 'S', password: { scheme: 'magento', hash: slow } }])
    const schemes = async () => (await readMigrationStatus({ knex: database.knex, passwords })).schemes
    expect(await schemes()).toEqual([{ scheme: 'magento', customers: 2, state: 'bare' }])
    await wrapFastHashes({ knex: database.knex, passwords })
    expect(await schemes()).toContainEqual({ scheme: 'magento', customers: 1, state: 'legacy' })
  })

  test('counts schemes in use and names the stragglers', async () => {
    await run([SONIA, { email: 'n@example.com', customerReference: 'N' }])
    const status = await readMigrationStatus({ knex: database.knex, passwords })
    expect(status).toMatchObject({ customers: 2, stragglers: 1 })
    expect(status.schemes).toContainEqual({ scheme: 'magento', customers: 1, state: 'bare' })
    expect(status.schemes).toContainEqual({ scheme: 'none', customers: 1, state: 'none' })
    expect(await listStragglers({ knex: database.knex }, { scheme: 'magento' })).toEqual(['DE--21'])
  })
})

describe('export and erasure', () => {
  test('an export with hashes can be imported elsewhere, customer for customer', async () => {
    await run([SONIA, { email: 'n@example.com', customerReference: 'N', locale: 'de_DE' }])
    const before = await Promise.all(['DE--21', 'N'].map((reference) => directory().findByReference(reference)))
    const text = await exported({ withHashes: true })
    await database.knex.raw('truncate customers, companies cascade')
    expect(await runText(text)).toMatchObject({ created: 2, refused: 0 })
    expect(await Promise.all(['DE--21', 'N'].map((reference) => directory().findByReference(reference)))).toEqual(
      before,
    )
    expect((await directory().findByLogin(SONIA.email))?.password).toEqual(SONIA.password)
  })

  test('an export without hashes holds none', async () => {
    await run([SONIA])
    expect(await exported({})).not.toContain('67a1e09b')
  })

  test('a person gets everything held about them, and no hash', async () => {
    await run([SONIA])
    const collect = async () => ({ consents: ['app'] })
    const everything = await exportPersonalData({ knex: database.knex, collect }, 'DE--21')
    expect(everything).toMatchObject({
      customer: { email: SONIA.email },
      consents: ['app'],
      account: { passwordScheme: 'magento' },
    })
    expect(JSON.stringify(everything)).not.toContain('67a1e09b')
    expect(await exportPersonalData({ knex: database.knex }, 'nobody')).toBeUndefined()
  })

  test('an erased customer is revoked, forgotten, and not brought back by an import', async () => {
    await run([SONIA])
    const { id } = await database.knex('customers').first('id')
    await createRegistrationKeys({ knex: database.knex }).issue(id)
    const revoked: string[] = []
    const revoke = async (id: string) => void revoked.push(id)
    const erasure = await eraseCustomer({ knex: database.knex, revoke }, 'DE--21')
    expect(erasure).toEqual({ outcome: 'erased', customerId: revoked[0] })
    expect(await database.knex('registration_keys')).toEqual([])
    const skeleton = await database.knex('customers').first()
    expect(JSON.stringify(skeleton)).not.toMatch(/sonia|67a1e09b/i)
    expect(skeleton).toMatchObject({ customer_reference: 'DE--21', status: 'anonymised' })
    expect(await directory().findByLogin(SONIA.email)).toBeUndefined()
    expect(await run([SONIA])).toMatchObject({ refused: 1 })
    expect(await exported({ withHashes: true })).toBe('')
    expect(await eraseCustomer({ knex: database.knex, revoke }, 'nobody')).toEqual({ outcome: 'unknown' })
  })
})

function run(customers: readonly unknown[], options: Partial<ImportOptions> = {}) {
  return runText(customers.map((customer) => JSON.stringify(customer)).join('\n'), options)
}

function runText(text: string, options: Partial<ImportOptions> = {}) {
  return importCustomers({ knex: database.knex, passwords }, Readable.from([text]), {
    name: 'customers.ndjson',
    ...options,
  })
}

async function exported(options: { readonly withHashes?: boolean }): Promise<string> {
  const lines: string[] = []
  for await (const line of exportCustomers({ knex: database.knex }, options)) lines.push(`${JSON.stringify(line)}\n`)
  return lines.join('')
}

function directory() {
  return createSqlDirectory({ knex: database.knex })
}

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createShopService as createExample } from '../../docs/how-to/shop-directory-example.ts'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createPasswords, HashingBusyError } from '../../src/credentials/passwords.ts'
import { createAuthenticate } from '../../src/customers/authenticate.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers } from '../../src/customers/import/write-customers.ts'
import { createCircuitBreaker } from '../../src/customers/sources/circuit-breaker.ts'
import { createHttpDirectory } from '../../src/customers/sources/http-directory.ts'
import { createLazyMigration, type LazyMigrationDeps } from '../../src/customers/sources/lazy-migration.ts'
import { createShopService } from '../../src/customers/sources/shop-service.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const passwords = createPasswords()
const HERE = { ip: '198.51.100.7' }
const SONIA = {
  id: '11111111-2222-4333-8444-555555555555',
  idCustomer: 21,
  email: 'sonia@spryker.com',
  customerReference: 'DE--21',
  emailVerified: true,
  companyUsers: [
    {
      id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
      company: { id: 'aaaaaaaa-0000-4000-8000-000000000001', name: 'Spryker' },
      roles: [{ id: 'aaaaaaaa-0000-4000-8000-000000000002', name: 'Buyer', permissions: [{ key: 'See' }] }],
    },
  ],
}

let servers: Server[]
let url: string

beforeEach(async () => {
  servers = []
  url = await listen(createExample([{ customer: SONIA, password: 'change123' }], 'shop-token'))
})

afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
})

describe('customers that stay in the shop', () => {
  test('are found by id, reference and login', async () => {
    const directory = remote()
    const found = await directory.findById(SONIA.id)
    expect(found).toMatchObject({
      idCustomer: 21,
      status: 'active',
      companyUsers: [{ company: { status: 'approved' } }],
    })
    expect(await directory.findByReference('DE--21')).toEqual(found)
    expect((await directory.findByLogin('SONIA@spryker.com'))?.customer).toEqual(found)
    expect(await directory.findById('99999999-2222-4333-8444-555555555555')).toBeUndefined()
  })

  test('sign in with the password the shop knows', async () => {
    const authenticate = newAuthenticate({ directory: remote(), signInElsewhere: remote().signIn })
    expect(await authenticate('Sonia@spryker.com', 'change123', HERE)).toMatchObject({ outcome: 'authenticated' })
    expect(await authenticate('sonia@spryker.com', 'wrong', HERE)).toMatchObject({ outcome: 'refused' })
    expect(await authenticate('nobody@spryker.com', 'change123', HERE)).toMatchObject({ outcome: 'refused' })
  })
})

test('what is looked up again and again is asked for once', async () => {
  let calls = 0
  url = await listen(
    createServer((_, response) => {
      calls++
      response.end(JSON.stringify(SONIA))
    }),
  )
  const directory = remote()
  await Promise.all([directory.findById(SONIA.id), directory.findById(SONIA.id)])
  expect(await directory.findById(SONIA.id)).toMatchObject({ email: SONIA.email })
  expect(calls).toBe(1)
})

describe('a shop service in trouble', () => {
  test('is asked again for a look-up, and answered busy for a sign-in', async () => {
    let calls = 0
    url = await listen(createServer((_, response) => response.writeHead(++calls < 3 ? 503 : 404).end()))
    expect(await remote().findById(SONIA.id)).toBeUndefined()
    expect(calls).toBe(3)
    url = await listen(createServer((_, response) => response.writeHead(500).end()))
    expect(await remote().signIn('a@b', 'x')).toEqual({
      outcome: 'unavailable',
      retryAfterSeconds: 5,
      isServiceAway: true,
    })
  })

  test('is not waited for longer than the deadline', async () => {
    url = await listen(createServer(() => {}))
    expect((await remote({ timeoutMs: 50 }).signIn('a@b', 'x')).outcome).toBe('unavailable')
    servers.at(-1)?.closeAllConnections()
  })

  test('is left alone after several failures', async () => {
    let calls = 0
    url = await listen(
      createServer((_, response) => {
        calls++
        response.writeHead(500).end()
      }),
    )
    const directory = remote()
    for (let call = 0; call < 20; call++) await directory.signIn('a@b', 'x')
    expect(calls).toBe(5)
    await expect(directory.findById(SONIA.id), 'a look-up').rejects.toMatchObject({
      error_detail: expect.stringContaining('is not called for a while'),
      retryAfterSeconds: 10,
    })
    expect(calls).toBe(5)
  })

  test('that answers without end is an outage', async () => {
    url = await listen(
      createServer((_, response) => {
        const more = () => {
          if (!response.destroyed) response.write(Buffer.alloc(64 * 1024, ' '), more)
        }
        more()
      }),
    )
    await expect(remote({ timeoutMs: 30_000 }).signIn('a@b', 'x')).resolves.toMatchObject({ outcome: 'unavailable' })
  })

  test('that answers nonsense is an outage, not a customer', async () => {
    url = await listen(createServer((_, response) => response.end('{"id":"1","admin":true}')))
    await expect(remote().findById(SONIA.id)).rejects.toMatchObject({
      error_detail: expect.stringContaining('wrong id'),
    })
  })

  test('counts against no customer', async () => {
    url = await listen(createServer((_, response) => response.writeHead(500).end()))
    const authenticate = newAuthenticate({ signInElsewhere: remote().signIn })
    for (let call = 0; call < 12; call++) {
      expect((await authenticate('sonia@spryker.com', 'change123', HERE)).outcome).toBe('busy')
    }
  })
})

describe('customers who move over when they sign in', () => {
  test('are stored with companies and a hash of ours, and the shop is not asked again', async () => {
    const local = createSqlDirectory({ knex: database.knex })
    let asked = 0
    const legacy = {
      async signInForRecord(login: string, password: string) {
        asked++
        return remote().signInForRecord(login, password)
      },
    }
    const signInElsewhere = createLazyMigration({ knex: database.knex, directory: local, legacy, passwords })
    const authenticate = newAuthenticate({ signInElsewhere })
    expect(await authenticate('sonia@spryker.com', 'wrong', HERE)).toMatchObject({ outcome: 'refused' })
    expect(await local.findByReference('DE--21')).toBeUndefined()
    const first = await authenticate('sonia@spryker.com', 'change123', HERE)
    expect(first).toMatchObject({ outcome: 'authenticated', customer: { id: SONIA.id, idCustomer: 21 } })
    expect(asked).toBe(2)
    expect((await local.findByLogin('sonia@spryker.com'))?.password?.scheme).toBe('argon2id')
    expect((await authenticate('sonia@spryker.com', 'change123', HERE)).outcome).toBe('authenticated')
    expect((await authenticate('sonia@spryker.com', 'wrong', HERE)).outcome).toBe('refused')
    expect(asked).toBe(2)
  })

  test('who were imported without a password keep what was imported, and get the password', async () => {
    await upsertCustomers(database.knex, [importRecord.parse({ ...SONIA, givenName: 'Sonia of ours' })])
    expect(await newAuthenticate({ signInElsewhere: moving() })('sonia@spryker.com', 'change123', HERE)).toMatchObject({
      outcome: 'authenticated',
      customer: { givenName: 'Sonia of ours' },
    })
    expect((await newAuthenticate({})('sonia@spryker.com', 'change123', HERE)).outcome).toBe('authenticated')
  })

  test('who are blocked here stay out, and get no password', async () => {
    await upsertCustomers(database.knex, [importRecord.parse({ ...SONIA, status: 'blocked' })])
    const authenticate = newAuthenticate({ signInElsewhere: moving() })
    expect(await authenticate('sonia@spryker.com', 'change123', HERE)).toEqual({
      outcome: 'refused',
      reason: 'blocked',
    })
    expect((await local().findByLogin('sonia@spryker.com'))?.password).toBeUndefined()
  })

  test('who cannot be stored are refused, and the log says why', async () => {
    await upsertCustomers(database.knex, [importRecord.parse({ ...SONIA, customerReference: 'somebody else' })])
    const problems: string[] = []
    const signIn = moving({ onProblem: (reference, reason) => problems.push(`${reference}: ${reason}`) })
    expect(await signIn('sonia@spryker.com', 'change123')).toEqual({ outcome: 'mismatch' })
    expect(problems.join()).toMatch(/^DE--21: email belongs to customer somebody else/)
  })

  test('are told to come again when there is no room to hash, and nothing is stored', async () => {
    const crowded = {
      verify: passwords.verify,
      hash: async () => {
        throw new HashingBusyError(3)
      },
    }
    const authenticate = newAuthenticate({ signInElsewhere: moving({ passwords: crowded }) })
    expect(await authenticate('sonia@spryker.com', 'change123', HERE)).toEqual({
      outcome: 'busy',
      retryAfterSeconds: 3,
    })
    expect(await local().findByReference('DE--21')).toBeUndefined()
  })

  const local = () => createSqlDirectory({ knex: database.knex })
  const moving = (more: Partial<LazyMigrationDeps> = {}) =>
    createLazyMigration({ knex: database.knex, directory: local(), legacy: remote(), passwords, ...more })
})

test('a circuit breaker lets one caller try after the pause', () => {
  let nowMs = 0
  const breaker = createCircuitBreaker({ failures: 2, pauseSeconds: 10, nowMs: () => nowMs })
  breaker.failed()
  expect(breaker.restsForSeconds()).toBeUndefined()
  breaker.failed()
  expect(breaker.restsForSeconds()).toBe(10)
  nowMs = 10_001
  expect(breaker.restsForSeconds()).toBeUndefined()
  expect(breaker.restsForSeconds()).toBe(10)
  breaker.succeeded()
  expect(breaker.restsForSeconds()).toBeUndefined()
})

function remote(options: { readonly timeoutMs?: number } = {}) {
  return createHttpDirectory({ service: createShopService({ url, token: 'shop-token', ...options }) })
}

function newAuthenticate(deps: Partial<Parameters<typeof createAuthenticate>[0]>) {
  const policy = lockoutPolicy({
    LOCKOUT_ATTEMPTS: 9,
    LOCKOUT_WINDOW_SECONDS: 900,
    LOCKOUT_BLOCK_SECONDS: 360,
    LOCKOUT_ACCOUNT_ATTEMPTS: 30,
    LOCKOUT_ADDRESS_ATTEMPTS: 300,
    LOCKOUT_CLIENT_ATTEMPTS: 3000,
  })
  const lockout = createLockout({ storage: createMemoryStorage(), policy, digestKey: 'key' })
  return createAuthenticate({ directory: createSqlDirectory({ knex: database.knex }), passwords, lockout, ...deps })
}

async function listen(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

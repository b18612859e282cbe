import { createHash } from 'node:crypto'
import * as oracle from 'argon2'
import { beforeEach, describe, expect, test } from 'vitest'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { createPasswordSchemes } from '../../src/credentials/schemes/index.ts'
import type { StoredPassword } from '../../src/credentials/stored-password.ts'
import { type Authenticate, createAuthenticate } from '../../src/customers/authenticate.ts'
import { type ImportRecordInput, importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers } from '../../src/customers/import/write-customers.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const passwords = createPasswords({ schemes: createPasswordSchemes() })
const WITHOUT_LIMITS = {
  LOCKOUT_ATTEMPTS: 1_000_000,
  LOCKOUT_WINDOW_SECONDS: 900,
  LOCKOUT_BLOCK_SECONDS: 360,
  LOCKOUT_ACCOUNT_ATTEMPTS: 1_000_000,
  LOCKOUT_ADDRESS_ATTEMPTS: 1_000_000,
  LOCKOUT_CLIENT_ATTEMPTS: 1_000_000,
}
const HERE = { ip: '198.51.100.7', clientId: 'frontend' }
const BCRYPT_TEST = { scheme: 'bcrypt', hash: '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO' }

let authenticate: Authenticate
let problems: string[]

beforeEach(() => {
  problems = []
  authenticate = newAuthenticate()
})

describe('signing in', () => {
  test('the right password lets an active customer in, whatever the case of the address', async () => {
    await store('ron', await passwords.hash('mysecretpassword'))
    const authentication = await authenticate('RON@Example.com', 'mysecretpassword', HERE)
    expect(authentication).toMatchObject({ outcome: 'authenticated', customer: { customerReference: 'ron' } })
  })

  test('the right password of an unconfirmed customer is told apart, a wrong one is not', async () => {
    await store('new', await passwords.hash('change123'), { emailVerified: false })
    expect((await authenticate('new@example.com', 'change123', HERE)).outcome).toBe('unconfirmed')
    expect(await authenticate('new@example.com', 'wrong', HERE)).toMatchObject({ outcome: 'refused' })
  })

  test('a blocked customer is refused with the right password as with a wrong one', async () => {
    await store('bad', await passwords.hash('change123'), { status: 'blocked' })
    expect(await authenticate('bad@example.com', 'change123', HERE)).toEqual({ outcome: 'refused', reason: 'blocked' })
  })

  test('nobody gets in where no password is stored', async () => {
    await store('none', undefined)
    expect(await authenticate('none@example.com', '', HERE)).toEqual({ outcome: 'refused', reason: 'no-password' })
  })

  test('a row that asks for gigabytes is refused without being tried, and reported', async () => {
    const hash = '$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$dv1yKgH0Qm0vJbxlC4jBxYwIlbWnz1GL4c9Wkt5Wxf0'
    await store('bomb', { scheme: 'argon2id', hash })
    expect(await authenticate('bomb@example.com', 'x', HERE)).toEqual({
      outcome: 'refused',
      reason: 'unusable-password',
    })
    expect(problems.join()).toContain('KiB')
  })

  test('the tenth attempt is locked with the right password, at the same counters for every endpoint', async () => {
    await store('ron', await passwords.hash('mysecretpassword'))
    authenticate = newAuthenticate({ LOCKOUT_ATTEMPTS: 9 })
    for (let failure = 1; failure <= 9; failure++) {
      expect((await authenticate('ron@example.com', `wrong ${failure}`, HERE)).outcome).toBe('refused')
    }
    const locked = await authenticate('ron@example.com', 'mysecretpassword', HERE)
    expect(locked).toEqual({ outcome: 'locked', retryAfterSeconds: expect.any(Number) })
  })
})

describe('the first good login under an imported hash', () => {
  test('stores the password under our own parameters, and the old hash is gone', async () => {
    await store('old', BCRYPT_TEST)
    expect((await authenticate('old@example.com', 'test', HERE)).outcome).toBe('authenticated')
    const { password } = (await directory().findByLogin('old@example.com')) ?? {}
    expect(password).toMatchObject({ scheme: 'argon2id', hash: expect.stringContaining('$m=19456,t=2,p=1$') })
    expect(await oracle.verify(password?.hash ?? '', 'test')).toBe(true)
    expect((await authenticate('old@example.com', 'test', HERE)).outcome).toBe('authenticated')
  })

  test('moves an argon2id hash with other parameters to ours', async () => {
    await store('weak', { scheme: 'argon2id', hash: await oracle.hash('test', { memoryCost: 8192, timeCost: 1 }) })
    await authenticate('weak@example.com', 'test', HERE)
    expect((await directory().findByLogin('weak@example.com'))?.password?.hash).toContain('m=19456')
  })

  test('stores NFC where the shop hashed the bytes as they came', async () => {
    const decomposed = 'Zoë-päßwort'.normalize('NFD')
    await store('nfd', { scheme: 'sha256', hash: createHash('sha256').update(decomposed).digest('hex') })
    expect((await authenticate('nfd@example.com', decomposed, HERE)).outcome).toBe('authenticated')
    expect((await authenticate('nfd@example.com', decomposed.normalize('NFC'), HERE)).outcome).toBe('authenticated')
  })

  test('does not count as a change of the password, by which older tokens are measured', async () => {
    await store('old', BCRYPT_TEST)
    await authenticate('old@example.com', 'test', HERE)
    expect(await database.knex('customers').first('password_changed_at')).toEqual({ password_changed_at: null })
  })

  test('never brings back a password that was changed meanwhile', async () => {
    const id = await store('race', BCRYPT_TEST)
    await directory().setPassword(id, await passwords.hash('the new one'))
    await directory().replaceHash(id, BCRYPT_TEST, await passwords.hash('test'))
    expect((await authenticate('race@example.com', 'the new one', HERE)).outcome).toBe('authenticated')
  })

  test('accepts a password that breaks the policy, and asks for another from then on', async () => {
    await store('old', BCRYPT_TEST)
    const first = await authenticate('old@example.com', 'test', HERE)
    expect(first).toMatchObject({ outcome: 'authenticated', mustChangePassword: true })
    await directory().setPassword(customerIdOf(first), await passwords.hash('seventeen wet otters'))
    expect(await authenticate('old@example.com', 'seventeen wet otters', HERE)).not.toHaveProperty('mustChangePassword')
  })
})

describe('a refusal takes the same time', () => {
  const TRIES = 25

  test('for unknown, wrong, blocked and password-less, in a mix, within a factor', {
    retry: 2,
    timeout: 90_000,
  }, async () => {
    const own = await passwords.hash('change123')
    await store('known', own)
    await store('blocked', own, { status: 'blocked' })
    await store('none', undefined)
    const medians = await medianTimes({
      unknown: () => authenticate('nobody@example.com', 'wrong', HERE),
      wrong: () => authenticate('known@example.com', 'wrong', HERE),
      blocked: () => authenticate('blocked@example.com', 'change123', HERE),
      none: () => authenticate('none@example.com', 'wrong', HERE),
    })
    expectAlike(medians)
  })

  test('for rows of slow and of bare fast schemes too', { retry: 2, timeout: 90_000 }, async () => {
    await store('fast', { scheme: 'md5', hash: createHash('md5').update('test').digest('hex') })
    await store('slow', { ...BCRYPT_TEST, hash: BCRYPT_TEST.hash.replace('$10$', '$08$') })
    await authenticate('slow@example.com', 'wrong', HERE)
    const medians = await medianTimes({
      unknown: () => authenticate('nobody@example.com', 'wrong', HERE),
      fast: () => authenticate('fast@example.com', 'wrong', HERE),
      slow: () => authenticate('slow@example.com', 'wrong', HERE),
    })
    expectAlike(medians)
  })

  async function medianTimes(kinds: Record<string, () => Promise<unknown>>): Promise<Record<string, number>> {
    const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]))
    for (let round = 0; round < TRIES; round++) {
      for (const [name, run] of Object.entries(kinds)) {
        const startedAtMs = performance.now()
        await run()
        times.get(name)?.push(performance.now() - startedAtMs)
      }
    }
    return Object.fromEntries(
      [...times].map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0]),
    )
  }

  function expectAlike(medians: Record<string, number>): void {
    const all = Object.values(medians)
    expect(Math.max(...all) / Math.min(...all), JSON.stringify(medians)).toBeLessThan(1.6)
  }
})

test('too many logins at once are answered busy, and count against nobody', async () => {
  await store('ron', await passwords.hash('mysecretpassword'))
  const crowded = createPasswords({
    concurrency: 1,
    queue: { run: async () => ({ outcome: 'busy', retryAfterSeconds: 3 }), depth: () => ({ running: 1, waiting: 9 }) },
  })
  const crowdedAuthenticate = newAuthenticate({ LOCKOUT_ATTEMPTS: 1 }, crowded)
  for (let tries = 0; tries < 5; tries++) {
    const answer = await crowdedAuthenticate('ron@example.com', 'wrong', HERE)
    expect(answer).toEqual({ outcome: 'busy', retryAfterSeconds: 3 })
  }
})

function newAuthenticate(limits: Partial<typeof WITHOUT_LIMITS> = {}, hasher = passwords): Authenticate {
  const storage = createMemoryStorage()
  return createAuthenticate({
    directory: directory(),
    passwords: hasher,
    lockout: createLockout({ storage, policy: lockoutPolicy({ ...WITHOUT_LIMITS, ...limits }), digestKey: 'key' }),
    policy: createPasswordPolicy(),
    onProblem: (_, problem) => problems.push(problem),
  })
}

function directory() {
  return createSqlDirectory({ knex: database.knex })
}

async function store(
  name: string,
  password: StoredPassword | undefined,
  more: Partial<ImportRecordInput> = {},
): Promise<string> {
  const record = { email: `${name}@example.com`, customerReference: name, emailVerified: true, password, ...more }
  const [written] = await upsertCustomers(database.knex, [importRecord.parse(record)])
  if (!written || written.outcome === 'refused') throw new Error(written?.reason)
  return written.id
}

function customerIdOf(authentication: Awaited<ReturnType<Authenticate>>): string {
  return 'customer' in authentication ? authentication.customer.id : ''
}

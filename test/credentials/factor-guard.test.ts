import { beforeEach, expect, test } from 'vitest'
import { createFactorGuard, type FactorGuard } from '../../src/credentials/factor-guard.ts'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { createLockoutOperations } from '../../src/credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const policy = lockoutPolicy({
  LOCKOUT_ATTEMPTS: 5,
  LOCKOUT_WINDOW_SECONDS: 900,
  LOCKOUT_BLOCK_SECONDS: 360,
  LOCKOUT_ACCOUNT_ATTEMPTS: 10,
  LOCKOUT_ADDRESS_ATTEMPTS: 1_000_000,
  LOCKOUT_CLIENT_ATTEMPTS: 1_000_000,
})

let guard: FactorGuard
let now = 0
beforeEach(() => {
  const storage = createMemoryStorage(() => now)
  guard = createFactorGuard({
    lockout: createLockout({ storage, policy, digestKey: 'a key', realm: 'test', now: () => now }),
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'test', now: () => now }),
    storage,
    realm: 'test',
  })
})

/** An attempt after every lock of before has ended. */
async function attempt(isRight: boolean, factor: 'app' | 'recovery' = 'app') {
  now += 7200
  const code = String(now)
  return (await guard.redeem({ personId: 'somebody', factor, code, ip: '203.0.113.9' }, async () => isRight)).outcome
}

async function failTimes(count: number): Promise<void> {
  for (let failed = 0; failed < count; failed++) expect(await attempt(false)).toBe('wrong')
}

test('a hundred wrong codes in a row lock a factor for good, and no other', async () => {
  await failTimes(100)
  expect(await attempt(true)).toBe('locked')
  expect(await attempt(true, 'recovery')).toBe('right')
  await guard.forgive('somebody')
  expect(await attempt(true)).toBe('right')
})

test('a right code makes up for those before it', async () => {
  await failTimes(99)
  expect(await attempt(true)).toBe('right')
  await failTimes(99)
  expect(await attempt(true)).toBe('right')
})

test('a code that could not be looked at counts for nothing', async () => {
  for (let failed = 0; failed < 120; failed++) {
    const look = guard.redeem({ personId: 'somebody', factor: 'app', code: '1', ip: '203.0.113.9' }, async () => {
      throw new Error('the database is away')
    })
    await expect(look).rejects.toThrow('the database is away')
  }
  expect(await attempt(true)).toBe('right')
})

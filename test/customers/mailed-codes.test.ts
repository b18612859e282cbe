import { expect, test } from 'vitest'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import type { Customer } from '../../src/customers/customer.ts'
import { createOneTimePasswords } from '../../src/customers/one-time-passwords.ts'
import { createMailBudgets } from '../../src/customers/recovery/recovery-budgets.ts'
import type { Letter } from '../../src/customers/recovery/recovery-letters.ts'
import { createMailedCodes } from '../../src/customers/second-factor/mailed-codes.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const HERE = '198.51.100.1'
const ELSEWHERE = '203.0.113.1'
const MOST = 600

const policy = lockoutPolicy({
  LOCKOUT_ATTEMPTS: 5,
  LOCKOUT_WINDOW_SECONDS: 900,
  LOCKOUT_BLOCK_SECONDS: 360,
  LOCKOUT_ACCOUNT_ATTEMPTS: 10,
  LOCKOUT_ADDRESS_ATTEMPTS: 1_000_000,
  LOCKOUT_CLIENT_ATTEMPTS: 1_000_000,
})

const customerOf = (number: number): Customer => ({
  id: `customer-${number}`,
  email: `buyer${number}@example.com`,
  emailVerified: true,
  idCustomer: number,
  customerReference: String(number),
  status: 'active',
  companyUsers: [],
})

/** Asks for a code for the customer with this number; true when one is sent. */
type Ask = (number: number, ip: string) => Promise<boolean>

const KINDS: Readonly<Record<string, () => Ask>> = {
  'the code of a second factor': () => {
    const codes = createMailedCodes({ ...shared(), postLetter: () => {}, digestKey: 'a key' })
    return (number, ip) =>
      codes.send({ customer: customerOf(number), place: `sign-in-${number}` }, { ip, languages: [] })
  },
  'a one-time password': () => {
    let written: Promise<Letter | undefined> = Promise.resolve(undefined)
    const codes = createOneTimePasswords({
      ...shared(),
      directory: { findByLogin: async (login) => ({ customer: customerOf(Number(/\d+/.exec(login)?.[0])) }) },
      proofs: { measure: async () => undefined },
      postLetter: (write) => {
        written = write()
      },
      digestKey: 'a key',
    })
    return async (number, ip) => {
      codes.request(customerOf(number).email, { ip, languages: [] })
      return (await written) !== undefined
    }
  },
}

function shared() {
  const storage = createMemoryStorage()
  const lockout = createLockout({ storage, policy, digestKey: 'a key', realm: 'customer' })
  return { storage, lockout, budgets: createMailBudgets({ storage, lockout, exemptsLoopback: false }) }
}

test.each(Object.keys(KINDS))(
  'one place cannot have %s mailed without end, whomever to, and others still can',
  async (kind) => {
    const ask = KINDS[kind]?.() as Ask // the kinds are the names of the test
    let sent = 0
    for (let number = 0; number < MOST + 50; number++) if (await ask(number, HERE)) sent++
    expect(sent).toBe(MOST)
    expect(await ask(MOST + 50, ELSEWHERE)).toBe(true)
  },
)

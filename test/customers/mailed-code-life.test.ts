import { expect, test } from 'vitest'
import type { Customer } from '../../src/customers/customer.ts'
import { createMailedCodes } from '../../src/customers/second-factor/mailed-codes.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

test('a mailed code is good for ten minutes', async () => {
  let now = 0
  const letters: Promise<unknown>[] = []
  const codes = createMailedCodes({
    storage: createMemoryStorage(() => now),
    budgets: { takeForPlace: async () => undefined, takeForAccount: async () => true },
    postLetter: (write) => void letters.push(write()),
    digestKey: 'a key',
  })
  const customer = { id: 'somebody', email: 'buyer@example.com' } as Customer // as much of one as a code asks for
  const step = { customer, place: 'a sign-in' }
  const next = async () => {
    await codes.send(step, { ip: '203.0.113.9', languages: ['en'] })
    return String(((await letters.at(-1)) as { values: { code: string } }).values.code)
  }
  const early = await next()
  now += 599
  expect(await codes.redeem(step, early)).toBe(true)
  const late = await next()
  now += 601
  expect(await codes.redeem(step, late)).toBe(false)
})

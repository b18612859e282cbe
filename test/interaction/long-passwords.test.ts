import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, isSignedIn, startHostedShop } from './hosted-shop.ts'
import { RECOVERY_LINK } from './mail-sink.ts'

/** What NIST SP 800-63B-4 §3.1.1.2 asks for where the password is the only factor. */
const ONLY_FACTOR = '15'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ PASSWORD_MIN_LENGTH: ONLY_FACTOR })
})
afterAll(() => shop?.stop())

/** What the page says to a new password, and who then has it. */
async function choose(password: string) {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: customer.email })
  const { link } = await shop.sink.mailTo(customer.email, 1, RECOVERY_LINK)
  const page = await visitor.submit(await visitor.open(link), '/recovery/new', { password, repeated: password })
  return {
    page,
    letsIn: async (typed: string) => isSignedIn(await shop.visitor().signIn({ ...customer, password: typed })),
  }
}

test('fourteen characters are refused with the reason', async () => {
  const { page } = await choose('zoë paßt auf 9')
  expect([page.status, page.html]).toEqual([422, expect.stringContaining('at least 15 characters')])
})

test('fifteen characters are counted and compared as people see them, however the keyboard wrote them', async () => {
  const { page, letsIn } = await choose('zoë paßt auf 99'.normalize('NFD'))
  expect(page.status).toBeLessThan(400)
  expect(await letsIn('zoë paßt auf 99'.normalize('NFC'))).toBe(true)
})

test('a password of a hundred characters is compared to its end', async () => {
  const long = `${'seventeen letters '.repeat(6)}x`.slice(0, 100)
  const { letsIn } = await choose(`${long}1`)
  expect(await letsIn(`${long}2`)).toBe(false)
  expect(await letsIn(`${long}1`)).toBe(true)
})

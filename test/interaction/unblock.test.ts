import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestTokens } from '../endpoints/client.ts'
import {
  type HostedShop,
  isSignedIn,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ LOCKOUT_ATTEMPTS: '3', LOCKOUT_ACCOUNT_ATTEMPTS: '6' })
})
afterAll(() => shop?.stop())

/** Guesses until this visitor is locked out of the account, and returns the page that says so. */
async function lock(customer: TestCustomer, visitor: Visitor): Promise<Page> {
  for (let attempt = 0; attempt < 3; attempt++) await visitor.signIn({ ...customer, password: `wrong ${attempt}` })
  const locked = await visitor.signIn(customer)
  expect(locked.status).toBe(429)
  return locked
}

test('a locked person gets a link by mail and signs in with the password they have', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const sent = await visitor.submit(await lock(customer, visitor), '/unblock')
  expect(sent.url).toBe(`${shop.server.url}/sent/unblock`)
  const { link, subject } = await shop.sink.mailTo(customer.email)
  expect(subject).toBe('Sign in to Acme Shop again')
  const login = await visitor.submit(await visitor.open(link), '/unblock')
  expect(login.url).toContain('/interaction/')
  expect(login.html).toContain('You can sign in again')
  const { email, password } = customer
  expect(isSignedIn(await visitor.submit(login, '/login', { login: email, password }))).toBe(true)
})

test('a link that is looked at lifts nothing, and one that was used lifts nothing again', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  await visitor.submit(await lock(customer, visitor), '/unblock')
  const { link } = await shop.sink.mailTo(customer.email)
  await fetch(link)
  expect((await visitor.signIn(customer)).status).toBe(429)
  const page = await visitor.open(link)
  await visitor.submit(page, '/unblock')
  expect((await visitor.submit(page, '/unblock')).status).toBe(410)
  expect((await visitor.open(link)).status).toBe(410)
})

test('the place that asked stays locked when the owner follows the link elsewhere', async () => {
  const customer = await shop.addCustomer()
  const attacker = shop.visitor({ 'x-forwarded-for': '203.0.113.50' })
  const owner = shop.visitor({ 'x-forwarded-for': '198.51.100.50' })
  await attacker.submit(await lock(customer, attacker), '/unblock')
  const { link } = await shop.sink.mailTo(customer.email)
  await owner.submit(await owner.open(link), '/unblock')
  expect(isSignedIn(await owner.signIn(customer))).toBe(true)
  expect((await attacker.signIn({ ...customer, password: 'wrong again' })).status).toBe(429)
})

test('an unknown address locks, and is answered, like a known one', async () => {
  const visitor = shop.visitor({ 'x-forwarded-for': '203.0.113.60' })
  const nobody = { id: '', email: 'nobody-here@example.com', password: 'x' }
  const sent = await visitor.submit(await lock(nobody, visitor), '/unblock')
  expect([sent.status, sent.url]).toEqual([200, `${shop.server.url}/sent/unblock`])
  expect(shop.sink.mailsTo(nobody.email)).toEqual([])
})

test('strangers who guess from everywhere do not lock out the browser of the buyer', async () => {
  const customer = await shop.addCustomer()
  const buyer = shop.visitor({ 'x-forwarded-for': '198.51.100.70' })
  expect(isSignedIn(await buyer.signIn(customer))).toBe(true)
  const guess = (index: number) =>
    requestTokens(
      shop.server.url,
      { username: customer.email, password: `guess ${index}` },
      { 'x-forwarded-for': `203.0.113.${index % 250}` },
    )
  for (let index = 0; index < 40; index++) await guess(index)
  expect((await shop.visitor({ 'x-forwarded-for': '203.0.113.251' }).signIn(customer)).status).toBe(429)
  // From a network where it has never been: only the cookie speaks for it.
  buyer.moveTo('192.0.2.70')
  expect(isSignedIn(await buyer.signIn(customer))).toBe(true)
})

test('the mark of a device is signed, kept from scripts, and tells accounts on one browser apart', async () => {
  const [one, two] = [await shop.addCustomer(), await shop.addCustomer()]
  const visitor = shop.visitor({ 'x-forwarded-for': '198.51.100.80' })
  await visitor.signIn(one)
  const mark = visitor.jar.get(shop.server.url, 'vestibule.device') ?? ''
  expect(mark).toMatch(/^[\w-]{43}\.[\w-]{43}$/)
  await visitor.signIn(two)
  expect(visitor.jar.get(shop.server.url, 'vestibule.device')).toBe(mark)
})

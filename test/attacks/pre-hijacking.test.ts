import { afterAll, beforeAll, expect, test } from 'vitest'
import { refresh, requestTokens, tokensOf } from '../endpoints/client.ts'
import { isSignedIn, type Visitor } from '../interaction/hosted-shop.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { waitFor } from '../support/wait-for.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'

/**
 * An attacker prepares the account of somebody before that person has it, and waits (Sudhodanan and Paverd, "Pre-hijacked
 * accounts", USENIX Security 2022).
 */
let shop: ShopWithUpstreams
let google: LocalProvider
let lax: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  google = await shop.addProvider('google', 'google')
  lax = await shop.addProvider('lax', 'oidc', { trusts_email_verified: false })
})
afterAll(() => shop?.stop())

let count = 0
const newAddress = () => `victim${++count}@gmail.com`
const PASSWORD = 'what the attacker chose'
const OWN = { password: 'what the victim chooses', repeated: 'what the victim chooses' }

const asVictim = (email: string) => {
  google.person = { sub: `google of ${email}`, email, email_verified: true }
}

async function recover(visitor: Visitor, email: string): Promise<void> {
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const letter = () => shop.sink.mailsTo(email).find(({ subject }) => subject.startsWith('Choose a new password'))
  const { link } = await waitFor(letter, { what: `the letter to ${email}` })
  await visitor.submit(await visitor.open(link), '/recovery/new', OWN)
}

test('classic-federated merge: an unconfirmed account with a password of the attacker is not merged with the victim', async () => {
  const email = newAddress()
  await shop.addCustomer({ email, password: PASSWORD, emailVerified: false })
  asVictim(email)
  const visitor = shop.visitor()
  const page = await comeBy(visitor, 'google')
  expect(page.html).toContain('You already have an account with this address.')
  await recover(visitor, email)
  expect((await requestTokens(shop.server.url, { username: email, password: PASSWORD })).status).toBe(400)
  expect(isSignedIn(await shop.visitor().signIn({ email, password: OWN.password }))).toBe(true)
})

test('classic-federated merge: a registration that waits for its letter is worth nothing once the victim has the account', async () => {
  const email = newAddress()
  const attacker = shop.visitor()
  const form = { login: email, givenName: 'Nora', familyName: 'Lind', password: PASSWORD }
  await attacker.submit(await attacker.open('/registration'), '/registration', form)
  const { link } = await shop.sink.mailTo(email)
  asVictim(email)
  expect(isSignedIn(await comeBy(shop.visitor(), 'google'))).toBe(true)
  // Even if the victim follows the letter in the attacker's browser.
  await attacker.submit(await attacker.open(link), '/confirmation')
  expect((await requestTokens(shop.server.url, { username: email, password: PASSWORD })).status).toBe(400)
})

test('unexpired session: what the attacker holds of the account ends when the victim recovers it', async () => {
  const email = newAddress()
  const customer = await shop.addCustomer({ email, password: PASSWORD })
  const attacker = shop.visitor()
  expect(isSignedIn(await attacker.signIn(customer))).toBe(true)
  const tokens = await tokensOf(shop.server.url, { username: email, password: PASSWORD })
  await recover(shop.visitor(), email)
  expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(400)
  expect((await attacker.openLogin()).html).toContain('name="password"')
})

test('trojan identifier: a provider that the attacker connected does not outlive the recovery by its owner', async () => {
  const email = newAddress()
  const customer = await shop.addCustomer({ email, password: PASSWORD })
  const attacker = shop.visitor()
  // A provider whose people write the address themselves.
  const own = await shop.addProvider(`own-${count}`)
  own.person = { sub: 'attacker', email, email_verified: true }
  const login = await comeBy(attacker, `own-${count}`)
  const question = await attacker.submit(login, '/login', { login: customer.email, password: PASSWORD })
  expect(isSignedIn(await attacker.submit(question, '/connect', { decision: 'connect' }))).toBe(true)
  expect(isSignedIn(await comeBy(shop.visitor(), `own-${count}`))).toBe(true)
  await recover(shop.visitor(), email)
  expect(isSignedIn(await comeBy(shop.visitor(), `own-${count}`))).toBe(false)
  expect(isSignedIn(await comeBy(attacker, `own-${count}`))).toBe(false)
})

test('trojan identifier: a question whether to connect that waits is worth nothing after the recovery', async () => {
  const email = newAddress()
  const customer = await shop.addCustomer({ email, password: PASSWORD })
  const own = await shop.addProvider(`own-${count}`)
  own.person = { sub: 'attacker', email, email_verified: true }
  const attacker = shop.visitor()
  const login = await comeBy(attacker, `own-${count}`)
  const question = await attacker.submit(login, '/login', { login: customer.email, password: PASSWORD })
  await recover(shop.visitor(), email)
  expect(isSignedIn(await attacker.submit(question, '/connect', { decision: 'connect' }))).toBe(false)
  expect(isSignedIn(await comeBy(shop.visitor(), `own-${count}`))).toBe(false)
})

test('unexpired e-mail change: a letter to an address of the attacker that waits is worth nothing after the recovery', async () => {
  const email = newAddress()
  const attackers = `attacker${count}@people.example`
  const customer = await shop.addCustomer({ email, password: PASSWORD })
  // The attacker's own person at a provider, with a letter under way that would connect it.
  lax.person = { sub: `lax ${count}`, email: attackers }
  const attacker = shop.visitor()
  expect((await comeBy(attacker, 'lax')).url).toContain('/sent/registration')
  const { link } = await shop.sink.mailTo(attackers)
  await recover(shop.visitor(), customer.email)
  await attacker.submit(await attacker.open(link), '/confirmation')
  // It made an account of its own, and has nothing of the victim's.
  expect(isSignedIn(await comeBy(attacker, 'lax'))).toBe(true)
  asVictim(email)
  expect((await comeBy(shop.visitor(), 'google')).html).toContain('You already have an account with this address.')
})

test('non-verifying provider: an address that the provider did not check opens and reserves nothing', async () => {
  const email = newAddress()
  lax.person = { sub: `lax ${count}`, email, email_verified: true }
  const attacker = shop.visitor()
  expect((await comeBy(attacker, 'lax')).url).toContain('/sent/registration')
  const { link } = await shop.sink.mailTo(email)
  asVictim(email)
  expect(isSignedIn(await comeBy(shop.visitor(), 'google'))).toBe(true)
  // The letter is the victim's; followed there, it connects nothing.
  expect((await shop.visitor().open(link)).status).toBe(410)
  await attacker.submit(await attacker.open(link), '/confirmation')
  expect(isSignedIn(await comeBy(shop.visitor(), 'lax'))).toBe(false)
  lax.person = { sub: `lax ${count} again`, email }
  expect(isSignedIn(await comeBy(shop.visitor(), 'lax'))).toBe(false)
})

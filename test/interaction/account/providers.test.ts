import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LocalProvider } from '../../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../../upstreams/shop-with-upstreams.ts'
import { isSignedIn, type Page } from '../hosted-shop.ts'
import { pathOf, signedIn } from './account-visitor.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme')
  await shop.addProvider('other')
})
afterAll(() => shop?.stop())

let count = 0
const newPerson = () => ({ sub: `person-${++count}`, email: `person${count}@people.example`, email_verified: true })
const disconnectLink = ({ html }: Page) => /href="([^"]*security\/disconnect\?id=[^"]+)"/.exec(html)?.[1] ?? ''

/** A customer with a password, and the person at the provider whom they have connected. */
async function connected() {
  const { customer, visitor } = await signedIn(shop)
  acme.person = newPerson()
  const page = await visitor.open('/account/security')
  expect(page.html).toContain('Connect Provider acme')
  const question = await visitor.open('/upstreams/acme/connect')
  const done = await visitor.submit(question, '/security/connect')
  return { customer, visitor, done, person: acme.person }
}

test('a customer connects a provider, is told by mail, and signs in by it from then on', async () => {
  const { customer, done, person } = await connected()
  expect(pathOf(done)).toBe('/account/security?done=provider-connected')
  expect(done.html).toContain(String(person.email))
  expect(done.html).not.toContain('Connect Provider acme')
  expect((await shop.sink.mailTo(customer.email)).subject).toContain('Provider acme was connected')
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
})

test('a customer with a password disconnects a provider, and does not get in by it any more', async () => {
  const { customer, visitor, done } = await connected()
  const question = await visitor.open(disconnectLink(done))
  expect(question.html).toContain('You will no longer be able to sign in here with Provider acme.')
  const after = await visitor.submit(question, '/security/disconnect')
  expect(pathOf(after)).toBe('/account/security?done=provider-disconnected')
  await shop.sink.mailTo(customer.email, 1, /Provider acme was disconnected/)
  // The address is another one, so that they are as good as new.
  acme.person = { ...acme.person, email: undefined }
  acme.userinfo = acme.person
  const page = await comeBy(shop.visitor(), 'acme')
  acme.userinfo = undefined
  expect(page.html).toContain('is not connected to an account here')
})

test('the last way in stays', async () => {
  acme.person = newPerson()
  const visitor = shop.visitor()
  await comeBy(visitor, 'acme')
  const refused = await visitor.submit(
    await visitor.open(disconnectLink(await visitor.open('/account/security'))),
    '/disconnect',
  )
  expect([refused.status, refused.html]).toEqual([409, expect.stringContaining('This is your only way to sign in.')])
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
})

test('a person at the provider who has an account here is not moved to another', async () => {
  const { person } = await connected()
  const { visitor } = await signedIn(shop)
  acme.person = person
  const taken = await visitor.submit(await visitor.open('/upstreams/acme/connect'), '/security/connect')
  expect([taken.status, taken.html]).toEqual([409, expect.stringContaining('connected with another account here')])
})

test('what one customer was sent away for, another cannot confirm, nor disconnect what is not theirs', async () => {
  const { visitor: attacker } = await signedIn(shop)
  acme.person = newPerson()
  const theirs = await attacker.open('/upstreams/acme/connect')
  const { visitor } = await signedIn(shop)
  expect((await visitor.open(pathOf(theirs))).status).toBe(404)
  const { done } = await connected()
  expect((await visitor.open(disconnectLink(done))).status).toBe(404)
})

test('nobody is sent away who is not signed in, or who comes from another site', async () => {
  const before = acme.asked.length
  expect((await shop.visitor().open('/upstreams/acme/connect')).html).toContain('name="password"')
  const { visitor } = await signedIn(shop)
  const headers = { 'sec-fetch-site': 'cross-site' }
  const answer = await visitor.jar.fetch(`${shop.server.url}/upstreams/acme/connect`, { headers })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account/security'])
  expect(acme.asked).toHaveLength(before)
})

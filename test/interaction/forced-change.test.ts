import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestTokens, tokensOf } from '../endpoints/client.ts'
import { type HostedShop, isSignedIn, startHostedShop } from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const weak = { password: 'password1' }
const NEW = 'no list has this one'

test('a password that breaks the policy leads to a page for another one, and then on', async () => {
  const customer = await shop.addCustomer(weak)
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  expect(page.url).toMatch(/\/interaction\/[\w-]+\/new-password$/)
  expect(page.html).toContain('too easy to guess')
  const again = await visitor.submit(page, '/new-password', { password: 'password2', repeated: 'password3' })
  expect(again.status).toBe(422)
  expect(isSignedIn(await visitor.submit(again, '/new-password', { password: NEW, repeated: NEW }))).toBe(true)
  expect(isSignedIn(await visitor.openLogin())).toBe(true)
  expect(isSignedIn(await shop.visitor().signIn({ ...customer, password: NEW }))).toBe(true)
  expect((await shop.visitor().signIn(customer)).status).toBe(422)
  expect((await shop.sink.mailTo(customer.email)).subject).toContain('was changed')
})

test('"not this time" is an answer once', async () => {
  const customer = await shop.addCustomer(weak)
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  expect(isSignedIn(await visitor.submit(page, '/later'))).toBe(true)
  const next = await shop.visitor().signIn(customer)
  expect(next.html).not.toContain('/later')
  const other = shop.visitor()
  const forced = await other.signIn(customer)
  const forged = { ...forced, html: forced.html.replaceAll('/new-password"', '/later"') }
  const login = await other.submit(forged, '/later')
  expect(isSignedIn(login)).toBe(false)
})

test('the step cannot be reached without the password, nor from another browser', async () => {
  const customer = await shop.addCustomer(weak)
  const [visitor, thief] = [shop.visitor(), shop.visitor()]
  const page = await visitor.signIn(customer)
  const login = await thief.openLogin()
  expect((await thief.open(page.url)).html).toContain('This sign-in has ended')
  const { url } = await thief.open(`${login.url}/new-password`)
  expect(url).toBe(login.url)
  const forged = { ...login, html: login.html.replaceAll('/login"', '/new-password"') }
  const answer = await thief.submit(forged, '/new-password', { password: NEW, repeated: NEW })
  expect(answer.url).toBe(login.url)
  const later = { ...login, html: login.html.replaceAll('/login"', '/later"') }
  expect((await thief.submit(later, '/later')).url).toBe(login.url)
})

test('a change in the middle of a sign-in signs out everything that was there before', async () => {
  const customer = await shop.addCustomer(weak)
  const login = { username: customer.email, password: customer.password }
  const tokens = await tokensOf(shop.server.url, login)
  const visitor = shop.visitor()
  await visitor.submit(await visitor.signIn(customer), '/new-password', { password: NEW, repeated: NEW })
  const refreshed = await requestTokens(shop.server.url, {
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token,
  })
  expect(refreshed.status).toBe(400)
})

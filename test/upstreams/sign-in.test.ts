import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { CALLBACK, decode, pkce, read, requestTokens } from '../endpoints/client.ts'
import { isSignedIn, type Page } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from './shop-with-upstreams.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme')
})
afterAll(() => shop?.stop())

let count = 0
const newPerson = (more: object = {}) => {
  const number = ++count
  return { sub: `person-${number}`, email: `person${number}@people.example`, email_verified: true, ...more }
}

test('somebody new signs in at the provider, and has an account from then on', async () => {
  acme.person = newPerson({ given_name: 'Nora', family_name: 'Lind' })
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
  // In another browser it is the same account, whatever the address is by now.
  acme.person = { ...acme.person, email: 'another@people.example' }
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
  const login = await shop.visitor().openLogin()
  expect(login.html).toContain('Continue with Provider acme')
})

test('the request has state, nonce, PKCE by S256 and the languages of the page', async () => {
  acme.person = newPerson()
  await comeBy(shop.visitor(), 'acme', { ui_locales: 'de en', login_hint: 'nora@people.example' })
  const asked = Object.fromEntries(acme.asked.at(-1) ?? [])
  expect(asked).toMatchObject({
    response_type: 'code',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
    redirect_uri: `${shop.server.url}/upstreams/acme/callback`,
    login_hint: 'nora@people.example',
    ui_locales: 'de en',
  })
  expect([asked.state, asked.nonce, asked.code_challenge].every((value) => /^[\w-]{43}$/.test(String(value)))).toBe(
    true,
  )
})

test('an account with the address is connected by its owner alone: sign in to it once, and say yes', async () => {
  const customer = await shop.addCustomer()
  acme.person = newPerson({ email: customer.email.toUpperCase() })
  const visitor = shop.visitor()
  const login = await comeBy(visitor, 'acme')
  expect(login.html).toContain('You already have an account with this address.')
  const question = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
  expect(question.html).toContain('Connect Provider acme?')
  expect(isSignedIn(await visitor.submit(question, '/connect', { decision: 'connect' }))).toBe(true)
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
  expect((await shop.sink.mailTo(customer.email)).subject).toContain('Provider acme was connected')
})

test('who says no to connecting is signed in, and nothing is connected', async () => {
  const customer = await shop.addCustomer()
  acme.person = newPerson({ email: customer.email })
  const visitor = shop.visitor()
  const login = await comeBy(visitor, 'acme')
  const question = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
  expect(isSignedIn(await visitor.submit(question, '/connect', { decision: 'later' }))).toBe(true)
  expect((await comeBy(shop.visitor(), 'acme')).html).toContain('You already have an account with this address.')
})

test('an address that the provider does not vouch for gets a letter, and its link opens the account in this browser alone', async () => {
  acme.person = newPerson({ email_verified: false })
  const visitor = shop.visitor()
  const sent = await comeBy(visitor, 'acme')
  expect(sent.url).toContain('/sent/registration')
  const { link } = await shop.sink.mailTo(String(acme.person.email))
  expect((await shop.visitor().open(link)).status).toBe(410)
  await visitor.submit(await visitor.open(link), '/confirmation')
  expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
})

test('the page is the same for an address that has an account, where the provider does not vouch for it', async () => {
  const customer = await shop.addCustomer()
  const seen = ({ status, url, html }: Page) => [status, url, html]
  acme.person = newPerson({ email_verified: false })
  const unknown = await comeBy(shop.visitor(), 'acme')
  acme.person = newPerson({ email: customer.email, email_verified: false })
  expect(seen(await comeBy(shop.visitor(), 'acme'))).toEqual(seen(unknown))
  expect((await shop.sink.mailTo(customer.email)).subject).toContain('You already have an account')
})

test('who changes their mind at the provider is back at the sign-in page', async () => {
  acme.error = 'access_denied'
  const page = await comeBy(shop.visitor(), 'acme')
  expect([page.status, page.html]).toEqual([200, expect.stringContaining('You did not sign in at Provider acme.')])
})

test('without a verified address there is no account to make', async () => {
  acme.person = { sub: 'nameless' }
  acme.userinfo = { sub: 'nameless' }
  const page = await comeBy(shop.visitor(), 'acme')
  acme.userinfo = undefined
  expect([page.status, page.html]).toEqual([422, expect.stringContaining('is not connected to an account here')])
})

test('the address comes from userinfo where the ID token has none, and only about the same person', async () => {
  const { sub, ...rest } = newPerson()
  acme.person = { sub }
  acme.userinfo = { sub, ...rest }
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
  acme.person = { sub: 'somebody else' }
  const page = await comeBy(shop.visitor(), 'acme')
  acme.userinfo = undefined
  expect([page.status, page.html]).toEqual([502, expect.stringContaining('The sign-in did not work')])
})

test.each([
  ['the ID token says so, of an address that userinfo has', { email_verified: true }, {}],
  ['userinfo says so, of an address that the ID token has', {}, { email_verified: true }],
] as const)('an address counts as verified by the place that it is from, and not because %s', async (_, said, told) => {
  const { sub, email } = newPerson()
  const isInToken = Object.keys(said).length === 0
  acme.person = { sub, ...said, ...(isInToken && { email }) }
  acme.userinfo = { sub, email, ...told }
  const page = await comeBy(shop.visitor(), 'acme')
  acme.userinfo = undefined
  expect([isSignedIn(page), page.url.includes('/sent/registration')]).toEqual([false, true])
})

test('whoever types an address of a company with a provider of its own is sent there', async () => {
  const works = await shop.addProvider('works', 'oidc', { email_domains: ['works.example'], has_button: false })
  works.person = { sub: 'employee', email: 'employee@works.example' }
  const visitor = shop.visitor()
  const page = await visitor.openLogin()
  expect(page.html).not.toContain('Provider works')
  expect(isSignedIn(await visitor.submit(page, '/login', { login: 'employee@Works.example ', password: '' }))).toBe(
    true,
  )
  expect(works.asked[0]?.get('login_hint')).toBe('employee@Works.example')
})

test('a customer without a password has none to guess, and can choose one by mail', async () => {
  acme.person = newPerson()
  await comeBy(shop.visitor(), 'acme')
  const email = String(acme.person.email)
  expect((await requestTokens(shop.server.url, { username: email, password: '' })).status).toBe(400)
  expect((await requestTokens(shop.server.url, { username: email, password: 'a guess' })).status).toBe(400)
  const visitor = shop.visitor()
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const { link } = await shop.sink.mailTo(email)
  const fields = { password: 'a password of their own', repeated: 'a password of their own' }
  await visitor.submit(await visitor.open(link), '/recovery/new', fields)
  expect(isSignedIn(await shop.visitor().signIn({ email, password: fields.password }))).toBe(true)
})

test('a client that asks for a fresh sign-in has the provider ask for one too', async () => {
  acme.person = newPerson({ auth_time: Math.floor(Date.now() / 1000) - 3600 })
  const stale = await comeBy(shop.visitor(), 'acme', { prompt: 'login' })
  expect([stale.status, acme.asked.at(-1)?.get('prompt'), acme.asked.at(-1)?.get('max_age')]).toEqual([
    502,
    'login',
    '0',
  ])
  acme.person = { ...acme.person, auth_time: Math.floor(Date.now() / 1000) }
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme', { prompt: 'login' }))).toBe(true)
})

test('a provider that does not answer leads back to the sign-in page, and no further', async () => {
  const gone = await shop.addProvider('gone')
  gone.replies.set('/.well-known/openid-configuration', (_, response) => response.writeHead(500).end())
  const page = await comeBy(shop.visitor(), 'gone')
  expect([page.status, page.html]).toEqual([503, expect.stringContaining('Provider gone does not answer right now')])
})

test.each([
  ['not believed', false, ['fed']],
  ['believed', true, ['fed', 'pwd', 'otp']],
])('the ways in which the provider signed a person in are told on where it is %s', async (_, trusts_amr, amr) => {
  const id = `amr-${trusts_amr}`
  const provider = await shop.addProvider(id, 'oidc', { trusts_amr })
  provider.person = { ...newPerson(), amr: ['pwd', 'otp', 'invented', 7] }
  const { verifier, challenge } = pkce()
  const { url } = await comeBy(shop.visitor(), id, { code_challenge: challenge })
  const code = String(new URL(url).searchParams.get('code'))
  const fields = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_id: 'frontend',
    redirect_uri: CALLBACK,
  }
  const { body } = await read(postForm(`${shop.server.url}/token`, fields))
  expect(decode(String(body.id_token)).payload.amr).toEqual(amr)
})

test('a customer who is blocked does not come in by a provider', async () => {
  acme.person = newPerson()
  await comeBy(shop.visitor(), 'acme')
  const email = String(acme.person.email)
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers?search=${encodeURIComponent(email)}`)
  const [{ customerReference: reference } = { customerReference: '' }] = body.items as { customerReference: string }[]
  await ask(shop.server, OWNER, 'POST', `/v1/customers/${reference}/block`, {})
  expect((await comeBy(shop.visitor(), 'acme')).status).toBe(422)
})

test('a provider that is switched off has no button, and signs nobody in', async () => {
  const off = await shop.addProvider('off')
  off.person = newPerson()
  const visitor = shop.visitor()
  const page = await visitor.openLogin()
  const upstream = { id: 'off', name: 'Off', issuer: off.issuer, client_id: off.clientId, is_enabled: false }
  await ask(shop.server, OWNER, 'PUT', '/v1/upstreams/off', { upstream }, { 'If-Match': '*' })
  expect(isSignedIn(await visitor.submit(page, '/upstreams/off'))).toBe(false)
  expect([(await visitor.openLogin()).html.includes('/upstreams/off'), off.asked]).toEqual([false, []])
})

test('an export tells a customer what is connected, and erasing forgets it', async () => {
  acme.person = newPerson()
  await comeBy(shop.visitor(), 'acme')
  const email = String(acme.person.email)
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers?search=${encodeURIComponent(email)}`)
  const [{ customerReference: reference } = { customerReference: '' }] = body.items as { customerReference: string }[]
  const exported = await ask(shop.server, OWNER, 'GET', `/v1/customers/${reference}/personal-data`)
  const linked = { upstream: 'acme', issuer: acme.issuer, subject: acme.person.sub, email }
  expect(exported.body.linkedAccounts).toEqual([expect.objectContaining(linked)])
  await ask(shop.server, OWNER, 'POST', `/v1/customers/${reference}/erase`, {})
  // The person is somebody new.
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
})

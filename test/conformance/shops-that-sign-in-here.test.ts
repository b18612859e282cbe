import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, pkce, read, ron, userinfo } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { answerOf, asksForPassword, type ConfidentialClient, registerClient } from './confidential-client.ts'

/*
 * Shop systems that let their customers sign in here, each with the parameters that it sends. What they have in common with
 * every other client is in the neighbouring files.
 */

const UNCONFIRMED = { username: 'unconfirmed@example.com', password: 'change123' }
const SHOPIFY_SCOPE = 'openid email profile offline_access'

let server: TestServer
let shopify: ConfidentialClient
let plain: ConfidentialClient
let saleor: ConfidentialClient
let spree: ConfidentialClient
let vtex: ConfidentialClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER }, { captureLog: true })
  const byPost = { token_endpoint_auth_method: 'client_secret_post' }
  shopify = await registerClient(server, 'shopify', { ignore_prompt_login: true })
  plain = await registerClient(server, 'plain-shop')
  saleor = await registerClient(server, 'saleor')
  spree = await registerClient(server, 'spree', byPost)
  vtex = await registerClient(server, 'vtex', { ...byPost, long_codes: true })
})
afterAll(() => server?.stop())

async function importCustomer(record: object): Promise<void> {
  const { status } = await ask(server, OWNER, 'POST', '/v1/customers/import', JSON.stringify(record))
  expect(status).toBe(200)
}

/** A customer of the test's own, whose address is confirmed. */
async function customer(username: string) {
  const password = 'a password of their own'
  const record = { email: username, customerReference: username, emailVerified: true }
  await importCustomer({ ...record, password: await createPasswords().hash(password) })
  return { username, password, record }
}

test('nobody signs in with an address that was never confirmed, and the page says what to do', async () => {
  const browser = saleor.browser()
  const page = await browser.signIn(await browser.open(), UNCONFIRMED)
  expect([page.url.startsWith(server.url), page.response.status]).toEqual([true, 422])
  expect(await page.response.text()).toMatch(/confirm/i)
})

test.each([
  [{ verified_email_only: true }, 'login_required'],
  [{}, undefined],
])('a session whose address is no longer confirmed, at a client with %j: %s', async (members, error) => {
  const name = error ? 'wary-shop' : 'trusting-shop'
  const shop = await registerClient(server, name, members)
  const browser = shop.browser()
  const moved = await customer(`${name}@example.com`)
  await browser.tokens({}, moved)
  await importCustomer({ ...moved.record, emailVerified: false })
  await waitFor(async () => answerOf(await browser.open({ prompt: 'none' })).error === error, { what: 'the change' })
  const page = await browser.open()
  if (!error) return expect(answerOf(page)).toHaveProperty('code')
  const refused = await browser.signIn(page, moved)
  expect([refused.url.startsWith(server.url), refused.response.status]).toEqual([true, 422])
  expect(await refused.response.text()).toMatch(/confirm/i)

  await importCustomer({ ...moved.record, emailVerified: true })
  await waitFor(async () => 'code' in answerOf(await browser.open()), { what: 'the session to go on' })
})

describe('the ID token', () => {
  const s256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }

  test.each<[string, Record<string, string>, boolean]>([
    ['with PKCE', {}, true],
    ['without PKCE', {}, false],
    ['without PKCE, for a named resource server', { resource: 'urn:vestibule:commerce' }, false],
  ])('%s has the person’s names and address in it, so that a shop need not ask userinfo', async (_, fields, isPkce) => {
    const { verifier, challenge } = pkce()
    const browser = plain.browser()
    const page = await browser.open({ ...fields, ...(isPkce && { ...s256, code_challenge: challenge }) })
    const code = answerOf(await browser.signIn(page)).code ?? ''
    const { body } = await plain.redeem(code, isPkce ? { code_verifier: verifier } : {})
    expect(decode(body.id_token).payload).toMatchObject({
      sub: expect.any(String),
      email: 'sonia@spryker.com',
      email_verified: true,
      given_name: 'Sonia',
      family_name: 'Wagner',
    })
  })

  test('says of an address that is no longer confirmed that it is not', async () => {
    const moved = await customer('moved@example.com')
    const { refresh_token } = await plain.browser().tokens({}, moved)
    await importCustomer({ ...moved.record, emailVerified: false })
    const { body } = await plain.refresh(refresh_token)
    const said = { email: moved.username, email_verified: false }
    expect(decode(body.id_token).payload).toMatchObject(said)
    expect((await read(userinfo(server.url, body.access_token))).body).toMatchObject(said)
  })

  test('names the issuer letter by letter as metadata does, and an algorithm that metadata names', async () => {
    const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
    const { header, payload } = decode((await spree.browser().tokens()).id_token)
    expect(payload.iss).toBe(body.issuer)
    expect(body.id_token_signing_alg_values_supported).toContain(header.alg)
  })
})

test('prompt=login of a shop that sends it always is answered with the form once, and with codes after it', async () => {
  const browser = shopify.browser()
  const fields = { prompt: 'login', scope: SHOPIFY_SCOPE, login_hint: 'sonia@spryker.com' }
  const page = await browser.open(fields)
  expect(await asksForPassword(page)).toBe(true)
  expect(answerOf(await browser.signIn(page))).toHaveProperty('code')
  expect(answerOf(await browser.open(fields))).toHaveProperty('code')
})

describe('a second shop of the same issuer', () => {
  test('signs the same person in without the form', async () => {
    const first = shopify.browser()
    const tokens = await first.tokens()
    const second = await plain.browser(first.jar).tokens({ prompt: 'none' })
    expect(decode(second.id_token).payload.sub).toBe(decode(tokens.id_token).payload.sub)
  })

  test.each([
    ['prompt=none with a login_hint of another person is answered login_required', ron.username, 'error'],
    ['prompt=none with a login_hint of the same person, however written, is answered', 'SONIA@Spryker.com', 'code'],
    ['prompt=none with a login_hint that is no address is answered', 'customer-21', 'code'],
  ])('%s', async (_, login_hint, member) => {
    const browser = plain.browser()
    await browser.tokens()
    const answer = answerOf(await browser.open({ prompt: 'none', login_hint }))
    expect(answer).toHaveProperty(member)
    if (member === 'error') expect(answer.error).toBe('login_required')
  })
})

describe('a refresh', () => {
  test.each([
    ['by Basic', () => saleor],
    ['with the secret in the body', () => spree],
  ] as const)(
    '%s works without prompt=consent and gives three new tokens, the ID token with its claims',
    async (...row) => {
      const client = row[1]()
      const first = await client.browser().tokens({ scope: SHOPIFY_SCOPE })
      // ID tokens of one second are alike.
      const { status, body } = await later(() => client.refresh(first.refresh_token), 1)
      expect(status).toBe(200)
      for (const name of ['access_token', 'refresh_token', 'id_token'] as const) {
        expect(body[name]).toEqual(expect.any(String))
        expect(body[name]).not.toBe(first[name])
      }
      const { sub } = decode(first.id_token).payload
      expect(decode(body.id_token).payload).toMatchObject({ sub, email: 'sonia@spryker.com', email_verified: true })
      expect((await client.refresh(body.refresh_token)).status).toBe(200)
    },
  )
})

test('scopes and parameters that belong to the shop are ignored', async () => {
  const tokens = await saleor.browser().tokens({
    scope: 'openid profile email saleor:manage_orders saleor:staff',
    audience: 'https://saleor.example/',
  })
  expect(tokens.scope?.split(' ').toSorted()).toEqual(['email', 'openid', 'profile'])
  expect(JSON.stringify(decode(tokens.access_token).payload)).not.toContain('saleor:')
})

describe('a sign-in of plain OAuth 2', () => {
  test.each([
    ['512 letters', 'x'.repeat(512)],
    ['512 of everything that a query can hold', "a-._~!$&'()*+,;=:@/?%20#[] ü".repeat(18).slice(0, 512)],
    ['a signed value', 'eyJyIjoiaHR0cHM6Ly94LnkvP2E9YiZjPWQifQ:1tKx/+==:abc'],
  ])('brings back the state unchanged: %s', async (_, state) => {
    const browser = vtex.browser()
    const fields = {
      client_id: vtex.id,
      state,
      redirect_uri: vtex.callback,
      response_type: 'code',
      scope: 'openid email',
    }
    const back = answerOf(await browser.signIn(await browser.open(fields)))
    expect(back).toMatchObject({ state, code: expect.any(String) })
  })

  test('gives a token by a form, which says who somebody is by the header and never by the address', async () => {
    const browser = vtex.browser()
    const { code = '' } = answerOf(await browser.signIn(await browser.open({ scope: 'openid profile email' })))
    const { body } = await vtex.redeem(code)
    expect(body).toMatchObject({ access_token: expect.any(String), expires_in: expect.any(Number) })
    expect((await read(userinfo(server.url, body.access_token))).body).toMatchObject({
      sub: expect.any(String),
      email: 'sonia@spryker.com',
      name: 'Sonia Wagner',
    })
    const inAddress = await fetch(`${server.url}/userinfo?access_token=${body.access_token}`)
    expect([400, 401]).toContain(inAddress.status)
    expect(server.logLines.length).toBeGreaterThan(0)
    expect(server.logLines.join('')).not.toContain(body.access_token)
  })

  test('has codes longer than 64 where the client asks for that, each good once', async () => {
    const browser = vtex.browser()
    const { code = '' } = answerOf(await browser.signIn(await browser.open()))
    expect(code).toMatch(/^[\w-]{65,}$/)
    const { body } = await vtex.redeem(code)
    expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true })
    expect((await vtex.redeem(code)).body.error).toBe('invalid_grant')
    expect(await introspect(server.url, body.access_token)).toEqual({ active: false })
  })
})

test('a parameter of other providers that says where to go after a sign-out is not followed', async () => {
  const browser = shopify.browser()
  const { id_token } = await browser.tokens()
  const page = await browser.signOut({ returnTo: shopify.home, id_token_hint: id_token })
  const done = await browser.confirmSignOut(page)
  expect(new URL(done.url).origin).toBe(server.url)
  expect(await browser.isSignedIn()).toBe(false)
})

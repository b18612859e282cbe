import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  type EnrolledCustomer,
  type FactorShop,
  SECOND_FACTOR,
  SIGNED_IN,
  startFactorShop,
} from '../interaction/factor-shop.ts'
import type { Page, TestCustomer, Visitor } from '../interaction/hosted-shop.ts'
import { later } from '../support/clock.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { authorizationUrl, CALLBACK, decode, introspect, pkce, read, redeem, refresh, requestTokens } from './client.ts'
import { addPlatform, addShop, CART, CHECKOUT, ORDERS, type Platform, SECRET } from './platform.ts'

const AGE_SECONDS = 900
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

let shop: FactorShop
let resource: string
let platform: Platform
let enrolled: EnrolledCustomer
beforeAll(async () => {
  shop = await startFactorShop({ ADMIN_TOKEN: OWNER })
  const scope_policies = { [CHECKOUT]: { min_acr: SECOND_FACTOR }, [CART]: { max_token_age: AGE_SECONDS } }
  resource = await addShop(shop.server, { scope_policies })
  platform = await addPlatform(shop.server, resource)
  enrolled = await shop.enrol()
})
afterAll(() => shop?.stop())

const scopesOf = ({ scope = '' }: { scope?: unknown }) => String(scope).split(' ').filter(Boolean).sort()
const S256 = () => {
  const { verifier, challenge } = pkce()
  return { verifier, proof: { code_challenge: challenge, code_challenge_method: 'S256' } }
}

/** A browser in which the customer has signed in with their password. */
async function signedIn({ email, password }: TestCustomer): Promise<Visitor> {
  const visitor = shop.visitor()
  await visitor.submit(await visitor.openLogin(), '/login', { login: email, password })
  return visitor
}

/** Asks for scopes in a browser; `walk` answers the pages up to the consent. */
async function authorize(
  visitor: Visitor,
  fields: Record<string, string>,
  walk: (page: Page) => Promise<Page>,
  by = platform,
) {
  const { verifier, proof } = S256()
  const first = await visitor.openLogin({ client_id: by.clientId, ...proof, ...fields })
  const consent = await walk(first)
  const { url } = consent.url.startsWith(CALLBACK)
    ? consent
    : await visitor.submit(consent, '/consent', { decision: 'allow' })
  const code = new URL(url).searchParams.get('code') ?? ''
  return { first, answer: await read(redeem(shop.server.url, code, verifier, {}, by.headers)) }
}
const withCode = (visitor: Visitor) => async (page: Page) =>
  visitor.submit(page, '/second-factor', { code: await enrolled.code(), remember_device: '' })
const atOnce = async (page: Page) => page

describe('a scope with min_acr', () => {
  test('leads a session that is weaker to the second factor, and the tokens say how the person signed in', async () => {
    // The sign-in in this browser needs one code, and what asks for more another.
    const visitor = shop.visitor()
    const login = { login: enrolled.email, password: enrolled.password }
    const { first, answer } = await authorize(visitor, { scope: `${CHECKOUT} ${ORDERS}` }, async (page) =>
      withCode(visitor)(await visitor.submit(page, '/login', login)),
    )
    expect(first.url).toContain('/interaction/')
    expect([answer.status, scopesOf(answer.body)]).toEqual([200, [CHECKOUT, ORDERS].sort()])
    const said = await introspect(shop.server.url, answer.body.access_token, platform.headers)
    expect(said).toMatchObject({ acr: SECOND_FACTOR, auth_time: expect.any(Number) })
    const refreshed = await platform.refresh(answer.body.refresh_token)
    expect(scopesOf(refreshed.body)).toEqual([CHECKOUT, ORDERS].sort())
  })

  test('that a person cannot reach is not asked for on the page, and alone ends in an error', async () => {
    const visitor = await signedIn(await shop.addCustomer())
    const { answer } = await authorize(visitor, { scope: `${CHECKOUT} ${ORDERS}` }, atOnce)
    expect(scopesOf(answer.body)).toEqual([ORDERS])
    const { url } = await visitor.openLogin({ client_id: platform.clientId, ...S256().proof, scope: CHECKOUT })
    expect(new URL(url).searchParams.get('error')).toBe('unmet_authentication_requirements')
  })

  test('has a person set a second factor up at a platform that requires one', async () => {
    const strict = await addPlatform(shop.server, resource, { require_second_factor: true })
    const visitor = await signedIn(await shop.addCustomer())
    const { url } = await visitor.openLogin({ client_id: strict.clientId, ...S256().proof, scope: CHECKOUT })
    expect(url).toMatch(/\/second-factor-set-up$/)
  })

  test('prompt=none, a pushed request and a weaker wish of the client change nothing', async () => {
    const customer = await shop.addCustomer()
    const visitor = await signedIn(customer)
    await shop.enrol(customer)
    const wish = { client_id: platform.clientId, ...S256().proof, scope: CHECKOUT, acr_values: SIGNED_IN }
    const silent = await visitor.openLogin({ ...wish, prompt: 'none' })
    expect(new URL(silent.url).searchParams.get('error')).toBe('login_required')
    expect((await visitor.openLogin(wish)).url).toMatch(/\/second-factor$/)
    expect((await visitor.openLogin({ ...wish, acr_values: `phr ${SIGNED_IN}` })).url).toMatch(/\/second-factor$/)
    const request = Object.fromEntries(new URL(authorizationUrl(shop.server.url, wish)).searchParams)
    const { body } = await read(postForm(`${shop.server.url}/par`, request, platform.headers))
    const opened = new URLSearchParams({ client_id: platform.clientId, request_uri: body.request_uri })
    expect((await visitor.open(`/authorize?${opened}`)).url).toMatch(/\/second-factor$/)
  })

  test('an essential acr of the request that is weaker brings a code, and no token with the scope', async () => {
    const visitor = await signedIn(await shop.addCustomer())
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: SIGNED_IN } } })
    const { answer } = await authorize(visitor, { scope: `openid ${CHECKOUT} ${ORDERS}`, claims }, atOnce)
    expect([answer.status, scopesOf(answer.body)]).toEqual([200, ['openid', ORDERS].sort()])
  })
})

describe('a scope with max_token_age', () => {
  test('asks a session that is older for the password, and the tokens say when it was given', async () => {
    const customer = await shop.addCustomer()
    const visitor = await signedIn(customer)
    expect((await visitor.openLogin({ client_id: platform.clientId, ...S256().proof, scope: CART })).html).toContain(
      'name="decision"',
    )
    await later(async () => {
      const { first, answer } = await authorize(visitor, { scope: CART }, (page) =>
        visitor.submit(page, '/login', { login: customer.email, password: customer.password }),
      )
      expect(first.html).toContain('type="password"')
      const said = await introspect(shop.server.url, answer.body.access_token, platform.headers)
      expect(Number(said.auth_time)).toBeGreaterThan(Date.now() / 1000 - 60)
    }, AGE_SECONDS + 60)
  })

  test('is in no token of a refresh that comes later, which says so; alone it is refused, and the link goes on', async () => {
    const visitor = await signedIn(await shop.addCustomer())
    const both = (await authorize(visitor, { scope: `${CART} ${ORDERS}` }, atOnce)).answer.body
    expect(scopesOf(both)).toEqual([CART, ORDERS].sort())
    await later(async () => {
      const next = await platform.refresh(both.refresh_token)
      expect(scopesOf(next.body)).toEqual([ORDERS])
      const alone = await platform.refresh(next.body.refresh_token, { scope: CART })
      expect([alone.status, alone.body.error]).toEqual([400, 'invalid_scope'])
      expect((await platform.refresh(next.body.refresh_token)).status).toBe(200)
    }, AGE_SECONDS + 60)
  })

  test('makes a token end when the sign-in is too old for it, on every way to one', async () => {
    const visitor = await signedIn(await shop.addCustomer())
    const { body } = (await authorize(visitor, { scope: `${CART} ${ORDERS}` }, atOnce)).answer
    expect(body.expires_in).toBeLessThanOrEqual(AGE_SECONDS)
    const { body: next } = await later(() => platform.refresh(body.refresh_token), AGE_SECONDS - 300)
    expect(next.expires_in).toBeLessThanOrEqual(300)
    const narrow = await platform.refresh(next.refresh_token, { scope: ORDERS })
    expect(narrow.body.expires_in).toBeGreaterThan(AGE_SECONDS)
    await later(async () => {
      const { active } = await introspect(shop.server.url, body.access_token, platform.headers)
      expect(active).toBe(false)
      expect((await introspect(shop.server.url, narrow.body.access_token, platform.headers)).active).toBe(true)
    }, AGE_SECONDS + 1)
  })

  test('holds for a device, too: whoever connects it signs in anew', async () => {
    const customer = await shop.addCustomer()
    const visitor = await signedIn(customer)
    const grant_types = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']
    const device = await addPlatform(shop.server, resource, { grant_types, redirect_uris: [], response_types: [] })
    await later(async () => {
      const asked = await read(postForm(`${shop.server.url}/device_authorization`, { scope: CART }, device.headers))
      const form = await visitor.open('/device')
      const confirm = await visitor.submit(form, '/device', { user_code: asked.body.user_code })
      const login = await visitor.submit(confirm, '/device', { confirm: 'yes' })
      expect(login.html).toContain('type="password"')
      const consent = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
      await visitor.submit(consent, '/consent', { decision: 'allow' })
      const poll = { grant_type: grant_types[0], device_code: asked.body.device_code }
      const { status, body } = await read(postForm(`${shop.server.url}/token`, poll, device.headers))
      expect([status, scopesOf(body)]).toEqual([200, [CART]])
      expect(body.expires_in).toBeLessThanOrEqual(AGE_SECONDS)
    }, AGE_SECONDS + 60)
  })

  test('of a link that is extended later is left to the old tokens until the person signs in anew', async () => {
    const customer = await shop.addCustomer()
    const visitor = await signedIn(customer)
    await authorize(visitor, { scope: CART }, atOnce)
    await later(async () => {
      const { answer } = await authorize(visitor, { scope: ORDERS }, atOnce)
      expect(scopesOf(answer.body)).toEqual([ORDERS])
      const again = await authorize(visitor, { scope: ORDERS, prompt: 'login' }, (page) =>
        visitor.submit(page, '/login', { login: customer.email, password: customer.password }),
      )
      expect(scopesOf(again.answer.body)).toEqual([CART, ORDERS].sort())
    }, AGE_SECONDS + 60)
  })
})

describe('on the other ways to a token', () => {
  const own = { first_party: true, security_profile: undefined, resource_scopes: undefined, access_token_format: 'jwt' }

  test('the password grant gives the other scopes, and refuses where none is left', async () => {
    const grant_types = ['password', 'refresh_token']
    const client = await addPlatform(shop.server, resource, { ...own, grant_types })
    const { email: username, password } = await shop.addCustomer()
    const by = (scope: string) => read(requestTokens(shop.server.url, { username, password, scope }, client.headers))
    const some = await by(`${CHECKOUT} ${ORDERS} ${CART}`)
    expect([some.status, scopesOf(some.body)]).toEqual([200, [CART, ORDERS].sort()])
    const none = await by(CHECKOUT)
    expect([none.status, none.body.error]).toEqual([400, 'invalid_scope'])
    const refreshed = await read(refresh(shop.server.url, some.body.refresh_token, {}, client.headers))
    expect(scopesOf(refreshed.body)).toEqual([CART, ORDERS].sort())
    expect(scopesOf(decode(refreshed.body.access_token).payload)).toEqual([CART, ORDERS].sort())
  })

  test('an exchange gives what the sign-in of the traded token meets', async () => {
    const open = await addShop(shop.server, { scopes: [CHECKOUT, ORDERS] })
    const grant_types = ['password', EXCHANGE]
    const targets = { introspects: [open], exchange_targets: [resource], default_resource: open }
    const service = await addPlatform(shop.server, open, { ...own, grant_types, ...targets })
    const { email: username, password } = await shop.addCustomer()
    const tokens = await read(
      requestTokens(shop.server.url, { username, password, scope: `${CHECKOUT} ${ORDERS}` }, service.headers),
    )
    expect(scopesOf(tokens.body)).toEqual([CHECKOUT, ORDERS].sort())
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token'
    const trade = (fields = {}) =>
      read(
        postForm(
          `${shop.server.url}/token`,
          { grant_type: EXCHANGE, subject_token: tokens.body.access_token, subject_token_type, resource, ...fields },
          service.headers,
        ),
      )
    expect(scopesOf((await trade()).body)).toEqual([ORDERS])
    expect((await trade({ scope: CHECKOUT })).body.error).toBe('invalid_scope')
  })

  test('an approval on another device gives what the sign-in of whoever approved meets', async () => {
    const grant = 'urn:openid:params:grant-type:ciba'
    const grant_types = [grant, 'refresh_token']
    const members = { grant_types, redirect_uris: [], response_types: [], backchannel_token_delivery_mode: 'poll' }
    const desk = await addPlatform(shop.server, resource, { ...own, ...members })
    const customer = await shop.addCustomer()
    const scope = `openid ${CHECKOUT} ${ORDERS} ${CART}`
    const asked = await read(
      postForm(`${shop.server.url}/backchannel`, { scope, resource, login_hint: customer.email }, desk.headers),
    )
    expect(asked.status, asked.text).toBe(200)
    const visitor = await signedIn(customer)
    const { html } = await visitor.open('/account/apps')
    const href = /href="([^"]*\/account\/apps\/approve[^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    await visitor.submit(await visitor.open(href), '/apps/approve', { decision: 'allow' })
    const poll = { grant_type: grant, auth_req_id: asked.body.auth_req_id }
    const { status, body } = await read(postForm(`${shop.server.url}/token`, poll, desk.headers))
    expect([status, scopesOf(body)]).toEqual([200, ['openid', ORDERS, CART].sort()])
    expect(decode(body.access_token).payload).toMatchObject({ acr: SIGNED_IN, auth_time: expect.any(Number) })
  })

  test('a token of a client itself has them: no person is behind it', async () => {
    const machines = await addShop(shop.server, {
      scope_policies: { [CHECKOUT]: { min_acr: SECOND_FACTOR } },
      hasMachineTokens: true,
    })
    const { clientId } = await addPlatform(shop.server, machines, {
      ...own,
      grant_types: ['client_credentials'],
      redirect_uris: [],
    })
    const form = { grant_type: 'client_credentials', resource: machines, scope: CHECKOUT }
    const { body } = await read(postForm(`${shop.server.url}/token`, form, basicAuth(clientId, SECRET)))
    expect(scopesOf(body)).toEqual([CHECKOUT])
  })
})

test.each([
  [{ [CHECKOUT]: {} }, /demands nothing/],
  [{ [CHECKOUT]: { min_acr: 'urn:other:acr' } }, /min_acr/],
  [{ [CHECKOUT]: { max_token_age: 1 } }, /max_token_age/],
  [{ [CHECKOUT]: { max_token_age: 60, require_mfa: true } }, /require_mfa/],
  [{ 'no:such': { max_token_age: 60 } }, /not among its scopes/],
])('a policy that makes no sense is refused with the resource server: %j', async (scope_policies, detail) => {
  const settings = { identifier: 'urn:test:policies', format: 'jwt', scopes: [CHECKOUT], scope_policies }
  const { status, body } = await ask(shop.server, OWNER, 'POST', '/v1/resource-servers', settings)
  expect([status, body.detail]).toEqual([400, expect.stringMatching(detail)])
})

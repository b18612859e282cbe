import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { later } from '../support/clock.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  ordersService,
  pkce,
  read,
  redeem,
  signIn,
  submit,
  userinfo,
} from './client.ts'
import { addPlatform, addShop, CART, CHECKOUT, ORDERS, type Platform, PROFILE } from './platform.ts'

let shop: HostedShop
let resource: string
let platform: Platform
beforeAll(async () => {
  shop = await startHostedShop()
  resource = await addShop(shop.server)
  platform = await addPlatform(shop.server, resource)
  const path = '/v1/clients/orders-service'
  const { body, headers } = await ask(shop.server, OWNER, 'GET', path)
  const metadata = { ...(body.metadata as object), introspects: ['*'] }
  await ask(shop.server, OWNER, 'PUT', path, { metadata }, { 'If-Match': String(headers.get('etag')) })
})
afterAll(() => shop?.stop())

const PROOF = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
const url = () => shop.server.url
const scopesOf = ({ scope = '' }: { scope?: string }) => scope.split(' ').filter(Boolean).sort()
const isActive = async (token: string) => (await introspect(url(), token, platform.headers)).active
const loginOf = ({ email, password }: TestCustomer) => ({ username: email, password })
async function newLink(fields: Record<string, string> = {}) {
  const customer = await shop.addCustomer()
  const login = loginOf(customer)
  const jar = createCookieJar()
  return { customer, login, jar, tokens: await platform.link(fields, { login, jar }) }
}

describe('a request as the Universal Commerce Protocol sends it, without openid and without resource', () => {
  test('leads to opaque tokens for the shop of the platform, with a refresh token', async () => {
    const { tokens } = await newLink()
    expect(scopesOf(tokens)).toEqual([CHECKOUT, ORDERS].sort())
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
    expect(tokens.access_token).not.toMatch(/\..*\./)
    expect(tokens.refresh_token).toEqual(expect.any(String))
    expect(tokens).not.toHaveProperty('id_token')
  })

  test('introspection says for whom, for which shop, for what, and the profile of the platform', async () => {
    const { tokens, customer } = await newLink()
    expect(await introspect(url(), tokens.access_token)).toMatchObject({
      active: true,
      sub: customer.id,
      client_id: platform.clientId,
      aud: resource,
      ucp_profile: PROFILE,
      acr: 'urn:vestibule:acr:signed-in',
      auth_time: expect.any(Number),
    })
  })

  test('a platform that wants JWTs gets them, and of an opaque resource server none', async () => {
    const wanting = await addPlatform(shop.server, resource, { access_token_format: 'jwt' })
    const login = loginOf(await shop.addCustomer())
    expect((await wanting.link({}, { login })).access_token.split('.')).toHaveLength(3)
    const closed = await addShop(shop.server, { format: 'opaque' })
    const other = await addPlatform(shop.server, closed, { access_token_format: 'jwt' })
    expect((await other.link({}, { login })).access_token).not.toContain('.')
  })
})

describe('PKCE', () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined }
  const asked = (client: Platform, fields = {}) =>
    fetch(authorizationUrl(url(), { client_id: client.clientId, scope: ORDERS, ...fields }), { redirect: 'manual' })
  const errorOf = (answer: Response) => new URL(answer.headers.get('location') ?? '', url()).searchParams

  test('is needed of every platform, also of one with a secret', async () => {
    const errors = errorOf(await asked(platform, without))
    expect([errors.get('error'), errors.get('iss')]).toEqual(['invalid_request', url()])
  })

  test('plain is refused', async () => {
    const fields = { code_challenge: pkce().challenge, code_challenge_method: 'plain' }
    expect(errorOf(await asked(platform, fields)).get('error')).toBe('invalid_request')
  })

  test('one client with a secret may do without, and no public one', async () => {
    const named = await addPlatform(shop.server, resource, { require_pkce: false })
    expect(errorOf(await asked(named, without)).get('error')).toBeNull()
    const open = await addPlatform(shop.server, resource, { token_endpoint_auth_method: 'none' })
    expect(errorOf(await asked(open, without)).get('error')).toBe('invalid_request')
    const metadata = { client_id: 'public-without', token_endpoint_auth_method: 'none', require_pkce: false }
    const refused = await ask(shop.server, OWNER, 'POST', '/v1/clients', {
      metadata: { ...metadata, security_profile: 'agent-platform', resource_scopes: [] },
    })
    expect(refused.status).toBe(400)
  })

  test('a wrong verifier is invalid_grant, and so is a code at another redirect', async () => {
    const login = loginOf(await shop.addCustomer())
    for (const wrong of [{ code_verifier: pkce().verifier }, { redirect_uri: 'http://localhost:8081/callback' }]) {
      const { answer } = await platform.authorize({}, { login, wrong })
      expect([answer?.status, answer?.body.error]).toEqual([400, 'invalid_grant'])
    }
  })
})

describe('people are asked', () => {
  test('each time, also in a browser in which they said yes before', async () => {
    const { jar } = await newLink()
    const request = {
      client_id: platform.clientId,
      scope: ORDERS,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    const page = await jar.follow(await jar.fetch(authorizationUrl(url(), request)), { stopAt: CALLBACK })
    expect(page.url).toContain('/interaction/')
    const silent = await jar.fetch(authorizationUrl(url(), { ...request, prompt: 'none' }))
    const { searchParams } = new URL(silent.headers.get('location') ?? '')
    expect(searchParams.get('error')).toBe('consent_required')
    expect(searchParams.get('iss')).toBe(url())
  })

  test('and who says no sends the platform away without a code', async () => {
    const customer = await shop.addCustomer()
    const jar = createCookieJar()
    const request = {
      client_id: platform.clientId,
      scope: ORDERS,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    const login = await jar.follow(await jar.fetch(authorizationUrl(url(), request)), { stopAt: CALLBACK })
    const consent = await signIn(jar, login, loginOf(customer))
    const { searchParams } = new URL((await submit(jar, consent, { decision: 'deny' })).url)
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', state: 'some-state', iss: url() })
  })
})

describe('a link', () => {
  const signOutOfBrowser = async (jar: ReturnType<typeof createCookieJar>) => {
    const page = await jar.follow(await jar.fetch(`${url()}/logout`))
    await submit(jar, page, { logout: 'yes' })
  }

  test('goes on when the shopper signs out of the browser it began in', async () => {
    const { tokens, jar } = await newLink()
    await signOutOfBrowser(jar)
    expect(await isActive(tokens.access_token)).toBe(true)
    expect((await platform.refresh(tokens.refresh_token)).status).toBe(200)
  })

  test('goes on when the shopper signs that browser out from another one', async () => {
    const { tokens, customer } = await newLink()
    const visitor = shop.visitor()
    await visitor.signIn(customer)
    await visitor.submit(await visitor.open('/account/sessions'), '/sessions/end')
    expect((await visitor.open('/account/sessions')).html).not.toContain('name="uid"')
    expect(await isActive(tokens.access_token)).toBe(true)
    expect((await platform.refresh(tokens.refresh_token)).status).toBe(200)
  })

  const ENDINGS: Readonly<Record<string, (customer: TestCustomer) => Promise<unknown>>> = {
    'they sign out everywhere': ({ id }) => ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'customer', id }),
    'they are blocked': ({ id }) => ask(shop.server, OWNER, 'POST', `/v1/customers/${id}/block`, {}),
    'their account is erased': ({ id }) =>
      ask(shop.server, OWNER, 'POST', `/v1/customers/test-${Number(id.slice(-12))}/erase`, {}),
    'the platform is signed out of everybody': () =>
      ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'client', id: platform.clientId }),
  }
  test.each(Object.entries(ENDINGS))('is dead when %s', async (_, end) => {
    const { tokens, customer } = await newLink()
    const answer = (await end(customer)) as { status: number; body: unknown }
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    expect(await isActive(tokens.access_token)).toBe(false)
    expect((await platform.refresh(tokens.refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
  })

  test('is dead when the shopper takes it back, also one that was extended', async () => {
    const { tokens, customer, login } = await newLink({ scope: ORDERS })
    const wider = await platform.link({ scope: CHECKOUT }, { login })
    const visitor = shop.visitor()
    await visitor.signIn(customer)
    await visitor.submit(await visitor.open('/account/apps'), '/withdraw', { client: platform.clientId })
    for (const { access_token, refresh_token } of [tokens, wider]) {
      expect(await isActive(access_token)).toBe(false)
      expect((await platform.refresh(refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
    }
    const anew = await platform.link({ scope: CART }, { login })
    expect(scopesOf(anew)).toEqual([CART])
  })
})

test('a yes to a page that was open while the link was taken back makes a new link, and brings no token back', async () => {
  const { tokens, customer, jar } = await newLink({ scope: ORDERS })
  const { verifier, challenge } = pkce()
  const request = {
    client_id: platform.clientId,
    scope: CHECKOUT,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const page = await jar.follow(await jar.fetch(authorizationUrl(url(), request)), { stopAt: CALLBACK })
  const visitor = shop.visitor()
  await visitor.signIn(customer)
  await visitor.submit(await visitor.open('/account/apps'), '/withdraw', { client: platform.clientId })
  const { searchParams } = new URL((await submit(jar, page, { decision: 'allow' })).url)
  const { body } = await read(redeem(url(), searchParams.get('code') ?? '', verifier, {}, platform.headers))
  expect(scopesOf(body)).toEqual([CHECKOUT])
  expect(await isActive(tokens.access_token)).toBe(false)
  expect((await platform.refresh(tokens.refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
})

test('two pages that were open before there was a link make two grants, which are listed and taken back as one', async () => {
  const customer = await shop.addCustomer()
  const walks = [ORDERS, CHECKOUT].map(async (scope) => {
    const { verifier, challenge } = pkce()
    const jar = createCookieJar()
    const request = { client_id: platform.clientId, scope, code_challenge: challenge, code_challenge_method: 'S256' }
    const login = await jar.follow(await jar.fetch(authorizationUrl(url(), request)), { stopAt: CALLBACK })
    return { jar, verifier, consent: await signIn(jar, login, loginOf(customer)) }
  })
  const links = await Promise.all(
    (await Promise.all(walks)).map(async ({ jar, verifier, consent }) => {
      const { searchParams } = new URL((await submit(jar, consent, { decision: 'allow' })).url)
      const { body } = await read(redeem(url(), searchParams.get('code') ?? '', verifier, {}, platform.headers))
      return body
    }),
  )
  for (const { access_token } of links) expect(await isActive(access_token)).toBe(true)
  const visitor = shop.visitor()
  await visitor.signIn(customer)
  const { html } = await visitor.open('/account/apps')
  expect(html.match(/\/withdraw"/g)).toHaveLength(1)
  await visitor.submit(await visitor.open('/account/apps'), '/withdraw', { client: platform.clientId })
  for (const { access_token, refresh_token } of links) {
    expect(await isActive(access_token)).toBe(false)
    expect((await platform.refresh(refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
  }
})

describe('a further authorization by the same person', () => {
  test('adds to the same grant: new tokens have the old scopes and the new ones, and say so', async () => {
    const { tokens, login } = await newLink({ scope: ORDERS })
    const wider = await platform.link({ scope: CHECKOUT }, { login })
    expect(scopesOf(wider)).toEqual([CHECKOUT, ORDERS].sort())
    expect(
      String((await introspect(url(), wider.access_token)).scope)
        .split(' ')
        .sort(),
    ).toEqual([CHECKOUT, ORDERS].sort())
    const narrow = await platform.refresh(tokens.refresh_token)
    expect(scopesOf(narrow.body)).toEqual([ORDERS])
    const again = await platform.refresh(wider.refresh_token)
    expect(scopesOf(again.body)).toEqual([CHECKOUT, ORDERS].sort())
    await postForm(`${url()}/revoke`, { token: again.body.refresh_token }, platform.headers)
    expect(await isActive(narrow.body.access_token)).toBe(false)
  })

  test('a refresh never widens, and a try leaves the link as it was', async () => {
    const { tokens } = await newLink({ scope: ORDERS })
    const wider = await platform.refresh(tokens.refresh_token, { scope: `${ORDERS} ${CHECKOUT}` })
    expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
    expect((await platform.refresh(tokens.refresh_token)).status).toBe(200)
    expect(await isActive(tokens.access_token)).toBe(true)
  })

  test('is another link for another person and at another platform', async () => {
    const { jar } = await newLink({ scope: ORDERS })
    const other = loginOf(await shop.addCustomer())
    expect(scopesOf(await platform.link({ scope: CHECKOUT }, { login: other }))).toEqual([CHECKOUT])
    const another = await addPlatform(shop.server, resource)
    expect(scopesOf(await another.link({ scope: CART }, { jar }))).toEqual([CART])
  })
})

describe('scopes', () => {
  test('that nobody knows are never granted, and the answer says what was', async () => {
    const { tokens } = await newLink({ scope: `${ORDERS} dev.ucp.shopping.moon:read stock:read` })
    expect(scopesOf(tokens)).toEqual([ORDERS])
  })

  test.each(['dev.ucp.shopping.moon:read', 'stock:read', undefined, ' '])(
    'of which none is left are an error, before anybody signs in: %j',
    async (scope) => {
      const request = {
        client_id: platform.clientId,
        scope,
        code_challenge: pkce().challenge,
        code_challenge_method: 'S256',
      }
      const answer = await fetch(authorizationUrl(url(), request), { redirect: 'manual' })
      const { searchParams } = new URL(answer.headers.get('location') ?? '', url())
      expect(Object.fromEntries(searchParams)).toMatchObject({
        error: 'invalid_scope',
        state: 'some-state',
        iss: url(),
      })
      const pushed = await read(postForm(`${url()}/par`, pushable(request), platform.headers))
      expect([pushed.status, pushed.body.error]).toEqual([400, 'invalid_scope'])
    },
  )

  test('go without saying where the client has a default, at /authorize and /par', async () => {
    const quiet = await addPlatform(shop.server, resource, { default_scope: `${ORDERS} ${CART}` })
    const login = loginOf(await shop.addCustomer())
    expect(scopesOf(await quiet.link({ scope: undefined }, { login }))).toEqual([CART, ORDERS].sort())
    const { verifier, challenge } = pkce()
    const request = { client_id: quiet.clientId, code_challenge: challenge, code_challenge_method: 'S256' }
    const { body } = await read(postForm(`${url()}/par`, pushable(request), quiet.headers))
    const jar = createCookieJar()
    const opened = `${url()}/authorize?${new URLSearchParams({ client_id: quiet.clientId, request_uri: body.request_uri })}`
    const page = await signIn(jar, await jar.follow(await jar.fetch(opened), { stopAt: CALLBACK }), login)
    const code = new URL((await submit(jar, page, { decision: 'allow' })).url).searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier }
    expect(scopesOf((await read(postForm(`${url()}/token`, form, quiet.headers))).body)).toEqual([CART, ORDERS].sort())
  })
})

test('a link that is extended lives on for as long as one that is new, whatever is left of its first', async () => {
  const DAY_SECONDS = 86_400
  const ttl = { refresh_token_ttl_seconds: 4 * DAY_SECONDS, refresh_token_absolute_ttl_seconds: 4 * DAY_SECONDS }
  const brief = await addPlatform(shop.server, resource, ttl)
  const customer = await shop.addCustomer()
  const login = loginOf(customer)
  const first = await brief.link({ scope: ORDERS }, { login })
  const extended = await later(() => brief.link({ scope: CART }, { login }), 3 * DAY_SECONDS)
  expect(scopesOf(extended)).toEqual([CART, ORDERS].sort())
  await later(async () => {
    expect((await brief.refresh(first.refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
    expect((await brief.refresh(extended.refresh_token)).status).toBe(200)
  }, 5 * DAY_SECONDS)
  await later(async () => {
    expect((await brief.refresh(extended.refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
  }, 8 * DAY_SECONDS)
})

test('an opaque token with the scope openid opens userinfo, and ends with the link', async () => {
  const { tokens, customer } = await newLink({ scope: `openid email ${ORDERS}` })
  expect((await read(userinfo(url(), tokens.access_token))).body).toMatchObject({
    sub: customer.id,
    email: customer.email,
  })
  await postForm(`${url()}/revoke`, { token: tokens.refresh_token }, platform.headers)
  expect((await userinfo(url(), tokens.access_token)).status).toBe(401)
})

test('a request that names hundreds of resources is refused at the first that is unknown', async () => {
  const request = new URL(authorizationUrl(url(), { client_id: platform.clientId, scope: ORDERS, ...PROOF }))
  request.searchParams.append('resource', resource)
  for (let count = 0; count < 300; count++) request.searchParams.append('resource', `https://r${count}.example`)
  const answer = await fetch(request, { redirect: 'manual' })
  expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_target')
})

describe('a resource that is a bare origin', () => {
  const origin = 'https://bare.example'
  let bare: Platform
  beforeAll(async () => {
    await addShop(shop.server, { identifier: origin })
    await addShop(shop.server, { identifier: 'https://deep.example/mcp' })
    bare = await addPlatform(shop.server, origin)
  })

  test.each([
    [origin, origin],
    [`${origin}/`, origin],
    [origin, `${origin}/`],
    [`${origin}/`, `${origin}/`],
  ])('may be written %s at /authorize and %s at /token: the audience is one', async (first, second) => {
    const login = loginOf(await shop.addCustomer())
    const tokens = await bare.link({ resource: first, scope: ORDERS }, { login })
    const next = await bare.refresh(tokens.refresh_token, { resource: second })
    expect(next.status, next.text).toBe(200)
    for (const { access_token } of [tokens, next.body])
      expect((await introspect(url(), access_token, bare.headers)).aud).toBe(origin)
  })

  test.each([
    'https://deep.example/mcp/',
    'https://deep.example/',
    'https://BARE.example/',
    `${origin}//`,
    `${origin}/?`,
  ])('nothing else is an alias: %s', async (other) => {
    const request = {
      client_id: bare.clientId,
      scope: ORDERS,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    const answer = await fetch(authorizationUrl(url(), { ...request, resource: other }), { redirect: 'manual' })
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_target')
    const pushed = await read(postForm(`${url()}/par`, pushable({ ...request, resource: other }), bare.headers))
    expect(pushed.body.error).toBe('invalid_target')
  })
})

test('the service that introspects is told no more of a platform without a profile', async () => {
  const plain = await addPlatform(shop.server, resource, { ucp_profile: undefined })
  const login = loginOf(await shop.addCustomer())
  const { access_token } = await plain.link({}, { login })
  expect(await introspect(url(), access_token, ordersService)).not.toHaveProperty('ucp_profile')
})

function pushable(fields: Record<string, string | undefined>): Record<string, string> {
  const request = new URL(authorizationUrl(url(), { scope: undefined, ...fields }))
  return Object.fromEntries(request.searchParams)
}

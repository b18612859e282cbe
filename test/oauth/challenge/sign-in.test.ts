import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CALLBACK, decode, introspect, obtainCode, read, redeem } from '../../endpoints/client.ts'
import { bearer, type FactorShop, SECOND_FACTOR, SIGNED_IN } from '../../interaction/factor-shop.ts'
import { later } from '../../support/clock.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { basicAuth, postForm, postJson } from '../../support/http.ts'
import {
  APP,
  type App,
  addClient,
  BACKEND,
  BACKEND_SECRET,
  newApp,
  OTHER_APP,
  PATH,
  signedIn,
  startAppShop,
  stepsIn,
} from './app.ts'

let shop: FactorShop
let url: string
beforeAll(async () => {
  shop = await startAppShop()
  url = shop.server.url
})
afterAll(() => shop?.stop())

const backend = basicAuth(BACKEND, BACKEND_SECRET)

test('the metadata name the endpoint', async () => {
  const { body } = await read(fetch(`${url}/.well-known/oauth-authorization-server`))
  expect(body.authorization_challenge_endpoint).toBe(url + PATH)
})

describe('a request that is none', () => {
  test('is refused by GET with 405', async () => {
    expect((await fetch(url + PATH)).status).toBe(405)
  })

  test('is refused as JSON', async () => {
    const answer = await postJson(url + PATH, { client_id: APP, response_type: 'code' })
    expect([400, 415]).toContain(answer.status)
  })

  test('is refused with a parameter that comes twice', async () => {
    const body = new URLSearchParams([
      ['client_id', APP],
      ['response_type', 'code'],
      ['username', 'a'],
      ['username', 'b'],
    ])
    const { status, body: answer } = await read(fetch(url + PATH, { method: 'POST', body }))
    expect([status, answer.error]).toEqual([400, 'invalid_request'])
  })

  test.each([
    ['without response_type', { response_type: undefined }, 'invalid_request'],
    ['for another response', { response_type: 'token' }, 'unsupported_response_type'],
    [
      'without a challenge, by a public client',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['with a strange scope', { scope: 'a"b' }, 'invalid_scope'],
    ['for a resource that is none', { resource: 'urn:nothing:here' }, 'invalid_target'],
    ['with a max_age that is none', { max_age: 'never' }, 'invalid_request'],
    ['with claims that are no JSON', { claims: '{' }, 'invalid_request'],
    ['with a login of a megabyte', { username: 'x'.repeat(5000), password: 'x' }, 'invalid_request'],
    ['with a password and no login', { password: 'a password' }, 'invalid_request'],
  ])('is refused %s', async (_, fields, error) => {
    const app = await newApp(shop)
    const answer = await app.begin(fields)
    expect([answer.status, answer.body.error], answer.text).toEqual([400, error])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('goes on without response_type once there is an auth_session', async () => {
    const app = await newApp(shop)
    await app.begin()
    const customer = await shop.addCustomer()
    expect((await app.ask({ username: customer.email, password: customer.password })).status).toBe(200)
  })
})

describe('a client', () => {
  test('that is not switched on is refused alike with right and wrong passwords, before any is looked at', async () => {
    const { email, password } = await shop.addCustomer()
    const app = await newApp(shop, { clientId: OTHER_APP })
    const answers = []
    for (const tried of [...Array.from({ length: 12 }, () => 'wrong'), password]) {
      const { status, body } = await app.begin({ username: email, password: tried })
      answers.push(`${status} ${body.error}`)
    }
    expect(new Set(answers)).toEqual(new Set(['400 unauthorized_client']))
    expect(
      (await postForm(`${url}/token`, { grant_type: 'password', client_id: APP, username: email, password })).status,
    ).toBe(200)
  })

  test('with a secret proves it as at the token endpoint', async () => {
    const customer = await shop.addCustomer()
    const login = { username: customer.email, password: customer.password, response_type: 'code' }
    const bare = await read(postForm(url + PATH, { ...login, client_id: BACKEND }))
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client'])
    const { status, body } = await read(postForm(url + PATH, login, backend))
    expect(status).toBe(200)
    const tokens = await read(
      postForm(`${url}/token`, { grant_type: 'authorization_code', code: body.authorization_code }, backend),
    )
    expect(tokens.status, tokens.text).toBe(200)
  })

  test('cannot go on with the sign-in of another', async () => {
    const app = await newApp(shop)
    const { body } = await app.begin()
    const { status, body: refused } = await app.ask({ client_id: 'weekly-app' })
    expect([status, refused.error]).toEqual([400, 'invalid_session'])
    expect(body.auth_session).toMatch(/^[\w-]{43,}$/)
  })

  test.each([
    ['of others', { first_party: false, resource_scopes: ['customer'] }],
    ['without codes', { grant_types: ['password'] }],
    ['of a platform of agents', { security_profile: 'agent-platform' }],
    ['of FAPI', { security_profile: 'fapi2-security' }],
  ])('%s cannot be switched on', async (_, members) => {
    const metadata = {
      client_id: 'never',
      first_party: true,
      authorization_challenge: true,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK],
      ...members,
    }
    const answer = await read(postJson(`${shop.server.adminUrl}/v1/clients`, { metadata }, bearer))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('authorization_challenge')
  })
})

describe('a right password', () => {
  test('ends in a code, and the code in tokens that are bound to the key', async () => {
    const customer = await shop.addCustomer()
    const app = await newApp(shop)
    const { answer, tokens } = await signedIn(app, customer, { nonce: 'n-1' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body).toEqual({ authorization_code: expect.any(String), auth_session: expect.any(String) })
    expect(tokens).toMatchObject({
      token_type: 'DPoP',
      refresh_token: expect.any(String),
      auth_session: answer.body.auth_session,
    })
    const { payload } = decode(String(tokens.access_token))
    expect(payload).toMatchObject({
      sub: customer.id,
      client_id: APP,
      cnf: { jkt: app.thumbprint },
      acr: SIGNED_IN,
      amr: ['pwd'],
    })
    expect(decode(String(tokens.id_token)).payload).toMatchObject({ sub: customer.id, nonce: 'n-1', aud: APP })
    expect((await app.refresh(tokens.refresh_token)).status).toBe(200)
  })

  test('without a key ends in a code alone: nothing is kept that nobody guards', async () => {
    const customer = await shop.addCustomer()
    const app = await newApp(shop, { isBare: true })
    const { answer, tokens } = await signedIn(app, customer)
    expect(answer.body).toEqual({ authorization_code: expect.any(String) })
    expect(tokens).toMatchObject({ token_type: 'Bearer' })
    expect(tokens.auth_session).toBeUndefined()
    expect(await introspect(url, String(tokens.access_token))).toMatchObject({ active: true })
  })
})

describe('a code', () => {
  async function codeOf(app: App): Promise<string> {
    const { email: username, password } = await shop.addCustomer()
    const { body, text } = await app.begin({ username, password })
    if (!body.authorization_code) throw new Error(text)
    return body.authorization_code
  }

  test('works once, and a second use ends what the first one gave', async () => {
    const app = await newApp(shop)
    const code = await codeOf(app)
    const { body } = await app.redeem(code)
    expect((await app.redeem(code)).body.error).toBe('invalid_grant')
    expect(await introspect(url, String(body.access_token))).toEqual({ active: false })
    expect((await app.ask({ response_type: 'code' })).body.error).toBe('invalid_session')
  })

  test('is over after a minute', async () => {
    const app = await newApp(shop)
    const code = await codeOf(app)
    const { status, body } = await later(() => app.redeem(code), 61)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })

  test.each([
    ['with a redirect of the client', { redirect_uri: CALLBACK }],
    ['with the mark that our codes have', { redirect_uri: 'no redirect: the app asked' }],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }],
    ['without a verifier', { code_verifier: undefined }],
    ['by another client', { client_id: 'weekly-app' }],
  ])('is refused %s', async (_, fields) => {
    const app = await newApp(shop)
    const { status, body } = await app.redeem(await codeOf(app), fields)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })

  test('is refused with the key of somebody else, and without one', async () => {
    const app = await newApp(shop)
    const [thief, bare] = [await newApp(shop), await newApp(shop, { isBare: true })]
    for (const other of [thief, bare]) {
      const { status, body } = await other.redeem(await codeOf(app), { code_verifier: app.verifier })
      expect([status, body.error]).toEqual([400, 'invalid_grant'])
    }
  })

  test('of a browser is refused without its redirect, whether the client has one address or several', async () => {
    const two = {
      client_id: 'two-addresses',
      first_party: true,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK, 'https://shop.example/back'],
    }
    await addClient(shop, two)
    for (const client_id of [APP, 'two-addresses']) {
      const { code, verifier } = await obtainCode(url, { client_id }, { jar: createCookieJar() })
      const { status } = await redeem(url, code, verifier, { client_id, redirect_uri: undefined })
      expect(status).toBe(400)
      expect((await redeem(url, code, verifier, { client_id })).status).toBe(200)
    }
  })
})

describe('DPoP', () => {
  async function underWay() {
    const app = await newApp(shop)
    const customer = await shop.enrol()
    await app.begin({ username: customer.email, password: customer.password })
    return { app, otp: await customer.code() }
  }

  test('binds every request of a sign-in to the key of the first', async () => {
    const { app, otp } = await underWay()
    const [thief, bare] = [await newApp(shop), await newApp(shop, { isBare: true })]
    for (const other of [thief, bare]) {
      const { status, body } = await other.ask({ auth_session: app.authSession, otp })
      expect([status, body.error]).toEqual([400, 'invalid_dpop_proof'])
    }
    expect((await app.ask({ otp })).status).toBe(200)
  })

  test('takes a proof for this very address, once', async () => {
    const { app, otp } = await underWay()
    const elsewhere = await app.ask({ otp }, { dpop: await app.proof(`${url}/token`) })
    expect([elsewhere.status, elsewhere.body.error]).toEqual([400, 'invalid_dpop_proof'])
    const dpop = await app.proof(url + PATH)
    expect((await app.ask({ username: 'x' }, { dpop })).status).toBe(403)
    expect((await app.ask({ otp }, { dpop })).body.error).toBe('invalid_dpop_proof')
    const { status, body } = await app.ask({ otp })
    expect(status).toBe(200)
    const tokens = await app.redeem(body.authorization_code)
    expect(decode(String(tokens.body.access_token)).payload).toMatchObject({
      acr: SECOND_FACTOR,
      amr: ['pwd', 'otp', 'mfa'],
    })
  })
})

test('the first answer offers every way in, and nothing about anybody', async () => {
  const app = await newApp(shop)
  const answer = await app.begin()
  expect(answer.status).toBe(403)
  expect(stepsIn(answer)).toEqual(['identifier', 'password', 'email_code', 'passkey'])
})

import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { authorizationUrl, pkce, read, userinfo } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { answerOf, type ConfidentialClient, registerClient } from './confidential-client.ts'

/*
 * The modules of the OpenID Foundation's test plan "Basic OP", which plays a client with a secret and without PKCE. Others of
 * the plan are held elsewhere: oidcc-response-type-missing by endpoints/authorization-request.test.ts, oidcc-userinfo-get,
 * -post-header and -post-body by endpoints/userinfo.test.ts, oidcc-ensure-registered-redirect-uri by
 * endpoints/redirect-uri.test.ts.
 */

let server: TestServer
let shop: ConfidentialClient
let other: ConfidentialClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  shop = await registerClient(server, 'suite-basic')
  other = await registerClient(server, 'suite-post', { token_endpoint_auth_method: 'client_secret_post' })
})
afterAll(() => server?.stop())

async function verified(idToken: string, client: ConfidentialClient) {
  const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`))
  const { payload } = await jwtVerify(idToken, keys, {
    issuer: server.url,
    audience: client.id,
    algorithms: ['RS256'],
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  return payload
}

describe('a sign-in', () => {
  test.each([
    ['oidcc-server', () => shop],
    ['oidcc-server-client-secret-post', () => other],
  ] as const)('%s: gives an ID token that verifies, with the nonce, and says not to store it', async (_, client) => {
    const browser = client().browser()
    const back = await browser.signIn(await browser.open({ nonce: 'n-0S6_WzA2Mj' }))
    expect(answerOf(back)).toMatchObject({ state: 'some-state', iss: server.url })
    const { status, headers, body } = await client().redeem(answerOf(back).code ?? '')
    expect([status, body.token_type]).toEqual([200, 'Bearer'])
    expect(headers.get('cache-control')).toContain('no-store')
    expect(await verified(body.id_token, client())).toMatchObject({ nonce: 'n-0S6_WzA2Mj' })
  })

  test.each<[string, Record<string, string>]>([
    ['oidcc-ensure-request-without-nonce-succeeds-for-code-flow', {}],
    ['oidcc-ensure-other-scope-order-succeeds', { scope: 'email openid' }],
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-login-hint', { login_hint: 'buffy@shop.example' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
    ['oidcc-ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
  ])('%s: is not hindered by a parameter that no page or claim follows', async (_, fields) => {
    const tokens = await shop.browser().tokens(fields)
    expect(await verified(tokens.id_token, shop)).not.toHaveProperty('nonce')
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200)
  })

  test('oidcc-ensure-request-with-valid-pkce-succeeds: may bring PKCE, and then needs the verifier', async () => {
    const { verifier, challenge } = pkce()
    const codeOf = async () => {
      const browser = shop.browser()
      const page = await browser.open({ code_challenge: challenge, code_challenge_method: 'S256' })
      return answerOf(await browser.signIn(page)).code ?? ''
    }
    expect((await shop.redeem(await codeOf(), { code_verifier: verifier })).status).toBe(200)
    expect((await shop.redeem(await codeOf())).body.error).toBe('invalid_grant')
  })

  test('oidcc-ensure-post-request-succeeds: begins with a form as well as with an address', async () => {
    const browser = shop.browser()
    const request = authorizationUrl(server.url, { client_id: shop.id, redirect_uri: shop.callback })
    const body = new URL(request).searchParams
    const login = await browser.jar.follow(await browser.jar.fetch(`${server.url}/authorize`, { method: 'POST', body }))
    const back = await browser.signIn(login)
    expect((await shop.redeem(answerOf(back).code ?? '')).status).toBe(200)
  })

  test.each<[string, Record<string, unknown>]>([
    ['oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', {}],
    ['oidcc-ensure-request-object-with-redirect-uri', { redirect_uri: 'https://suite-basic.example/callback' }],
  ])('%s: is not begun by an unsigned request object, and the client learns why', async (_, claims) => {
    const parts = [{ alg: 'none' }, { client_id: shop.id, response_type: 'code', scope: 'openid', ...claims }]
    const request = `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
    expect(answerOf(await shop.browser().open({ request }))).toMatchObject({
      error: 'invalid_request_object',
      state: 'some-state',
    })
  })
})

describe('userinfo', () => {
  const profile = { name: 'Sonia Wagner', given_name: 'Sonia', family_name: 'Wagner', locale: 'de-DE' }
  const email = { email: 'sonia@spryker.com', email_verified: true }

  test.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['oidcc-scope-profile', { scope: 'openid profile' }, profile],
    ['oidcc-scope-email', { scope: 'openid email' }, email],
    ['oidcc-scope-address', { scope: 'openid address' }, {}],
    ['oidcc-scope-phone', { scope: 'openid phone' }, {}],
    ['oidcc-scope-all', { scope: 'openid profile email address phone' }, { ...profile, ...email }],
    [
      'oidcc-claims-essential',
      { scope: 'openid', claims: JSON.stringify({ userinfo: { name: { essential: true } } }) },
      { name: 'Sonia Wagner' },
    ],
  ])('%s: says what was asked for of what is known, and who the ID token is of', async (_, fields, claims) => {
    const tokens = await shop.browser().tokens(fields)
    const { sub } = await verified(tokens.id_token, shop)
    expect((await read(userinfo(server.url, tokens.access_token))).body).toEqual({ sub, ...claims })
  })
})

describe('a second request in the browser of a sign-in', () => {
  test.each<[string, Record<string, string>, 'asks' | 'does not ask']>([
    ['oidcc-prompt-login', { prompt: 'login' }, 'asks'],
    ['oidcc-prompt-none-logged-in', { prompt: 'none' }, 'does not ask'],
    ['oidcc-max-age-1', { max_age: '1' }, 'asks'],
    ['oidcc-max-age-10000', { max_age: '10000' }, 'does not ask'],
  ])('%s: after a while, with %o, %s for the password, and the ID token says when it was given', async (...row) => {
    const [, fields, outcome] = row
    const browser = shop.browser()
    const first = await verified((await browser.tokens()).id_token, shop)
    await later(async () => {
      const page = await browser.open(fields)
      expect(page.url.startsWith(shop.callback)).toBe(outcome === 'does not ask')
      const back = outcome === 'asks' ? await browser.signIn(page) : page
      const second = await verified((await shop.redeem(answerOf(back).code ?? '')).body.id_token, shop)
      expect(second.sub).toBe(first.sub)
      if (outcome === 'asks') expect(second.auth_time).toBeGreaterThan(Number(first.auth_time))
      else expect(second.auth_time).toBe(first.auth_time)
    })
  })

  test('oidcc-id-token-hint: is answered for the person of the hint, and for nobody else', async () => {
    const browser = shop.browser()
    const first = await browser.tokens()
    const second = await browser.tokens({ prompt: 'none', id_token_hint: first.id_token })
    expect((await verified(second.id_token, shop)).sub).toBe((await verified(first.id_token, shop)).sub)

    const ofAnother = await shop.browser().tokens({}, { username: 'ron@swanson.com', password: 'mysecretpassword' })
    const refused = await browser.open({ prompt: 'none', id_token_hint: ofAnother.id_token })
    expect(answerOf(refused)).toMatchObject({ error: 'login_required' })
  })

  test('oidcc-prompt-none-not-logged-in: a stranger’s is sent straight back, without a page between', async () => {
    const { jar } = shop.browser()
    const fields = { client_id: shop.id, redirect_uri: shop.callback, prompt: 'none' }
    const { status, headers } = await jar.fetch(authorizationUrl(server.url, fields))
    expect([302, 303]).toContain(status)
    const location = headers.get('location') ?? ''
    expect(location.startsWith(`${shop.callback}?`)).toBe(true)
    expect(answerOf({ url: location, response: new Response() })).toMatchObject({
      error: 'login_required',
      state: 'some-state',
    })
  })
})

test.each([
  ['oidcc-codereuse', 0],
  ['oidcc-codereuse-30seconds', 30],
] as const)('%s: a code used again after %i seconds is refused and takes its tokens along', async (_, seconds) => {
  const browser = shop.browser()
  const { code = '' } = answerOf(await browser.signIn(await browser.open()))
  const { body } = await shop.redeem(code)
  expect((await userinfo(server.url, body.access_token)).status).toBe(200)
  await later(async () => {
    const again = await shop.redeem(code)
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
    expect((await userinfo(server.url, body.access_token)).status).toBe(401)
  }, seconds)
})

test('oidcc-refresh-token: a refresh goes on with the same sign-in, and only for its own client', async () => {
  const first = await shop.browser().tokens({ nonce: 'n-1', max_age: '600' })
  const before = await verified(first.id_token, shop)
  const refused = await other.refresh(first.refresh_token)
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])

  await later(async () => {
    const { status, body } = await shop.refresh(first.refresh_token)
    expect(status).toBe(200)
    expect(body.access_token).not.toBe(first.access_token)
    const after = await verified(body.id_token, shop)
    // OpenID Connect Core §12.2
    expect(after).toMatchObject({ sub: before.sub, aud: before.aud, iss: before.iss, auth_time: before.auth_time })
    expect(after.iat).toBeGreaterThan(Number(before.iat))
    expect([undefined, 'n-1']).toContain(after.nonce)
    expect((await userinfo(server.url, body.access_token)).status).toBe(200)
  })
})

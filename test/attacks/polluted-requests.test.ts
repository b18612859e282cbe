import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, pkce, read, ron, sonia, thirdParty, tokensOf } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** One request that says two things: a filter in front reads one of them, and the server must not act on the other. */
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
const post = (address: string, body: Record<string, string>, headers = {}) =>
  read(fetch(server.url + address, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(body) }))

test.each<[string, Record<string, string>, Record<string, string>, Record<string, string>?]>([
  ['/token', { grant_type: 'password', client_id: 'frontend', ...sonia }, {}],
  ['/token', { username: sonia.username, password: sonia.password }, { grant_type: 'password', client_id: 'frontend' }],
  ['/token', { grant_type: 'client_credentials' }, {}, thirdParty],
  ['/introspect', { token: 'x' }, {}, thirdParty],
  ['/revoke', { token: 'x' }, {}, thirdParty],
  ['/par', { response_type: 'code', redirect_uri: CALLBACK, ...S256 }, {}, thirdParty],
  ['/device_authorization', { client_id: 'device-app', scope: 'openid' }, {}],
])('what stands in the address of %s is no parameter of it', async (path, query, body, headers) => {
  const { status, body: answer } = await post(`${path}?${new URLSearchParams(query)}`, body, headers)
  expect(answer.error).toMatch(/^invalid_(request|client|grant)$/)
  expect(status).toBeGreaterThanOrEqual(400)
})

test('a form is read from the body, whatever the address says otherwise', async () => {
  const query = new URLSearchParams({ username: ron.username, password: 'wrong', client_id: 'nobody', scope: 'openid' })
  const { body } = await post(`/token?${query}`, { grant_type: 'password', client_id: 'frontend', ...sonia })
  const mine = await tokensOf(server.url)
  const subject = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub
  expect(subject(body.access_token)).toBe(subject(mine.access_token))
})

test('an authorization request by POST takes nothing from its address', async () => {
  const { searchParams } = new URL(authorizationUrl(server.url, S256))
  const { redirect_uri: _, ...others } = Object.fromEntries(searchParams)
  const evil = new URLSearchParams({ redirect_uri: 'https://evil.example/' })
  for (const [address, body] of [
    [`/authorize?${evil}`, { ...others, redirect_uri: CALLBACK, response_type: 'token' }],
    [`/authorize?${new URLSearchParams({ redirect_uri: CALLBACK })}`, others],
  ] as const) {
    const { headers, text } = await post(address, body)
    expect((headers.get('location') ?? '') + text).not.toContain('evil.example')
    expect(headers.get('location') ?? '').not.toContain('/interaction/')
  }
})

const MARKUP = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`
const PARAMETERS = [
  ...['state', 'nonce', 'login_hint', 'ui_locales', 'prompt', 'display', 'acr_values', 'claims', 'scope', 'resource'],
  ...['response_mode', 'response_type', 'client_id', 'redirect_uri', 'id_token_hint', 'max_age', 'error_description'],
  ...['claims_locales', 'code_challenge', 'request', 'request_uri', 'registration'],
]

test.each(PARAMETERS)('mark-up in the parameter %s of an authorization request comes out encoded', async (name) => {
  for (const given of [
    {},
    { response_mode: 'form_post', prompt: 'none' },
    { response_mode: 'form_post', resource: 'x:y' },
  ]) {
    const jar = createCookieJar()
    const address = authorizationUrl(server.url, { ...S256, ...given, [name]: MARKUP })
    const { response } = await jar.follow(await jar.fetch(address), { stopAt: CALLBACK })
    const html = response.status < 300 || response.status >= 400 ? await response.text() : ''
    expect(html).not.toMatch(/<script>alert|<img src=x/)
  }
})

test('a form that is sent on to the client carries a hostile state encoded, and whole', async () => {
  const answer = await fetch(
    authorizationUrl(server.url, { ...S256, response_mode: 'form_post', prompt: 'none', state: MARKUP }),
  )
  const html = await answer.text()
  expect(html).toContain('name="state"')
  expect(html).toContain('&lt;script&gt;alert(1)')
  expect(html).not.toContain('<script>alert')
})

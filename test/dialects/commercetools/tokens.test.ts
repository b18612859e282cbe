import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const RON_ID = '79cc0486-bbdf-491b-a0a2-722383b6288b'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'commercetools', COMMERCETOOLS_PROJECT_KEYS: 'shop,outlet' })
})
afterAll(() => server.stop())

const APP = basicAuth('third-party-app', 'third-party-app-secret')
const RON = { grant_type: 'password', username: 'ron@swanson.com', password: 'mysecretpassword' }
const LOGIN = '/oauth/shop/customers/token'
const ANONYMOUS = '/oauth/shop/anonymous/token'

type Tokens = { access_token: string; refresh_token: string; expires_in: number; scope: string; token_type: string }

const envelope = (statusCode: number, code: string) => ({
  statusCode,
  message: expect.any(String),
  errors: [{ code, message: expect.any(String) }],
  error: code,
  error_description: expect.any(String),
})

async function ask(path: string, fields: Record<string, string>, headers: Record<string, string> = APP) {
  const answer = await postForm(`${server.url}${path}`, fields, headers)
  return { status: answer.status, body: (await answer.json()) as Tokens & Record<string, unknown> }
}

const introspect = async (token: string) => (await ask('/oauth/introspect', { token })).body

test('a customer signs in, is introspected, refreshes, and is gone once revoked', async () => {
  const { status, body } = await ask(LOGIN, RON)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 28_800,
    scope: expect.stringContaining('manage_my_profile:shop'),
  })
  const { payload } = await jwtVerify(body.access_token, createRemoteJWKSet(new URL(`${server.url}/jwks`)))
  expect(payload).toMatchObject({ aud: 'urn:vestibule:dialect:commercetools', customer_reference: 'DE--22' })
  expect(await introspect(body.access_token)).toMatchObject({ active: true, client_id: 'third-party-app' })

  const refreshed = await ask('/oauth/token', { grant_type: 'refresh_token', refresh_token: body.refresh_token })
  expect(refreshed.status).toBe(200)
  await postForm(`${server.url}/revoke`, { token: refreshed.body.refresh_token }, APP)
  expect(await introspect(refreshed.body.access_token)).toEqual({ active: false })
})

test('scopes may stand in the form as they are, and only known ones of the project are granted', async () => {
  const answer = await fetch(`${server.url}${LOGIN}`, {
    method: 'POST',
    body: 'grant_type=password&username=ron@swanson.com&password=mysecretpassword&scope=manage_my_profile:shop view_published_products:shop manage_my_orders:outlet manage_project:shop',
    headers: { ...APP, 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(await answer.json()).toMatchObject({ scope: 'manage_my_profile:shop view_published_products:shop' })
})

test('the form may be in the query', async () => {
  const query = new URLSearchParams({ ...RON, scope: 'manage_my_profile:shop' })
  const answer = await fetch(`${server.url}${LOGIN}?${query}`, { method: 'POST', headers: APP })
  const { access_token } = (await answer.json()) as Tokens
  const found = await fetch(`${server.url}/oauth/introspect?token=${access_token}`, { method: 'POST', headers: APP })
  expect(await found.json()).toMatchObject({ active: true, scope: `manage_my_profile:shop customer_id:${RON_ID}` })
})

test('a visitor’s session carries the id the client gave it', async () => {
  const { status, body } = await ask(ANONYMOUS, { grant_type: 'client_credentials', anonymous_id: 'guest-1' })
  expect(status).toBe(200)
  expect(await introspect(body.access_token)).toMatchObject({
    active: true,
    anonymous_id: 'guest-1',
    sub: 'anonymous:guest-1',
  })
})

test('a visitor’s session is refreshed under the same id and scopes, by the token it began with, until it is revoked', async () => {
  for (const anonymous_id of ['guest-2', undefined]) {
    const asked = { grant_type: 'client_credentials', scope: 'manage_my_orders:shop' }
    const { body } = await ask(ANONYMOUS, { ...asked, ...(anonymous_id && { anonymous_id }) })
    const visitor = await introspect(body.access_token)
    expect(visitor.anonymous_id).toEqual(anonymous_id ?? expect.stringMatching(/^[\da-f-]{36}$/))
    const refresh = (refresh_token: string) => ask(TOKEN, { grant_type: 'refresh_token', refresh_token })
    const second = await refresh(body.refresh_token)
    expect(second).toMatchObject({ status: 200, body: { scope: 'manage_my_orders:shop' } })
    expect(await introspect(second.body.access_token)).toMatchObject({
      active: true,
      anonymous_id: visitor.anonymous_id,
      sub: visitor.sub,
      scope: `manage_my_orders:shop anonymous_id:${visitor.anonymous_id}`,
    })
    const third = await refresh(body.refresh_token)
    expect([second.body.refresh_token, third.body.refresh_token]).toEqual([body.refresh_token, body.refresh_token])
    await postForm(`${server.url}/revoke`, { token: body.refresh_token }, APP)
    expect((await refresh(body.refresh_token)).body).toMatchObject(envelope(400, 'invalid_grant'))
    expect(await introspect(third.body.access_token)).toEqual({ active: false })
  }
})

test('a visitor is nobody who could act for a company or be handed over', async () => {
  const { body } = await ask(ANONYMOUS, { grant_type: 'client_credentials', anonymous_id: 'guest-3' })
  for (const grant_type of ['company-user', 'handover', 'impersonation', 'warehouse']) {
    const fields = { grant_type: `urn:vestibule:grant:${grant_type}`, subject_token: body.access_token }
    const more = { company_user_id: 'x', customer_reference: 'DE--21', client_id: 'frontend' }
    expect((await postForm(`${server.url}/token`, { ...fields, ...more })).status).toBe(400)
  }
})

test('a back-end gets a token of its own', async () => {
  const { status, body } = await ask('/oauth/token', {
    grant_type: 'client_credentials',
    scope: 'view_categories:outlet',
  })
  expect([status, body.scope]).toEqual([200, 'view_categories:outlet'])
})

const TOKEN = '/oauth/token'
const stranger = basicAuth('third-party-app', 'wrong')

test.each<[string, string, Record<string, string>, Record<string, string>, number, string]>([
  ['a wrong password', LOGIN, { ...RON, password: 'x' }, APP, 400, 'invalid_customer_account_credentials'],
  ['an unknown login', LOGIN, { ...RON, username: 'a@b.c' }, APP, 400, 'invalid_customer_account_credentials'],
  [
    'an unconfirmed address',
    LOGIN,
    { ...RON, username: 'unconfirmed@example.com', password: 'change123' },
    APP,
    400,
    'invalid_customer_account_credentials',
  ],
  ['no password', LOGIN, { grant_type: 'password', username: 'a' }, APP, 400, 'invalid_request'],
  ['another grant', LOGIN, { ...RON, grant_type: 'magic' }, APP, 400, 'unsupported_grant_type'],
  ['a wrong secret', LOGIN, RON, stranger, 401, 'invalid_client'],
  ['no client', LOGIN, RON, {}, 401, 'invalid_client'],
  ['another scheme', LOGIN, RON, { authorization: 'Bearer x' }, 401, 'invalid_client'],
  ['another project', '/oauth/other/customers/token', RON, APP, 404, 'not_found'],
  [
    'another project, anonymously',
    '/oauth/other/anonymous/token',
    { grant_type: 'client_credentials' },
    APP,
    404,
    'not_found',
  ],
  ['no scope anybody knows', LOGIN, { ...RON, scope: 'manage_project:shop' }, APP, 400, 'invalid_scope'],
  [
    'a refresh token nobody gave',
    TOKEN,
    { grant_type: 'refresh_token', refresh_token: 'x' },
    APP,
    400,
    'invalid_grant',
  ],
  ['no refresh token', TOKEN, { grant_type: 'refresh_token' }, APP, 400, 'invalid_request'],
  ['a grant for another endpoint', TOKEN, RON, APP, 400, 'unsupported_grant_type'],
  [
    'an id that is no id',
    ANONYMOUS,
    { grant_type: 'client_credentials', anonymous_id: 'a b' },
    APP,
    400,
    'invalid_request',
  ],
  ['nothing to introspect', '/oauth/introspect', {}, APP, 400, 'invalid_request'],
  ['a stranger who introspects', '/oauth/introspect', { token: 'x' }, stranger, 401, 'invalid_client'],
])('%s is refused in the shop’s envelope', async (_, path, fields, headers, status, code) => {
  const answer = await ask(path, fields, headers)
  expect([answer.status, answer.body]).toEqual([status, envelope(status, code)])
})

test.each([
  ['a megabyte', 'x'.repeat(1024 * 1024), 413],
  ['a field twice', 'grant_type=password&grant_type=password', 400],
  ['JSON', '{"grant_type":"password"}', 400],
  ['a field called __proto__', '__proto__=x&grant_type=password', 400],
  ['nothing', '', 400],
])('a body of %s is refused, and is no failure of ours', async (_, body, status) => {
  for (const path of [LOGIN, ANONYMOUS, TOKEN, '/oauth/introspect']) {
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', body, headers: APP })
    const parsed = (await answer.json()) as Record<string, unknown>
    expect([path, answer.status, parsed.statusCode]).toEqual([path, status, status])
  }
})

test('other methods are 405', async () => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    expect((await fetch(`${server.url}${LOGIN}`, { method })).status).toBe(405)
  }
})

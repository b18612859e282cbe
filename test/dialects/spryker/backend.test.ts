import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm, postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { AGENT, bearer, decode, document, exchange, obtain, SONIA } from './exchange.ts'

const TOKEN = 'an-admin-token-for-tests'
const PASSWORD = 'change123'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const WEEK_SECONDS = 604_800

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN: TOKEN,
    LOCKOUT_ATTEMPTS: '100',
    DIALECTS: 'spryker,spryker-backend',
    DIALECT_MOUNTS: 'spryker-backend=/bapi',
  })
})
afterAll(() => server?.stop())

const admin = async (path: string, body: object) => {
  const answer = await postJson(`${server.adminUrl}/v1/agents${path}`, body, { authorization: `Bearer ${TOKEN}` })
  return (await answer.json()) as { id: string }
}

let count = 0
async function warehouseUser(idWarehouse = 1): Promise<{ id: string; username: string; password: string }> {
  count += 1
  const username = `warehouse-${count}@example.com`
  return { ...(await admin('', { email: username, password: PASSWORD, idWarehouse })), username, password: PASSWORD }
}

const signIn = async (
  base: string,
  { username, password }: { username: string; password: string },
  headers = FORM,
): Promise<string> => {
  const body = { grantType: 'password', username, password }
  const answer = await exchange(server.url, { path: `${base}/token`, headers, body })
  return (answer.json as { access_token: string }).access_token
}
const warehouseTokens = (base: string, token: string) =>
  exchange(server.url, { path: `${base}/warehouse-tokens`, headers: bearer(token), body: {} })
const introspect = async (token: string) =>
  (await postForm(`${server.url}/introspect`, { token }, basicAuth('orders-service', 'orders-service-secret'))).json()

describe.each([
  ['on the storefront’s host', ''],
  ['at a place of its own', '/bapi'],
])('the back office, %s', (_, base) => {
  test('gives somebody with a warehouse a token of that warehouse, for a week', async () => {
    const token = await signIn(base, await warehouseUser(7))
    expect(decode(token).payload.scopes).toEqual(['user', 'warehouse-user'])
    const answer = await warehouseTokens(base, token)
    expect(answer.status).toBe(201)
    const [pair] = answer.json as [Record<string, string>]
    expect(Object.keys(pair)).toEqual(['tokenType', 'expiresIn', 'accessToken', 'refreshToken'])
    expect(pair).toMatchObject({ tokenType: 'Bearer', expiresIn: WEEK_SECONDS })
    const { payload } = decode(String(pair.accessToken))
    expect(payload).toMatchObject({ sub: '{"id_warehouse":7}', scopes: ['warehouse'], aud: 'frontend' })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(WEEK_SECONDS)

    const keys = (await (await fetch(`${server.url}/jwks`)).json()) as JSONWebKeySet
    await jwtVerify(String(pair.accessToken), createLocalJWKSet(keys), { algorithms: ['RS256'] })
    expect(await introspect(String(pair.accessToken))).toMatchObject({ active: true, scope: 'warehouse' })
    await postForm(`${server.url}/revoke`, { token: pair.accessToken, client_id: 'frontend' })
    expect(await introspect(String(pair.accessToken))).toEqual({ active: false })
  })

  test('gives nobody else one', async () => {
    const forbidden = { status: 403, json: [{ code: '5101', message: 'Operation is forbidden.', status: 403 }] }
    expect(await warehouseTokens(base, await signIn(base, AGENT))).toMatchObject(forbidden)
    const path = `${base}/warehouse-tokens`
    const { accessToken: customer } = await obtain(server.url, 'access-tokens', SONIA)
    const { accessToken: agent } = await obtain(server.url, 'agent-access-tokens', AGENT)
    for (const token of ['fake', customer, agent]) {
      expect(await exchange(server.url, { path, headers: bearer(token), body: {} })).toMatchObject({
        status: 401,
        json: [{ code: '001', message: 'Invalid access token.', status: 401 }],
      })
    }
    expect(await exchange(server.url, { path, body: {} })).toMatchObject({ status: 401, json: [{ code: '002' }] })
  })

  test('ends a warehouse’s tokens when the assignment ends', async () => {
    const user = await warehouseUser()
    const answer = await warehouseTokens(base, await signIn(base, user))
    const [{ accessToken, refreshToken }] = answer.json as [{ accessToken: string; refreshToken: string }]
    await admin(`/${user.id}/warehouse`, { idWarehouse: null })
    expect(await introspect(accessToken)).toEqual({ active: false })
    const refresh = { path: '/refresh-tokens', body: document('refresh-tokens', { refreshToken }) }
    expect((await exchange(server.url, refresh)).status).toBe(401)
  })

  test('takes a JSON body under a form header', async () => {
    const user = await warehouseUser()
    for (const headers of [FORM, { 'content-type': 'application/json' }]) {
      expect(decode(await signIn(base, user, headers)).payload.scopes).toContain('user')
    }
  })

  test('a refreshed warehouse token is one of the same warehouse', async () => {
    const answer = await warehouseTokens(base, await signIn(base, await warehouseUser(3)))
    const [{ refreshToken }] = answer.json as [{ refreshToken: string }]
    const refreshed = await obtain(server.url, 'refresh-tokens', { refreshToken })
    expect(refreshed.expiresIn).toBe(WEEK_SECONDS)
    expect(decode(refreshed.accessToken).payload).toMatchObject({ sub: '{"id_warehouse":3}', scopes: ['warehouse'] })
  })
})

const form = (base: string, fields: Record<string, string>) =>
  exchange(server.url, { path: `${base}/token`, headers: FORM, body: new URLSearchParams(fields).toString() })

test('a real form is the back office’s only where no storefront shares the address', async () => {
  const login = { grant_type: 'password', ...AGENT }
  expect(await form('', login)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
  const answer = await form('/bapi', login)
  expect([answer.status, Object.keys(answer.json as object)]).toEqual([
    200,
    ['token_type', 'expires_in', 'access_token', 'refresh_token'],
  ])
  expect(await form('', { grant_type: 'password', ...SONIA })).toMatchObject({ status: 200 })
  expect(await form('/bapi', { grant_type: 'password', ...SONIA })).toMatchObject({
    status: 400,
    json: [{ message: 'The user credentials were incorrect.', status: 400, code: 'invalid_grant' }],
  })
})

test.each([
  ['another grant', { grant_type: 'x' }, 'unsupported_grant_type', 'Grant type "x" not found'],
  ['no grant', { username: 'a' }, 'unsupported_grant_type', 'Grant type "" not found'],
  ['no password', { grant_type: 'password', username: 'a' }, 'invalid_request', /^The request is missing/],
] as const)('a form with %s is refused in a list', async (_, fields, code, message) => {
  expect(await form('/bapi', fields as Record<string, string>)).toMatchObject({
    status: 400,
    json: [{ message: expect.stringMatching(message), status: 400, code }],
  })
})

test('with a client the backend’s /token is plain OAuth', async () => {
  expect(await form('/bapi', { grant_type: 'password', ...SONIA, client_id: 'frontend' })).toMatchObject({
    status: 200,
    json: { scope: 'customer company' },
  })
})

test('an unknown path or method of the backend is its own 404', async () => {
  const unknown = { status: 404, json: [{ code: '007', message: 'Not found', status: 404 }] }
  for (const [method, path] of [
    ['GET', '/bapi/token'],
    ['GET', '/bapi/nothing'],
    ['DELETE', '/bapi/warehouse-tokens'],
  ] as const) {
    expect(await exchange(server.url, { method, path })).toMatchObject(unknown)
  }
})

test('the backend is not served at the root, where the storefront is', async () => {
  await expect(startTestServer({ DIALECTS: 'spryker-backend' })).rejects.toThrow(
    /needs its own address: set DIALECT_MOUNTS/,
  )
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, ordersService, read, revoke, thirdParty, userinfo } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN })
})
afterAll(() => server?.stop())

const ask = (fields: Record<string, string> = {}, headers: Record<string, string> = thirdParty) =>
  read(postForm(`${server.url}/token`, { grant_type: 'client_credentials', ...fields }, headers))

test('a client gets a token for itself: no customer, no refresh token, no ID token', async () => {
  const { status, body } = await ask({ scope: 'orders:read' })
  expect(status).toBe(200)
  expect(body).toEqual({
    access_token: expect.any(String),
    expires_in: 28_800,
    scope: 'orders:read',
    token_type: 'Bearer',
  })
  const { header, payload } = decode(body.access_token)
  expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
  expect(payload).toEqual({
    iss: server.url,
    sub: 'third-party-app',
    client_id: 'third-party-app',
    aud: 'urn:vestibule:commerce',
    scope: 'orders:read',
    iat: expect.any(Number),
    iat_ms: expect.any(Number),
    exp: Number(payload.iat) + 28_800,
    jti: expect.any(String),
  })
})

test('the secret may come in the header or in the body, and not in both (RFC 6749 §2.3)', async () => {
  const inBody = { client_id: 'third-party-app', client_secret: 'third-party-app-secret' }
  expect((await ask(inBody, {})).status).toBe(200)
  const both = await ask(inBody, thirdParty)
  expect([both.status, both.body.error]).toEqual([400, 'invalid_request'])
})

test('a wrong secret is answered with 401 and a challenge for the scheme that was used', async () => {
  const { status, body, headers } = await ask({}, basicAuth('third-party-app', 'wrong'))
  expect([status, body.error]).toEqual([401, 'invalid_client'])
  expect(headers.get('www-authenticate')).toMatch(/^Basic /)
})

test('an unknown client and a wrong secret read the same', async () => {
  const [unknown, wrong] = await Promise.all([
    ask({}, basicAuth('nobody', 'third-party-app-secret')),
    ask({}, basicAuth('third-party-app', 'wrong')),
  ])
  expect(unknown.body).toEqual(wrong.body)
  expect(unknown.status).toBe(wrong.status)
})

test.each(['\0', ' ', '\n', '=', 'x'])('a secret with %j appended is another secret', async (extra) => {
  const secret = `third-party-app-secret${extra}`
  const inBody = await ask({ client_id: 'third-party-app', client_secret: secret }, {})
  expect([inBody.status, inBody.body.error]).toEqual([401, 'invalid_client'])
  const inHeader = await ask({}, basicAuth('third-party-app', secret))
  expect(inHeader.body.access_token).toBeUndefined()
  expect([400, 401]).toContain(inHeader.status)
})

test('a public client has no credentials to use', async () => {
  const { status, body } = await ask({ client_id: 'frontend' }, {})
  expect([status, body.error]).toEqual([400, 'unauthorized_client'])
})

test.each(['Basic', 'Basic !!!', 'Basic dGVzdA==', 'Bearer abc', 'Basic a b c', 'basic'])(
  'the header "Authorization: %s" is answered with an OAuth error',
  async (authorization) => {
    const { status, body } = await ask({ client_id: 'third-party-app' }, { authorization })
    expect([400, 401]).toContain(status)
    expect(['invalid_request', 'invalid_client']).toContain(body.error)
  },
)

test('its token is introspected with the client as its subject, and nobody’s at userinfo', async () => {
  const { body } = await ask({ scope: 'openid orders:read' })
  expect(await introspect(server.url, body.access_token)).toMatchObject({
    active: true,
    sub: 'third-party-app',
    client_id: 'third-party-app',
  })
  expect((await userinfo(server.url, body.access_token)).status).toBe(401)
})

test('its token is dead once the client revokes it', async () => {
  const { body } = await ask()
  await revoke(server.url, body.access_token, {}, thirdParty)
  expect(await introspect(server.url, body.access_token, thirdParty)).toEqual({ active: false })
})

test('an opaque one for another service works the same way', async () => {
  const { body } = await ask({ resource: 'urn:vestibule:warehouse', scope: 'stock:write' }, ordersService)
  expect(body.access_token).not.toContain('.')
  expect(await introspect(server.url, body.access_token)).toMatchObject({
    active: true,
    aud: 'urn:vestibule:warehouse',
    scope: 'stock:write',
    sub: 'orders-service',
  })
  await revoke(server.url, body.access_token, {}, ordersService)
  expect(await introspect(server.url, body.access_token)).toEqual({ active: false })
})

test('a client with a list of scopes is given none beyond it, at whichever resource server', async () => {
  const metadata = { client_id: 'stock-reader', grant_types: ['client_credentials'], resource_scopes: ['stock:read'] }
  const made = await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'stock-reader-secret' })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const stockReader = basicAuth('stock-reader', 'stock-reader-secret')
  const wanted = { resource: 'urn:vestibule:warehouse', scope: 'stock:read stock:write' }
  expect((await ask(wanted, stockReader)).body.scope).toBe('stock:read')
  expect((await ask(wanted, ordersService)).body.scope).toBe('stock:read stock:write')
  expect((await ask({ scope: 'orders:read' }, stockReader)).body.scope).toBeUndefined()
})

test.each([
  { introspects: 'urn:vestibule:warehouse' },
  { exchange_targets: [7] },
  { resource_scopes: 'stock:read' },
  { access_token_ttl_seconds: '60' },
])('a client is not stored with %j, which no token request could use', async (member) => {
  const metadata = { client_id: 'unusable', grant_types: ['client_credentials'], resource_scopes: [], ...member }
  const { status, body } = await askAdmin<{ detail: string }>(server, 'POST', '/v1/clients', { metadata })
  expect([status, body.detail]).toEqual([400, expect.stringContaining(Object.keys(member)[0] ?? '')])
})

import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, ordersService, read, refresh, revoke, tokensOf, userinfo } from './client.ts'

const PASSWORD = 'correct horse battery staple'
const COMMERCE = 'urn:vestibule:commerce'
const DEFAULT_MOST = 6144
/** The most that can be set. */
const MOST = 24_576

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    DIALECTS: 'spryker,magento,elastic-path,commercetools',
  })
})
afterAll(() => server?.stop())

/** A customer with so many permissions, the key of each 40 characters long. */
async function buyerWith(count: number) {
  const reference = randomUUID()
  const keys = Array.from({ length: count }, (_, index) => `Permission${String(index).padStart(30, '0')}`)
  const companyUser = {
    id: randomUUID(),
    company: { id: randomUUID(), name: 'Many' },
    isActive: true,
    isDefault: true,
    roles: [{ name: 'Everything', permissions: keys.map((key) => ({ key, configuration: {} })) }],
  }
  const email = `${reference}@example.com`
  const record = { customerReference: reference, email, emailVerified: true, companyUsers: [companyUser] }
  const made = await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password: PASSWORD })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return { login: { username: email, password: PASSWORD, scope: 'openid company' }, keys, companyUser }
}

async function resourceServer(settings: object): Promise<string> {
  const identifier = `urn:example:${randomUUID()}`
  const body = { identifier, format: 'jwt', scopes: [], ...settings }
  const made = await ask(server, OWNER, 'POST', '/v1/resource-servers', body)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return identifier
}

async function limitOfCommerce(accessTokenMaxBytes: number): Promise<void> {
  const path = `/v1/resource-servers/${encodeURIComponent(COMMERCE)}`
  const { body } = await ask(server, OWNER, 'GET', path)
  const { identifier: _identifier, ...settings } = body
  const put = await ask(server, OWNER, 'PUT', path, { ...settings, accessTokenMaxBytes }, { 'If-Match': '*' })
  expect(put.status, JSON.stringify(put.body)).toBe(200)
}

const digestOf = (keys: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(keys.toSorted())).digest('base64url')

describe('a token that would be longer than its resource server takes', () => {
  const CASES = [
    { name: 'by the default of the server', settings: {}, most: DEFAULT_MOST },
    { name: 'by its own member', settings: { accessTokenMaxBytes: 2048 }, most: 2048 },
    { name: 'signed with RSA', settings: { accessTokenMaxBytes: 4096, algorithm: 'RS256' }, most: 4096 },
    { name: 'with whole permissions', settings: { hasFullPermissions: true }, most: DEFAULT_MOST },
  ]
  test.each(CASES)('has the digest and version of its permissions: $name', async ({ settings, most }) => {
    const { login, keys } = await buyerWith(200)
    const resource = await resourceServer(settings)
    const before = Date.now()
    const tokens = await tokensOf(server.url, { ...login, resource })
    const refreshed = (await read(refresh(server.url, tokens.refresh_token))).body
    for (const { access_token } of [tokens, refreshed]) {
      expect(access_token.length).toBeLessThanOrEqual(most)
      const { payload } = decode(access_token)
      expect(payload).not.toHaveProperty('permissions')
      expect(payload.permissions_digest).toBe(digestOf(keys))
      expect(payload.permissions_version).toBeGreaterThanOrEqual(before)
      expect(payload.company_roles).toEqual(['Everything'])
      const { body } = await read(userinfo(server.url, access_token))
      expect(body.permissions.map(({ key }: { key: string }) => key)).toEqual(keys)
    }
  })

  test('is introspected with the list, and with the digest of now', async () => {
    const { login, keys } = await buyerWith(200)
    const { access_token } = await tokensOf(server.url, login)
    const said = await introspect(server.url, access_token)
    expect((said.permissions as { key: string }[]).map(({ key }) => key)).toEqual(keys)
    expect(said.permissions_digest).toBe(digestOf(keys))
  })

  test('is refreshed as shortened on the fast path too', async () => {
    const { login, keys } = await buyerWith(200)
    const { refresh_token } = await tokensOf(server.url, { ...login, scope: 'company' })
    const { body } = await read(refresh(server.url, refresh_token))
    expect(decode(body.access_token).payload).toMatchObject({ permissions_digest: digestOf(keys) })
    expect(body.access_token.length).toBeLessThanOrEqual(DEFAULT_MOST)
  })

  test('has its list where it fits, and is no matter where tokens are opaque', async () => {
    const few = await buyerWith(20)
    const { access_token } = await tokensOf(server.url, few.login)
    expect(decode(access_token).payload.permissions).toEqual(few.keys)
    expect(await introspect(server.url, access_token)).not.toHaveProperty('permissions_digest')
    const many = await buyerWith(300)
    const resource = await resourceServer({ format: 'opaque' })
    const opaque = await tokensOf(server.url, { ...many.login, resource })
    expect(opaque.access_token).not.toContain('.')
  })
})

describe('a token near the most that can be set', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  test('is refused by no endpoint of ours', async () => {
    const { login } = await buyerWith(380)
    await limitOfCommerce(MOST)
    const { access_token: token } = await tokensOf(server.url, login)
    expect(token.length).toBeGreaterThan(20_000)
    expect(decode(token).payload.permissions).toHaveLength(380)
    expect((await userinfo(server.url, token)).status).toBe(200)
    expect((await introspect(server.url, token)).active).toBe(true)
    expect((await fetch(`${server.url}/company-users`, { headers: bearer(token) })).status).toBe(200)
    expect((await fetch(`${server.url}/support-access`, { headers: bearer(token) })).status).toBe(200)
    const exchange = await read(
      postForm(
        `${server.url}/token`,
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          resource: COMMERCE,
        },
        ordersService,
      ),
    )
    expect([exchange.status, exchange.body.error_description]).toEqual([200, undefined])
    expect((await revoke(server.url, token)).status).toBe(200)
    expect((await introspect(server.url, token)).active).toBe(false)
    await limitOfCommerce(DEFAULT_MOST)
  })

  test('is refused by no endpoint of Spryker, whose tokens have every permission', async () => {
    const { login, companyUser } = await buyerWith(90)
    const headers = { 'content-type': 'application/json' }
    const attributes = { username: login.username, password: PASSWORD }
    const signIn = JSON.stringify({ data: { type: 'access-tokens', attributes } })
    const { body } = await read(fetch(`${server.url}/access-tokens`, { method: 'POST', headers, body: signIn }))
    const token = body.data.attributes.accessToken
    expect(token.length).toBeGreaterThan(16_384)
    expect((await fetch(`${server.url}/company-users`, { headers: bearer(token) })).status).toBe(200)
    const type = 'company-user-access-tokens'
    const chosen = await fetch(`${server.url}/${type}`, {
      method: 'POST',
      headers: { ...headers, ...bearer(token) },
      body: JSON.stringify({ data: { type, attributes: { idCompanyUser: companyUser.id } } }),
    })
    expect(chosen.status, await chosen.clone().text()).toBe(201)
    expect((await introspect(server.url, token)).active).toBe(true)
    const out = await fetch(`${server.url}/refresh-tokens/mine`, { method: 'DELETE', headers: bearer(token) })
    expect(out.status).toBe(204)
  })
})

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { read, requestTokens, SONIA_COMPANY_USER, tokensOf, userinfo } from './client.ts'

const PASSWORD = 'correct horse battery staple'
const SCOPE = 'openid customer company'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker' })
})
afterAll(() => server?.stop())

const list = async (token?: string, headers: Record<string, string> = {}) =>
  read(
    fetch(`${server.url}/company-users`, {
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    }),
  )

async function newBuyer() {
  const reference = randomUUID()
  const of = (name: string, more: object = {}) => ({
    id: randomUUID(),
    company: { id: randomUUID(), name, ...('status' in more && { status: more.status }) },
    isActive: true,
    isDefault: false,
    roles: [{ name: 'Buyer', permissions: [{ key: 'Order', configuration: {} }] }],
    ...('isActive' in more && { isActive: more.isActive }),
    ...('isDefault' in more && { isDefault: more.isDefault }),
  })
  const companyUsers = [
    of('North', { isDefault: true }),
    of('South'),
    of('Left', { isActive: false }),
    of('Closed', { status: 'blocked' }),
  ] as const
  const email = `${reference}@example.com`
  const record = { customerReference: reference, email, emailVerified: true, companyUsers }
  const made = await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password: PASSWORD })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const said = companyUsers.map(({ id, company, isDefault }) => ({
    id,
    company: { id: company.id, name: company.name },
    roles: company.name === 'North' || company.name === 'South' ? ['Buyer'] : [],
    is_default: isDefault,
    is_active: company.name === 'North' || company.name === 'South',
  }))
  return { login: { username: email, password: PASSWORD }, said }
}

describe('the company users of a customer', () => {
  test('are the same list at userinfo and at their endpoint, those that are not active too', async () => {
    const { login, said } = await newBuyer()
    const { access_token } = await tokensOf(server.url, { ...login, scope: SCOPE })
    const { status, body, headers } = await list(access_token)
    expect([status, body]).toEqual([200, { company_users: said }])
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await read(userinfo(server.url, access_token))).body.company_users).toEqual(said)
  })

  test('are said of a customer without any as an empty list', async () => {
    const login = { username: 'ron@swanson.com', password: 'mysecretpassword' }
    const { access_token } = await tokensOf(server.url, { ...login, scope: SCOPE })
    expect((await list(access_token)).body).toEqual({ company_users: [] })
    expect((await read(userinfo(server.url, access_token))).body.company_users).toEqual([])
  })

  test('are in no token, also where a request asks for the claim by name', async () => {
    const { access_token, id_token } = await tokensOf(server.url, { scope: SCOPE })
    for (const token of [access_token, id_token])
      expect(Buffer.from(String(token.split('.')[1]), 'base64url').toString()).not.toContain('company_users')
    const discovery = await read(fetch(`${server.url}/.well-known/openid-configuration`))
    expect(discovery.body.claims_supported).toContain('company_users')
  })

  test('are told with the scope company only', async () => {
    const { access_token } = await tokensOf(server.url, { scope: 'openid customer' })
    const { status, body, headers } = await list(access_token)
    expect([status, body.error]).toEqual([403, 'insufficient_scope'])
    expect(headers.get('www-authenticate')).toContain('scope="company"')
    expect((await read(userinfo(server.url, access_token))).body.company_users).toBe(undefined)
  })

  test('are told to holders of a Spryker token, which has scopes of its own', async () => {
    const body = {
      data: { type: 'access-tokens', attributes: { username: 'sonia@spryker.com', password: 'change123' } },
    }
    const headers = { 'content-type': 'application/json' }
    const signedIn = await read(
      fetch(`${server.url}/access-tokens`, { method: 'POST', headers, body: JSON.stringify(body) }),
    )
    const { status, body: told } = await list(signedIn.body.data.attributes.accessToken)
    expect([status, told.company_users.map(({ id }: { id: string }) => id)]).toEqual([200, [SONIA_COMPANY_USER]])
  })

  test('are told to nobody without a token that works, a refresh token or a token of a client', async () => {
    const { refresh_token, access_token } = await tokensOf(server.url, { scope: SCOPE })
    const client = await read(
      requestTokens(
        server.url,
        { grant_type: 'client_credentials', username: undefined, password: undefined },
        basicAuth('orders-service', 'orders-service-secret'),
      ),
    )
    const said = await Promise.all([undefined, '', 'x', refresh_token, `${access_token}x`].map((token) => list(token)))
    expect(said.map(({ status }) => status)).toEqual(said.map(() => 401))
    if (client.status === 200) expect((await list(client.body.access_token)).status).toBe(403)
  })

  test('are refused to a token that was made for another service', async () => {
    const identifier = `urn:example:${randomUUID()}`
    const made = await ask(server, OWNER, 'POST', '/v1/resource-servers', { identifier, format: 'jwt', scopes: [] })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const { access_token } = await tokensOf(server.url, { scope: 'company', resource: identifier })
    expect((await list(access_token)).status).toBe(401)
  })

  test('may be read by pages of the client’s own origins, and of no others', async () => {
    const { access_token } = await tokensOf(server.url, { scope: SCOPE })
    const allowed = async (origin: string) =>
      (await list(access_token, { origin })).headers.get('access-control-allow-origin')
    expect([await allowed('http://localhost:8080'), await allowed('https://evil.example')]).toEqual([
      'http://localhost:8080',
      null,
    ])
    const preflight = await fetch(`${server.url}/company-users/people/x`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:8080', 'access-control-request-method': 'PATCH' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, POST, PATCH, DELETE',
    ])
  })
})

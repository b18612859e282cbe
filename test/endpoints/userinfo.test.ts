import { afterAll, beforeAll, expect, test } from 'vitest'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, RON_ID, read, ron, SONIA_COMPANY_USER, sonia, tokensOf, userinfo } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const claimsOf = async (scope: string, login = sonia) => {
  const { access_token } = await tokensOf(server.url, { ...login, scope })
  const { body } = await read(userinfo(server.url, access_token))
  return body
}
const sub = expect.any(String)

test.each<[string, Record<string, unknown>]>([
  ['openid', { sub }],
  ['openid email', { sub, email: 'sonia@spryker.com', email_verified: true }],
  ['openid profile', { sub, name: 'Sonia Wagner', given_name: 'Sonia', family_name: 'Wagner', locale: 'de-DE' }],
  ['openid customer', { sub, customer_reference: 'DE--21', id_customer: 21 }],
])('the scope "%s" gives its claims and no others', async (scope, claims) => {
  expect(await claimsOf(scope)).toEqual(claims)
})

test('the scope "company" gives roles, and permissions with their configuration', async () => {
  const claims = await claimsOf('openid company')
  expect(claims).toEqual({
    sub,
    id_company_user: SONIA_COMPANY_USER,
    company_roles: ['Buyer'],
    permissions: sub && expect.any(Array),
    company_users: [
      {
        id: SONIA_COMPANY_USER,
        company: { id: expect.any(String), name: 'Test Company' },
        roles: ['Buyer'],
        is_default: expect.any(Boolean),
        is_active: true,
      },
    ],
  })
  expect(claims.permissions[2]).toEqual({
    key: 'ReadShoppingListPermissionPlugin',
    configuration: { id_shopping_list_collection: { 0: 1, 2: 2, 3: 3 } },
  })
})

test('a customer without a company has no company user, role or permission', async () => {
  expect(await claimsOf('openid company', ron)).toEqual({
    sub: RON_ID,
    id_company_user: null,
    company_roles: [],
    permissions: [],
    company_users: [],
  })
})

test('the token may come in the header or in a form body, and says the same both times', async () => {
  const { access_token } = await tokensOf(server.url, { scope: 'openid email' })
  const byHeader = await read(userinfo(server.url, access_token))
  const byBody = await read(postForm(`${server.url}/userinfo`, { access_token }))
  const byPost = await read(postForm(`${server.url}/userinfo`, {}, { authorization: `Bearer ${access_token}` }))
  expect(byHeader.body).toEqual({
    sub: decode(access_token).payload.sub,
    email: expect.any(String),
    email_verified: true,
  })
  expect([byBody.body, byPost.body]).toEqual([byHeader.body, byHeader.body])
  expect(byHeader.headers.get('cache-control')).toContain('no-store')
})

test('a token in the address is refused (RFC 6750 §5.3), and so are two at once', async () => {
  const { access_token } = await tokensOf(server.url, { scope: 'openid' })
  const inAddress = await read(fetch(`${server.url}/userinfo?access_token=${access_token}`))
  expect([inAddress.status, inAddress.body.error]).toEqual([400, 'invalid_request'])
  const twice = await read(
    postForm(`${server.url}/userinfo`, { access_token }, { authorization: `Bearer ${access_token}` }),
  )
  expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request'])
})

test('no token is answered with a challenge that names no error (RFC 6750 §3.1)', async () => {
  const { status, headers } = await read(fetch(`${server.url}/userinfo`))
  expect(status).toBe(401)
  expect(headers.get('www-authenticate')).toMatch(/^Bearer /)
  expect(headers.get('www-authenticate')).not.toContain('error=')
})

test('a token without the scope openid is told that it needs it', async () => {
  for (const fields of [{ scope: 'customer' }, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' }]) {
    const { access_token } = await tokensOf(server.url, fields)
    const { status, body, headers } = await read(userinfo(server.url, access_token))
    expect([status, body.error]).toEqual([403, 'insufficient_scope'])
    expect(headers.get('www-authenticate')).toContain('scope="openid"')
  }
})

test.each(['garbage', 'a.b.c', '..', 'ä', `${'a'.repeat(8000)}`])('the token %j is refused with 401', async (token) => {
  const { status, body } = await read(postForm(`${server.url}/userinfo`, { access_token: token }))
  expect([status, body.error]).toEqual([401, 'invalid_token'])
})

test('a refresh token and an ID token open nothing', async () => {
  const tokens = await tokensOf(server.url, { scope: 'openid' })
  for (const token of [tokens.refresh_token, tokens.id_token]) {
    expect((await userinfo(server.url, token)).status).toBe(401)
  }
})

test.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer  ', 'Bearer a b', 'bearer', ' '])(
  'the header "Authorization: %s" is answered with 400 or 401',
  async (authorization) => {
    const { status } = await read(fetch(`${server.url}/userinfo`, { headers: { authorization } }))
    expect([400, 401]).toContain(status)
  },
)

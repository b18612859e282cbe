import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basicAuth, postForm, postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let opaque: TestServer
let jwt: TestServer

beforeAll(async () => {
  opaque = await startTestServer({ DIALECTS: 'magento', MAGENTO_CUSTOMER_TOKEN_HOURS: '0.5' })
  jwt = await startTestServer({ DIALECTS: 'magento', MAGENTO_TOKEN_FORMAT: 'jwt' })
})
afterAll(async () => {
  await opaque.stop()
  await jwt.stop()
})

const orders = basicAuth('orders-service', 'orders-service-secret')

async function signIn(server: TestServer, user: 'customer' | 'admin' = 'customer'): Promise<string> {
  const [username, password] =
    user === 'admin' ? ['agent@example.com', 'change123'] : ['sonia@spryker.com', 'change123']
  const answer = await postJson(`${server.url}/rest/V1/integration/${user}/token`, { username, password })
  return (await answer.json()) as string
}

async function introspect(server: TestServer, token: string): Promise<Record<string, unknown>> {
  return (await (await postForm(`${server.url}/introspect`, { token }, orders)).json()) as Record<string, unknown>
}

test('an opaque token is introspected with its customer, company user and lifetime', async () => {
  const found = await introspect(opaque, await signIn(opaque))
  expect(found).toMatchObject({
    active: true,
    aud: 'urn:vestibule:dialect:magento',
    client_id: 'frontend',
    customer_reference: 'DE--21',
    id_company_user: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
  })
  expect(Number(found.exp) - Number(found.iat)).toBe(1800)
})

test('an agent’s token has its own audience and lifetime', async () => {
  const found = await introspect(opaque, await signIn(opaque, 'admin'))
  expect(found).toMatchObject({
    active: true,
    aud: 'urn:vestibule:dialect:magento-admin',
    id_agent: expect.any(Number),
  })
  expect(Number(found.exp) - Number(found.iat)).toBe(14_400)
  const { exp, iat } = await introspect(jwt, await signIn(jwt, 'admin'))
  expect(Number(exp) - Number(iat)).toBe(3600)
})

test.each([
  ['opaque', () => opaque],
  ['JWT', () => jwt],
])('an %s token revoked at /revoke works nowhere', async (_, server) => {
  const token = await signIn(server())
  const revoked = await postForm(`${server().url}/revoke`, { token, client_id: 'frontend' })
  expect(revoked.status).toBe(200)
  expect(await introspect(server(), token)).toEqual({ active: false })
  const me = await fetch(`${server().url}/rest/V1/customers/me`, { headers: { authorization: `Bearer ${token}` } })
  expect(me.status).toBe(401)
})

test('the JWT form has the shop’s claims and verifies with the published keys', async () => {
  const token = await signIn(jwt)
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${jwt.url}/jwks`)))
  expect(Object.keys(payload).slice(0, 4)).toEqual(['uid', 'utypid', 'iat', 'exp'])
  expect(payload).toMatchObject({ uid: 21, utypid: 3 })
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: expect.any(String) })
  expect(await introspect(jwt, token)).toMatchObject({ active: true, sub: payload.customer_id })

  const admin = await jwtVerify(await signIn(jwt, 'admin'), createRemoteJWKSet(new URL(`${jwt.url}/jwks`)))
  expect(admin.payload).toMatchObject({ uid: expect.any(Number), utypid: 2 })
})

test('a JWT ends when the customer signs out everywhere', async () => {
  const token = await signIn(jwt)
  const authorization = `Bearer ${token}`
  const revoke = '/rest/V1/integration/customer/revoke-customer-token'
  await fetch(`${jwt.url}${revoke}`, { method: 'POST', headers: { authorization } })
  expect(await introspect(jwt, token)).toEqual({ active: false })
})

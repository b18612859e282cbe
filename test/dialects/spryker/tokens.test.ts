import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { AGENT, bearer, decode, exchange, obtain, SONIA, SONIA_COMPANY_USER } from './exchange.ts'

let server: TestServer
let keys: JSONWebKeySet
let tokens: Record<
  'customer' | 'companyUser' | 'agent' | 'impersonated' | 'backOffice' | 'storefront' | 'refreshed',
  string
>

beforeAll(async () => {
  server = await startTestServer()
  const { url } = server
  keys = (await (await fetch(`${url}/jwks`)).json()) as JSONWebKeySet
  const customer = await obtain(url, 'access-tokens', SONIA)
  const agent = await obtain(url, 'agent-access-tokens', AGENT)
  const companyUser = { idCompanyUser: SONIA_COMPANY_USER }
  const reference = { customerReference: 'DE--21' }
  const [chosen, impersonated, refreshed, backOffice, storefront] = await Promise.all([
    obtain(url, 'company-user-access-tokens', companyUser, bearer(customer.accessToken)),
    obtain(url, 'agent-customer-impersonation-access-tokens', reference, bearer(agent.accessToken)),
    obtain(url, 'refresh-tokens', { refreshToken: agent.refreshToken }),
    exchange(url, { path: '/token', body: { grantType: 'password', ...AGENT } }),
    postForm(`${url}/token`, { grant_type: 'password', ...SONIA, client_id: '' }),
  ])
  tokens = {
    customer: customer.accessToken,
    companyUser: chosen.accessToken,
    agent: agent.accessToken,
    impersonated: impersonated.accessToken,
    refreshed: refreshed.accessToken,
    backOffice: (backOffice.json as { access_token: string }).access_token,
    storefront: ((await storefront.json()) as { access_token: string }).access_token,
  }
})
afterAll(() => server?.stop())

const carts = [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21]
const lists = { 0: 1, 2: 2, 3: 3 }
const permission = (id: number | null, key: string, configuration: object, signature: unknown) => ({
  id_permission: id,
  key,
  configuration,
  configuration_signature: signature,
  id_company_role: null,
  is_infrastructural: null,
})
const sonia = {
  id_company_user: SONIA_COMPANY_USER,
  id_agent: null,
  customer_reference: 'DE--21',
  id_customer: 21,
  permissions: {
    permissions: [
      permission(1, 'ReadSharedCartPermissionPlugin', { id_quote_collection: carts }, '[]'),
      permission(2, 'WriteSharedCartPermissionPlugin', { id_quote_collection: carts }, '[]'),
      permission(null, 'ReadShoppingListPermissionPlugin', { id_shopping_list_collection: lists }, []),
      permission(null, 'WriteShoppingListPermissionPlugin', { id_shopping_list_collection: lists }, []),
    ],
  },
}
const nobody = { id_company_user: null, id_agent: 1, customer_reference: null, id_customer: null, permissions: null }

describe('a token says who somebody is as the shop’s own does, byte for byte', () => {
  test.each([
    ['customer', ['customer'], sonia],
    ['storefront', ['customer'], sonia],
    ['companyUser', ['company_user'], sonia],
    ['impersonated', ['customer_impersonation', 'customer'], sonia],
    ['agent', ['agent'], nobody],
    ['refreshed', ['agent'], nobody],
  ] as const)('%s', (name, scopes, identity) => {
    const { payload } = decode(tokens[name])
    expect(payload.sub).toBe(JSON.stringify(identity))
    expect(payload.scopes).toEqual(scopes)
  })

  test('the back office', () => {
    const { payload } = decode(tokens.backOffice)
    expect(JSON.parse(String(payload.sub))).toEqual({ user_reference: null, id_user: 1, uuid: expect.any(String) })
    expect(payload.scopes).toEqual(['user', 'back-office-user'])
  })

  test('somebody with two company users and no default acts as none', async () => {
    const login = { username: 'test@meetanshi.com', password: 'Meet@123' }
    const { accessToken, idCompanyUser } = await obtain(server.url, 'access-tokens', login)
    expect(idCompanyUser).toBeNull()
    expect(JSON.parse(String(decode(accessToken).payload.sub))).toMatchObject({
      id_company_user: null,
      permissions: null,
    })
  })
})

describe.each(['customer', 'companyUser', 'agent', 'impersonated', 'backOffice', 'storefront'] as const)(
  '%s',
  (name) => {
    const isDerived = name === 'companyUser' || name === 'impersonated'
    test('header and registered claims are those the shop’s validator knows, plus iss and kid', () => {
      const { header, payload } = decode(tokens[name])
      expect(header).toEqual({ typ: 'JWT', alg: 'RS256', kid: expect.any(String) })
      expect(payload).toMatchObject({ aud: 'frontend', iss: server.url, jti: expect.any(String) })
      expect(payload.nbf).toBe(payload.iat)
      // What comes of another token ends with that one, which may be some seconds older.
      // An agent acts for a customer for an hour.
      const lifeSeconds = name === 'impersonated' ? 3600 : 28800
      const olderSeconds = Number(payload.iat) + lifeSeconds - Number(payload.exp)
      expect(olderSeconds).toBeGreaterThanOrEqual(0)
      expect(olderSeconds).toBeLessThanOrEqual(isDerived ? 600 : 0)
      expect(Number.isInteger(payload.iat)).toBe(true)
    })

    test('the published keys verify it', async () => {
      await jwtVerify(tokens[name], createLocalJWKSet(keys), { audience: 'frontend', algorithms: ['RS256'] })
    })

    test('a resource server can introspect it', async () => {
      const client = basicAuth('orders-service', 'orders-service-secret')
      const response = await postForm(`${server.url}/introspect`, { token: tokens[name] }, client)
      expect(await response.json()).toMatchObject({ active: true, aud: 'frontend', client_id: 'frontend' })
    })
  },
)

test('an impersonated token names the agent as its actor, and introspection tells', async () => {
  const client = basicAuth('orders-service', 'orders-service-secret')
  const response = await postForm(`${server.url}/introspect`, { token: tokens.impersonated }, client)
  expect(await response.json()).toMatchObject({
    customer_reference: 'DE--21',
    act: { sub: expect.stringMatching(/^agent:/) },
  })
})

test('privileged scopes cannot be had by asking for them', async () => {
  const response = await postForm(`${server.url}/token`, {
    grant_type: 'password',
    ...SONIA,
    client_id: 'frontend',
    resource: 'urn:vestibule:dialect:spryker',
    scope: 'agent back-office-user customer_impersonation company_user customer',
  })
  const { access_token } = (await response.json()) as { access_token: string }
  expect(decode(access_token).payload.scopes).toEqual(['customer'])
})

test('a revoked token is inactive, and no token at the endpoints any more', async () => {
  const { accessToken } = await obtain(server.url, 'access-tokens', SONIA)
  await postForm(`${server.url}/revoke`, { token: accessToken, client_id: 'frontend' })
  const client = basicAuth('orders-service', 'orders-service-secret')
  const response = await postForm(`${server.url}/introspect`, { token: accessToken }, client)
  expect(await response.json()).toEqual({ active: false })
  const answer = await exchange(server.url, {
    method: 'DELETE',
    path: '/refresh-tokens/mine',
    headers: bearer(accessToken),
  })
  expect(answer).toMatchObject({ status: 401, json: { errors: [{ code: '001' }] } })
})

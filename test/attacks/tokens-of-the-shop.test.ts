import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selectDialects } from '../../src/dialects/index.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { bearer, exchange, SONIA } from '../dialects/spryker/exchange.ts'
import { authorizationUrl, CALLBACK, pkce, read } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** Not first_party: software of others. */
const APP = 'third-party-app'
const BASIC = basicAuth(APP, `${APP}-secret`)

const SETTINGS = {
  ADMIN_TOKEN: OWNER,
  DIALECTS: 'spryker,spryker-backend,elastic-path,magento,commercetools',
  DIALECT_CLIENTS:
    'spryker=frontend,spryker-backend=frontend,elastic-path=frontend,magento=own-client,commercetools=frontend',
  DIALECT_MOUNTS: 'spryker-backend=/backend',
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer(SETTINGS)
  const own = {
    client_id: 'own-client',
    token_endpoint_auth_method: 'none',
    grant_types: ['password'],
    redirect_uris: [],
    response_types: [],
    resource_scopes: [],
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata: own })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
})
afterAll(() => server?.stop())

/** Those whose services ask who somebody is: a token for them has no scope that says less than everything. */
const SHOPS = [
  'urn:vestibule:dialect:spryker',
  'urn:vestibule:dialect:spryker:warehouse',
  'urn:vestibule:dialect:spryker-backend',
  'urn:vestibule:dialect:spryker-backend:warehouse',
  'urn:vestibule:dialect:elastic-path:customers',
  'urn:vestibule:dialect:elastic-path:account-members',
  'urn:vestibule:dialect:magento',
  'urn:vestibule:dialect:magento-admin',
]
/** Those whose services look at scopes, which a client has by its resource_scopes alone. */
const SCOPED = ['urn:vestibule:dialect:elastic-path', 'urn:vestibule:dialect:commercetools']

const signIn = (resource: string, client: Record<string, string>, headers: Record<string, string> = {}) =>
  read(postForm(`${server.url}/token`, { grant_type: 'password', ...SONIA, resource, ...client }, headers))

test('the lists name every resource server of a dialect', () => {
  const all = selectDialects(server.config).flatMap(({ dialect }) => dialect.resourceServers)
  expect(all.map(({ identifier }) => identifier).sort()).toEqual([...SHOPS, ...SCOPED].sort())
})

describe.each(SHOPS)('%s', (resource) => {
  test('gives software of others no token for a password, with or without scopes', async () => {
    for (const scope of ['openid', 'customer', ''])
      expect(await signIn(resource, { scope }, BASIC)).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  })

  test('is nothing that a person can be asked to agree to', async () => {
    const asked = {
      client_id: APP,
      scope: 'openid',
      resource,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    }
    const jar = createCookieJar()
    const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, asked)), { stopAt: CALLBACK })
    expect(new URL(page.url).searchParams.get('error')).toBe('invalid_target')
  })
})

test('a token that an app was given erases nobody by the endpoints of the shop', async () => {
  const { body } = await signIn('urn:vestibule:commerce', { scope: 'customer' }, BASIC)
  const path = '/customers/DE--21'
  const headers = bearer(String(body.access_token))
  expect((await exchange(server.url, { method: 'DELETE', path, headers })).status).toBe(401)
})

test.each([
  ['frontend', 'urn:vestibule:dialect:spryker'],
  ['own-client', 'urn:vestibule:dialect:magento'],
])('the own software of the shop still has its tokens: %s', async (client_id, resource) => {
  expect(await signIn(resource, { client_id })).toMatchObject({ status: 200 })
})

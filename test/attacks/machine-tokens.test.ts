import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, introspect, ordersService, read } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { AUDIENCES } from './token-endpoints.ts'

/** Who somebody is, and not what they may do. */
const IDENTITY = [
  ...['openid', 'profile', 'email', 'customer', 'company', 'offline_access'],
  ...['agent', 'user', 'back-office-user', 'warehouse-user', 'merchant-user', 'warehouse'],
  ...['company_user', 'company-user', 'customer_impersonation'],
]
const CAREFUL = 'urn:example:careful'
const OPEN = 'urn:example:open'
const EVERYTHING = [
  ...AUDIENCES,
  'urn:vestibule:dialect:slas:agents',
  'urn:vestibule:dialect:spryker:warehouse',
  'urn:vestibule:dialect:spryker-backend',
  'urn:vestibule:dialect:spryker-backend:warehouse',
  'urn:vestibule:dialect:elastic-path',
  CAREFUL,
  OPEN,
]
/** Those that say that they give machines tokens; by contract of the two shops, and of the demo. */
const MACHINES = [
  'urn:vestibule:commerce',
  'urn:vestibule:warehouse',
  'urn:vestibule:dialect:elastic-path',
  'urn:vestibule:dialect:commercetools',
  'urn:vestibule:dialect:sap-commerce',
  OPEN,
]
const ANONYMOUS = 'urn:vestibule:grant:anonymous'
const machine = basicAuth('machine', 'a-secret-of-the-machine')

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN,
    DIALECTS: 'spryker,spryker-backend,elastic-path,magento,commercetools,sap-commerce,slas',
    DIALECT_MOUNTS: 'spryker-backend=/bapi',
  })
  const scopes = [...IDENTITY, 'orders:read']
  const plain = { scopes, anonymousScopes: scopes, format: 'jwt' }
  await askAdmin(server, 'POST', '/v1/resource-servers', { identifier: CAREFUL, ...plain })
  await askAdmin(server, 'POST', '/v1/resource-servers', { identifier: OPEN, hasMachineTokens: true, ...plain })
  const metadata = { client_id: 'machine', grant_types: ['client_credentials', ANONYMOUS], first_party: true }
  const made = await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'a-secret-of-the-machine' })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
})
afterAll(() => server?.stop())

const ask = (fields: Record<string, string>) =>
  read(postForm(`${server.url}/token`, { grant_type: 'client_credentials', ...fields }, machine))

test.each(EVERYTHING)('a token of a client itself for %s is refused, or says nothing of a person', async (resource) => {
  const { status, body } = await ask({ resource, scope: IDENTITY.join(' ') })
  if (!MACHINES.includes(resource)) {
    expect([status, body.error]).toEqual([400, 'invalid_target'])
    return
  }
  expect([status, body.scope]).toEqual([200, undefined])
  const found = await introspect(server.url, body.access_token, machine)
  expect(found).toMatchObject({ active: true, sub: 'machine', client_id: 'machine' })
  expect([found.scope, found.customer_reference, found.id_agent]).toEqual([undefined, undefined, undefined])
})

test('a client gets what it may do for itself, beside what it asks for of who somebody is', async () => {
  const { body } = await ask({ resource: OPEN, scope: 'agent orders:read openid' })
  expect([body.scope, decode(body.access_token).payload.scope]).toEqual(['orders:read', 'orders:read'])
})

test('a visitor is nobody, whatever a resource server opens to visitors', async () => {
  const answer = await ask({ grant_type: ANONYMOUS, resource: OPEN, scope: [...IDENTITY, 'orders:read'].join(' ') })
  expect(answer.body.scope).toBe('orders:read')
})

describe('software of others', () => {
  const metadata = { client_id: 'app-of-others', grant_types: ['client_credentials'] }
  const store = (given: object) => {
    const body = { metadata: given, secret: 'a-secret-of-others' }
    return askAdmin<{ code: string; detail: string }>(server, 'POST', '/v1/clients', body)
  }

  test.each([{}, { first_party: false }])('is not stored without resource_scopes, with %j', async (members) => {
    const { status, body } = await store({ ...metadata, ...members })
    expect([status, body.code, body.detail]).toEqual([
      400,
      'invalid-body',
      expect.stringMatching(/resource_scopes.*\[\] is nothing.*first_party: true/s),
    ])
  })

  test('is not changed into one without them', async () => {
    expect((await store({ ...metadata, resource_scopes: [] })).status).toBe(201)
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', 'if-match': '*' }
    const body = JSON.stringify({ metadata })
    const answer = await fetch(`${server.adminUrl}/v1/clients/app-of-others`, { method: 'PUT', headers, body })
    expect(answer.status).toBe(400)
  })

  test('gets of each resource server what its list names, or the beginning of', async () => {
    const form = { grant_type: 'client_credentials', resource: 'urn:vestibule:warehouse' }
    const scope = 'stock:read stock:write'
    const secret = 'a-secret-of-others'
    for (const [client_id, resource_scopes, granted] of [
      ['reads-stock', ['stock:read'], 'stock:read'],
      ['all-of-stock', ['stock:*'], 'stock:read stock:write'],
      ['nothing-of-stock', ['orders:*'], undefined],
    ] as const) {
      const client = { client_id, grant_types: ['client_credentials'], resource_scopes }
      await store(client)
      const { body } = await read(postForm(`${server.url}/token`, { ...form, scope }, basicAuth(client_id, secret)))
      expect(body.scope).toBe(granted)
    }
  })
})

test('the demo’s service still gets a token of its own', async () => {
  const form = { grant_type: 'client_credentials', resource: 'urn:vestibule:warehouse', scope: 'stock:read' }
  expect((await read(postForm(`${server.url}/token`, form, ordersService))).body.scope).toBe('stock:read')
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { freePort } from '../support/free-port.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const ORIGIN = { origin: 'https://agent.example' }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  await register(server, { identifier: `${server.url}/mcp`, scopes: ['orders:read', 'offline_access', 'cart:manage'] })
  await register(server, { identifier: `${server.url}/`, scopes: ['root:read'] })
  await register(server, { identifier: `${server.url}/shop?tenant=a`, scopes: ['tenant:read'] })
  await register(server, { identifier: `${server.url}/own`, scopes: ['own:read'], is_offered: false })
  await register(server, { identifier: 'urn:example:catalogue', scopes: ['catalogue:read'] })
  await register(server, {
    identifier: 'https://shop.example/ucp',
    scopes: ['dev.ucp.shopping.order:read'],
    resource_name: 'Example shop',
    resource_documentation: 'https://shop.example/developers',
    resource_policy_uri: 'https://shop.example/privacy',
    resource_tos_uri: 'https://shop.example/terms',
  })
  await register(server, { identifier: 'https://shop.example', scopes: [] })
  await register(server, { identifier: 'http://shop.example/plain', scopes: ['plain:read'] })
  await register(server, { identifier: 'https://name@shop.example/named', scopes: ['named:read'] })
})
afterAll(() => server?.stop())

async function register({ adminUrl }: TestServer, resourceServer: object): Promise<void> {
  const made = await ask({ adminUrl }, OWNER, 'POST', '/v1/resource-servers', { format: 'jwt', ...resourceServer })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

const get = (path: string) => read(fetch(server.url + path, { headers: ORIGIN }))
const ofResource = (identifier: string) => get(`/resource-metadata?resource=${encodeURIComponent(identifier)}`)

describe('a resource server whose identifier is an address has a metadata document', () => {
  test.each([
    ['below this origin, at its well-known place', () => `${WELL_KNOWN}/mcp`, '/mcp', ['orders:read', 'cart:manage']],
    ['at the root of this origin', () => WELL_KNOWN, '/', ['root:read']],
    ['with a query', () => `${WELL_KNOWN}/shop?tenant=a`, '/shop?tenant=a', ['tenant:read']],
  ])('%s', async (_, path, resource, scopes) => {
    const { status, headers, body } = await get(path())
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(body).toEqual({
      resource: server.url + resource,
      authorization_servers: [server.url],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
    })
    expect((await ofResource(server.url + resource)).body).toEqual(body)
  })

  test('elsewhere, for the service to copy', async () => {
    const { status, headers, body } = await ofResource('https://shop.example/ucp')
    expect([status, headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual([
      200,
      '*',
      'public, max-age=300',
    ])
    expect(body).toEqual({
      resource: 'https://shop.example/ucp',
      authorization_servers: [server.url],
      scopes_supported: ['dev.ucp.shopping.order:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Example shop',
      resource_documentation: 'https://shop.example/developers',
      resource_policy_uri: 'https://shop.example/privacy',
      resource_tos_uri: 'https://shop.example/terms',
    })
    expect((await ofResource('https://shop.example')).body).toMatchObject({ resource: 'https://shop.example' })
  })
})

test('no document demands offline_access', async () => {
  for (const path of [`${WELL_KNOWN}/mcp`, WELL_KNOWN]) expect((await get(path)).text).not.toContain('offline_access')
})

test.each([
  ['a URN', () => 'urn:example:catalogue'],
  ['plain http to another machine', () => 'http://shop.example/plain'],
  ['an address with a user name', () => 'https://name@shop.example/named'],
  ['one that software of others may not use', () => `${server.url}/own`],
  ['this server itself', () => server.url],
  ['one that does not exist', () => 'https://nowhere.example/'],
  ['another spelling', () => 'https://SHOP.example/ucp'],
  ['a slash more', () => 'https://shop.example/ucp/'],
  ['a very long one', () => `https://shop.example/${'a'.repeat(5000)}`],
  ['a NUL', () => 'https://shop.example/\0'],
])('%s has no document', async (_, identifier) => {
  const { status, headers, body } = await ofResource(identifier())
  expect([status, body.error]).toEqual([404, 'not_found'])
  expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual(['*', 'no-store'])
})

test.each(['/mcp/', '/MCP', '/mcp?x=1', '/%6dcp', '//mcp', '/own'])(
  'another spelling of a path has no document: %s',
  async (rest) => {
    expect((await get(WELL_KNOWN + rest)).status).toBe(404)
  },
)

test.each(['', '?resource=', '?resource=a&resource=b'])(
  'without one resource the request is refused: %s',
  async (query) => {
    const { status, body } = await get(`/resource-metadata${query}`)
    expect([status, body.error]).toEqual([400, 'invalid_request'])
  },
)

test('scripts of other origins may ask with headers of their own', async () => {
  const headers = {
    ...ORIGIN,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'mcp-protocol-version',
  }
  for (const path of [`${WELL_KNOWN}/mcp`, WELL_KNOWN, '/resource-metadata']) {
    const answer = await fetch(server.url + path, { method: 'OPTIONS', headers })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('mcp-protocol-version')
  }
})

test('a new resource server has its document at once', async () => {
  await register(server, { identifier: `${server.url}/later`, scopes: [] })
  expect((await get(`${WELL_KNOWN}/later`)).body).toMatchObject({ scopes_supported: [] })
})

describe('with a path in ISSUER', () => {
  let below: TestServer
  let origin: string
  beforeAll(async () => {
    const PORT = String(await freePort())
    origin = `http://localhost:${PORT}`
    below = await startTestServer({ ADMIN_TOKEN: OWNER, PORT, ISSUER: `${origin}/auth` })
    await register(below, { identifier: `${origin}/mcp`, scopes: ['a:read'] })
    await register(below, { identifier: `${origin}/auth/mcp`, scopes: ['b:read'] })
  })
  afterAll(() => below?.stop())

  test.each(['/mcp', '/auth/mcp'])('documents are where the host has them: %s', async (path) => {
    const { body } = await read(fetch(origin + WELL_KNOWN + path))
    expect(body).toMatchObject({ resource: origin + path, authorization_servers: [`${origin}/auth`] })
  })
})

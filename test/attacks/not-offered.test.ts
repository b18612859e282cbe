import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { authorizationUrl, CALLBACK, obtainCode, pkce, read, redeem, refresh, sonia } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const HIDDEN = 'urn:example:hidden'
const UNKNOWN = 'urn:example:unknown'
const COMMERCE = 'urn:vestibule:commerce'
const SECRET = 'a-secret-of-sixteen'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ANONYMOUS = 'urn:vestibule:grant:anonymous'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const ALL_GRANTS = [
  'authorization_code',
  'refresh_token',
  'password',
  'client_credentials',
  DEVICE_CODE,
  EXCHANGE,
  ANONYMOUS,
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  await admin('POST', '/v1/resource-servers', hidden({}))
  for (const client_id of ['own', 'others']) {
    const metadata = {
      client_id,
      first_party: client_id === 'own',
      grant_types: ALL_GRANTS,
      redirect_uris: [CALLBACK],
      resource_scopes: ['*'],
      introspects: ['*'],
      exchange_targets: ['*'],
    }
    await admin('POST', '/v1/clients', { metadata, secret: SECRET })
  }
})
beforeEach(() => offer(false))
afterAll(() => server?.stop())

const hidden = (members: object) => ({
  identifier: HIDDEN,
  format: 'jwt',
  scopes: ['hidden:read'],
  anonymousScopes: ['hidden:read'],
  hasMachineTokens: true,
  ...members,
})

async function admin(method: string, path: string, body: object): Promise<void> {
  const { status, body: answer } = await ask(server, OWNER, method, path, body, { 'If-Match': '*' })
  if (status >= 300) throw new Error(JSON.stringify(answer))
}

const offer = (is_offered: boolean | undefined) =>
  admin('PUT', `/v1/resource-servers/${encodeURIComponent(HIDDEN)}`, hidden({ is_offered }))

type Answer = { readonly error?: unknown; readonly description?: unknown }
type Fields = Readonly<Record<string, string>>

async function send(path: string, client: string, fields: Fields): Promise<Answer> {
  const { status, body } = await read(postForm(`${server.url}${path}`, fields, basicAuth(client, SECRET)))
  return status < 300 ? {} : { error: body.error, description: body.error_description }
}

const grant = (grant_type: string, fields: Fields = {}) => ({
  name: `the grant type ${grant_type}`,
  ask: (client: string, resource: string) =>
    send('/token', client, { grant_type, resource, scope: 'hidden:read', ...fields }),
})

async function exchange(client: string, resource: string): Promise<Answer> {
  const form = { grant_type: 'password', ...sonia, resource: COMMERCE, scope: 'customer' }
  const { body } = await read(postForm(`${server.url}/token`, form, basicAuth(client, SECRET)))
  const subject = { subject_token: body.access_token, subject_token_type: ACCESS_TOKEN }
  return send('/token', client, { grant_type: EXCHANGE, ...subject, resource, scope: 'customer' })
}

const request = (client_id: string, resource: string) => ({
  client_id,
  resource,
  scope: 'openid hidden:read',
  code_challenge: pkce().challenge,
  code_challenge_method: 'S256',
})

async function authorize(client: string, resource: string): Promise<Answer> {
  const answer = await fetch(authorizationUrl(server.url, request(client, resource)), { redirect: 'manual' })
  const { searchParams } = new URL(answer.headers.get('location') ?? '', server.url)
  const [error, description] = [searchParams.get('error'), searchParams.get('error_description')]
  return error === null ? {} : { error, description }
}

const ENTRIES = [
  { name: '/authorize', ask: authorize },
  {
    name: '/par',
    ask: (client: string, resource: string) =>
      send('/par', client, { ...request(client, resource), response_type: 'code', redirect_uri: CALLBACK }),
  },
  {
    name: '/device_authorization',
    ask: (client: string, resource: string) =>
      send('/device_authorization', client, { resource, scope: 'openid hidden:read' }),
  },
  grant('password', sonia),
  grant('client_credentials'),
  grant(ANONYMOUS),
  { name: `the grant type ${EXCHANGE}`, ask: exchange },
]

describe.each(ENTRIES)('$name', ({ ask: askFor }) => {
  test('refuses software of others a resource server that is not offered, as one that does not exist', async () => {
    const refused = await askFor('others', HIDDEN)
    expect(refused).toEqual({ error: 'invalid_target', description: expect.any(String) })
    expect(refused).toEqual(await askFor('others', UNKNOWN))
  })

  test('serves the own software of the shop, and everybody once it is offered', async () => {
    expect(await askFor('own', HIDDEN)).toEqual({})
    await offer(undefined)
    expect(await askFor('others', HIDDEN)).toEqual({})
  })
})

describe('what was granted while it was offered', () => {
  const fields = { client_id: 'others', resource: HIDDEN, scope: 'openid hidden:read' }
  const credentials = basicAuth('others', SECRET)

  test('a code gives no token after that', async () => {
    await offer(true)
    const { code, verifier } = await obtainCode(server.url, fields)
    await offer(false)
    const { status, body } = await read(redeem(server.url, code, verifier, {}, credentials))
    expect([status, body.error]).toEqual([400, 'invalid_target'])
  })

  test('a refresh token gives none either, and works again when it is offered again', async () => {
    await offer(true)
    const { code, verifier } = await obtainCode(server.url, fields)
    const { body: tokens } = await read(redeem(server.url, code, verifier, {}, credentials))
    await offer(false)
    const refused = await read(refresh(server.url, tokens.refresh_token, {}, credentials))
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_target'])
    await offer(true)
    expect((await refresh(server.url, tokens.refresh_token, {}, credentials)).status).toBe(200)
  })
})

test.each(['openid-configuration', 'oauth-authorization-server'])(
  'the metadata at %s does not name its scopes',
  async (name) => {
    const scopes = async () => (await read(fetch(`${server.url}/.well-known/${name}`))).body.scopes_supported
    expect(await scopes()).not.toContain('hidden:read')
    expect(await scopes()).toEqual(expect.arrayContaining(['openid', 'offline_access', 'orders:read', 'stock:write']))
    await offer(true)
    const offered = await scopes()
    expect(offered).toContain('hidden:read')
    expect(new Set(offered).size).toBe(offered.length)
  },
)

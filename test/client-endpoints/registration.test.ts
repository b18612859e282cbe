import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  authorizationUrl,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  sonia,
  submit,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

const ORIGIN = 'https://inspector.example'
const CALLBACK = 'http://127.0.0.1:51000/callback'
const APP = {
  client_name: 'Agent of a stranger',
  redirect_uris: ['http://127.0.0.1/callback', 'https://agent.example/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    BRAND_NAME: 'Demo shop',
    DYNAMIC_REGISTRATION: 'open',
    TRUSTED_PROXIES: '127.0.0.1',
  })
  await addResourceServer(server)
  const known = {
    client_id: 'known-app',
    client_name: 'Known app',
    resource_scopes: [],
    redirect_uris: ['https://x.example/'],
  }
  expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata: known })).status).toBe(201)
})
afterAll(() => server?.stop())

async function addResourceServer({ adminUrl, url }: TestServer): Promise<void> {
  const body = { identifier: `${url}/mcp`, format: 'jwt', scopes: ['orders:see', 'orders:return', 'cart:manage'] }
  const made = await ask({ adminUrl }, OWNER, 'POST', '/v1/resource-servers', body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

let addresses = 0
/** From an address of its own, so that tests do not share a budget: this test is the trusted proxy. */
const register = (metadata: unknown, { url = server.url, headers = {} }: Asked = {}) => {
  const from = `198.51.${Math.floor(++addresses / 250)}.${addresses % 250}`
  return read(postJson(`${url}/register`, metadata, { origin: ORIGIN, 'x-forwarded-for': from, ...headers }))
}
type Asked = { readonly url?: string; readonly headers?: Readonly<Record<string, string>> }

type Registration = {
  readonly client_id: string
  readonly registration_access_token: string
  readonly registration_client_uri: string
}

async function registered(metadata: object = APP, asked: Asked = {}): Promise<Registration & Record<string, unknown>> {
  const { status, body, text } = await register(metadata, asked)
  if (status !== 201) throw new Error(`${status} ${text}`)
  return body
}

/** What the client does with its registration. */
async function manage(
  method: string,
  { registration_client_uri: uri, registration_access_token: token }: Registration,
  body?: object,
) {
  return read(
    fetch(uri, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', origin: ORIGIN },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
}

async function codeOf(clientId: string, fields: Record<string, string> = {}) {
  const request = { client_id: clientId, redirect_uri: CALLBACK, scope: 'orders:see', resource: `${server.url}/mcp` }
  return obtainCode(server.url, { ...request, ...fields })
}

async function tokensFor(clientId: string) {
  const { code, verifier } = await codeOf(clientId)
  const { status, body, text } = await read(
    redeem(server.url, code, verifier, { client_id: clientId, redirect_uri: CALLBACK, resource: `${server.url}/mcp` }),
  )
  if (status !== 200) throw new Error(`${status} ${text}`)
  return body as { access_token: string; refresh_token: string; scope: string }
}

const stateOf = async (clientId: string) => (await ask(server, OWNER, 'GET', `/v1/clients/${clientId}`)).body

describe('software that registers itself', () => {
  test('becomes a client that signs people in, refreshes, and is known to introspection', async () => {
    const client = await registered()
    expect(client).toEqual({
      client_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_id_issued_at: expect.any(Number),
      registration_access_token: expect.stringMatching(/^[\w-]{43}$/),
      registration_client_uri: `${server.url}/register/${client.client_id}`,
      application_type: 'native',
      response_types: ['code'],
      ...APP,
    })
    const tokens = await tokensFor(client.client_id)
    expect(tokens.scope).toBe('orders:see')
    const refreshed = await read(
      refresh(server.url, tokens.refresh_token, { client_id: client.client_id, resource: `${server.url}/mcp` }),
    )
    expect([refreshed.status, refreshed.body.refresh_token === tokens.refresh_token]).toEqual([200, false])
    expect(await introspectAsService(refreshed.body.access_token)).toMatchObject({
      active: true,
      client_id: client.client_id,
      aud: `${server.url}/mcp`,
    })
  })

  test('is found in the metadata of the server', async () => {
    const { body } = await read(fetch(`${server.url}/.well-known/oauth-authorization-server`))
    expect(body.registration_endpoint).toBe(`${server.url}/register`)
  })

  test('may be a script of any origin, and its answer is in no cache', async () => {
    const headers = {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization,mcp-protocol-version',
    }
    const preflight = await fetch(`${server.url}/register`, { method: 'OPTIONS', headers })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toMatch(/authorization.*content-type/)
    const made = await register(APP)
    const refused = await register({})
    for (const { headers: answered } of [made, refused])
      expect([answered.get('access-control-allow-origin'), answered.get('cache-control')]).toEqual(['*', 'no-store'])
  })

  test('is marked for operators, is no software of the shop, and proves nothing', async () => {
    const { client_id } = await registered({
      ...APP,
      first_party: true,
      authorization_challenge: true,
      self_registered: false,
      brand_color: '#ff0000',
      introspects: ['*'],
      exchange_targets: ['*'],
      resource_scopes: ['*'],
      access_token_ttl_seconds: 31_536_000,
      allowed_origins: ['https://evil.example'],
      verified_email_only: false,
      default_resource: 'urn:vestibule:commerce',
      jwks_uri: 'http://169.254.169.254/keys',
      backchannel_logout_uri: 'http://169.254.169.254/',
      logo_uri: 'https://agent.example/logo.png',
      client_id: 'frontend',
      client_secret: 'a-secret-of-its-own',
      security_profile: 'fapi2-security',
      require_pkce: false,
    })
    expect(client_id).not.toBe('frontend')
    expect((await stateOf(client_id)).metadata).toEqual({
      client_id,
      self_registered: true,
      security_profile: 'agent-platform',
      access_token_format: 'jwt',
      client_name: APP.client_name,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: APP.grant_types,
      response_types: ['code'],
      redirect_uris: APP.redirect_uris,
      // Those of the demo shop, and of the test.
      resource_scopes: expect.arrayContaining(['orders:read', 'orders:return', 'orders:see']),
      access_token_ttl_seconds: 3600,
      refresh_token_ttl_seconds: 1_209_600,
      refresh_token_absolute_ttl_seconds: 7_776_000,
    })
  })

  test('gets no secret for a method that needs one, and is told so', async () => {
    for (const method of ['client_secret_basic', 'client_secret_post', undefined]) {
      const { body } = await register({ ...APP, token_endpoint_auth_method: method })
      expect([method, body.token_endpoint_auth_method, body.client_secret]).toEqual([method, 'none', undefined])
    }
  })

  test('names scopes of services in its registration; unknown ones are dropped', async () => {
    const { client_id, scope } = await registered({
      ...APP,
      scope: 'openid orders:see orders:see unknown:scope cart:manage ssf.manage offline_access',
    })
    expect(scope).toBe('openid orders:see offline_access')
    expect((await stateOf(client_id)).metadata).toMatchObject({ default_scope: scope })
  })

  test('gets scopes that it did not name, for the next service, but none that manages', async () => {
    const { client_id } = await registered({ ...APP, scope: 'orders:see' })
    const { code, verifier } = await codeOf(client_id, { scope: 'orders:see orders:return cart:manage' })
    const { body } = await read(
      redeem(server.url, code, verifier, { client_id, redirect_uri: CALLBACK, resource: `${server.url}/mcp` }),
    )
    expect(body.scope.split(' ').sort()).toEqual(['orders:return', 'orders:see'])
  })

  test('may have the name of others that registered themselves: many people have the same agent', async () => {
    const [one, other] = [await registered(), await registered()]
    expect([one.client_name, one.client_id === other.client_id]).toEqual([other.client_name, false])
  })

  test('keeps pages of its own host only', async () => {
    const client = await registered({
      ...APP,
      client_uri: 'https://agent.example/',
      policy_uri: 'https://bank.example/privacy',
      tos_uri: 'javascript:alert(1)',
    })
    expect([client.client_uri, client.policy_uri, client.tos_uri]).toEqual([
      'https://agent.example/',
      undefined,
      undefined,
    ])
  })

  test.each([
    ['no redirect', { redirect_uris: undefined }],
    ['an empty list', { redirect_uris: [] }],
    ['a text', { redirect_uris: 'https://agent.example/callback' }],
    ['a fragment', { redirect_uris: ['https://agent.example/callback#x'] }],
    ['an empty fragment', { redirect_uris: ['https://agent.example/callback#'] }],
    ['plain http', { redirect_uris: ['http://agent.example/callback'] }],
    ['plain http to a private address', { redirect_uris: ['http://10.0.0.1/callback'] }],
    ['a name like that of loopback', { redirect_uris: ['http://localhost.evil.example/callback'] }],
    ['https to loopback', { redirect_uris: ['https://127.0.0.1/callback'] }],
    ['a user name', { redirect_uris: ['https://agent.example@evil.example/callback'] }],
    ['javascript:', { redirect_uris: ['javascript:alert(1)'] }],
    ['data:', { redirect_uris: ['data:text/html,x'] }],
    ['a scheme of the system', { redirect_uris: ['ms-msdt:/id'] }],
    ['a scheme that anybody may have', { redirect_uris: ['agent://callback'] }],
    ['a relative address', { redirect_uris: ['/callback'] }],
    ['a backslash', { redirect_uris: ['https:\\\\agent.example'] }],
    ['a blank', { redirect_uris: ['https://agent.example/a b'] }],
    ['markup', { redirect_uris: ['https://agent.example/"><script>'] }],
    ['a number', { redirect_uris: [1] }],
    ['one too many', { redirect_uris: Array.from({ length: 11 }, (_, index) => `https://agent.example/${index}`) }],
    ['one that is too long', { redirect_uris: [`https://agent.example/${'a'.repeat(2000)}`] }],
  ])('is refused with %s as its place: invalid_redirect_uri', async (_, wrong) => {
    const { status, body } = await register({ ...APP, ...wrong })
    expect([status, body.error]).toEqual([400, 'invalid_redirect_uri'])
  })

  test.each([
    ['a list', []],
    ['null', null],
    ['a text', 'x'],
    ['another grant', { ...APP, grant_types: ['client_credentials'] }],
    ['passwords', { ...APP, grant_types: ['password'] }],
    ['tokens in the address', { ...APP, response_types: ['token'] }],
    ['a key', { ...APP, token_endpoint_auth_method: 'private_key_jwt' }],
    ['a method of no standard', { ...APP, token_endpoint_auth_method: {} }],
    ['a name of two lines', { ...APP, client_name: 'a\nb' }],
    ['a name that turns the text around', { ...APP, client_name: '\u202eevil' }],
    ['a blank name', { ...APP, client_name: '  ' }],
    ['the name of the shop', { ...APP, client_name: 'DEMO shop' }],
    ['a name that looks like it', { ...APP, client_name: 'Dеmo-Sh0p' }],
    ['the name of an app of the shop', { ...APP, client_name: 'Known  App' }],
    ['scopes in a list', { ...APP, scope: ['orders:see'] }],
    ['a NUL', { ...APP, client_name: '\0' }],
    ['half of a character', { ...APP, client_name: 'Agent \ud83d' }],
    ['letters that nobody sees', { ...APP, client_name: '\u3164\u200b' }],
    ['a known name with one of them', { ...APP, client_name: 'Known app\u1160' }],
  ])('is refused with %s: invalid_client_metadata', async (_, metadata) => {
    const { status, body } = await register(metadata)
    expect([status, body.error]).toEqual([400, 'invalid_client_metadata'])
  })

  test('has its name cut between characters, so that the database still reads the metadata of every client', async () => {
    const { client_name } = await registered({ ...APP, client_name: `${'a'.repeat(63)}😀😀` })
    expect(client_name).toBe(`${'a'.repeat(63)}😀`)
  })

  test('is refused with another content type, and with a body that is too long', async () => {
    const form = await read(fetch(`${server.url}/register`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }))
    expect([form.status, form.body.error]).toEqual([415, 'invalid_client_metadata'])
    const long = await register({ ...APP, client_name: 'a'.repeat(40_000) })
    expect([long.status, long.body.error]).toEqual([413, 'invalid_client_metadata'])
  })
})

async function introspectAsService(token: string): Promise<Record<string, unknown>> {
  const metadata = {
    client_id: `service-${randomUUID()}`,
    grant_types: ['client_credentials'],
    first_party: true,
    introspects: [`${server.url}/mcp`],
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  const credentials = Buffer.from(`${metadata.client_id}:${made.body.secret}`).toString('base64')
  return introspect(server.url, token, { authorization: `Basic ${credentials}` })
}

describe('the consent page of software that registered itself', () => {
  /** What a customer reads before the answer. */
  async function consentFor(metadata: object): Promise<string> {
    const { client_id, redirect_uris } = (await registered(metadata)) as Registration & { redirect_uris: string[] }
    const jar = createCookieJar()
    const fields = {
      client_id,
      redirect_uri: String(redirect_uris[0]),
      scope: 'orders:see',
      resource: `${server.url}/mcp`,
    }
    const request = authorizationUrl(server.url, {
      ...fields,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    })
    const login = await jar.follow(await jar.fetch(request))
    const page = await signIn(jar, login, sonia, String(redirect_uris[0]))
    return page.response.text()
  }

  test('names the host that the answer goes to, and never the shop as who added it', async () => {
    const web = await consentFor({
      ...APP,
      client_name: 'Another agent',
      redirect_uris: ['https://agent.example/callback'],
    })
    expect(web).toContain('Address of the app: agent.example')
    expect(web).toContain('go on to agent.example')
    const native = await consentFor({ ...APP, redirect_uris: ['http://127.0.0.1/callback'] })
    expect(native).toContain('a program on this device')
    for (const html of [web, native]) {
      expect(html).toContain('This shop does not know this app.')
      expect(html).not.toContain('Added by the shop')
    }
  })

  test('is shown each time, and what was allowed outlives the sign-out of the browser', async () => {
    const { client_id } = await registered()
    const resource = `${server.url}/mcp`
    const { code, verifier, jar } = await codeOf(client_id)
    const own = { client_id, redirect_uri: CALLBACK, resource }
    const { access_token, refresh_token } = (await read(redeem(server.url, code, verifier, own))).body
    const request = { ...own, scope: 'orders:see', code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const open = async () => jar.follow(await jar.fetch(authorizationUrl(server.url, request)), { stopAt: CALLBACK })
    expect(await (await open()).response.text()).toContain('name="decision"')
    await submit(jar, await jar.follow(await jar.fetch(`${server.url}/logout`)), { logout: 'yes' }, CALLBACK)
    expect(await (await open()).response.text()).toContain('name="password"')
    expect((await introspectAsService(access_token)).active).toBe(true)
    const refreshed = await refresh(server.url, refresh_token, { client_id, resource: `${server.url}/mcp` })
    expect(refreshed.status).toBe(200)
  })
})

describe('a client and its registration', () => {
  test('it reads it, without any secret', async () => {
    const client = await registered()
    const { status, body, headers } = await manage('GET', client)
    expect([status, body]).toEqual([200, client])
    expect(Object.keys(body).filter((member) => member.includes('secret'))).toEqual([])
    expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual(['*', 'no-store'])
  })

  test('it replaces it; another name or place ends what people allowed', async () => {
    const client = await registered()
    const { access_token } = await tokensFor(client.client_id)
    const body = { ...APP, client_id: client.client_id }
    const same = await manage('PUT', client, { ...body, redirect_uris: ['http://127.0.0.1:9/callback'] })
    expect([same.status, same.body.redirect_uris]).toEqual([200, ['http://127.0.0.1:9/callback']])
    expect((await introspectAsService(access_token)).active).toBe(true)
    const other = await manage('PUT', client, { ...body, client_name: 'Another name' })
    expect([other.status, other.body.client_name]).toEqual([200, 'Another name'])
    expect((await introspectAsService(access_token)).active).toBe(false)
  })

  test('it replaces it thirty times an hour', async () => {
    const client = await registered()
    const body = { ...APP, client_id: client.client_id }
    const answers: Awaited<ReturnType<typeof manage>>[] = []
    for (let times = 0; times <= 30; times++) answers.push(await manage('PUT', client, body))
    expect(answers.map(({ status }) => status)).toEqual([...Array(30).fill(200), 429])
    expect(answers.at(-1)?.headers.get('retry-after')).toBe('3600')
    expect((await manage('PUT', await registered(), body)).status).toBe(400)
    expect((await manage('DELETE', client)).status).toBe(204)
  })

  test.each([
    ['another id', { client_id: 'frontend' }],
    ['no id', {}],
    ['its token', { registration_access_token: 'x' }],
    ['a secret', { client_secret: 'x' }],
  ])('it cannot send %s', async (_, members) => {
    const client = await registered()
    const own = 'client_id' in members || Object.keys(members).length === 0 ? {} : { client_id: client.client_id }
    const { status, body } = await manage('PUT', client, { ...APP, ...own, ...members })
    expect([status, body.error]).toEqual([400, 'invalid_client_metadata'])
  })

  test('it removes itself, and its tokens end', async () => {
    const client = await registered()
    const { access_token } = await tokensFor(client.client_id)
    expect((await manage('DELETE', client)).status).toBe(204)
    expect((await introspectAsService(access_token)).active).toBe(false)
    expect((await manage('GET', client)).status).toBe(401)
    expect((await ask(server, OWNER, 'GET', `/v1/clients/${client.client_id}`)).status).toBe(404)
  })

  test('no other token reads it, and whether there is such a client is not told', async () => {
    const [client, other] = [await registered(), await registered()]
    const asked = [
      { ...client, registration_access_token: other.registration_access_token },
      { ...client, registration_access_token: 'wrong' },
      { ...client, registration_client_uri: `${server.url}/register/nobody` },
      { ...client, registration_client_uri: `${server.url}/register/frontend` },
      { ...client, registration_client_uri: `${server.url}/register/%00` },
    ]
    for (const method of ['GET', 'PUT', 'DELETE'])
      for (const each of asked) {
        const { status, body, headers } = await manage(method, each, method === 'PUT' ? APP : undefined)
        expect([status, body.error]).toEqual([401, 'invalid_token'])
        expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      }
    expect((await manage('GET', client)).status).toBe(200)
  })

  test('one that an operator adopted is out of its hands', async () => {
    const client = await registered()
    const path = `/v1/clients/${client.client_id}`
    const found = await ask(server, OWNER, 'GET', path)
    const { self_registered: _, ...metadata } = found.body.metadata as Record<string, unknown>
    const seen = { 'If-Match': found.headers.get('etag') ?? '' }
    const firstParty = { metadata: { ...metadata, self_registered: true, first_party: true } }
    expect((await ask(server, OWNER, 'PUT', path, firstParty, seen)).status).toBe(400)
    expect((await ask(server, OWNER, 'PUT', path, { metadata }, seen)).status).toBe(200)
    expect((await manage('GET', client)).status).toBe(401)
  })

  test('one that an operator disabled can do nothing', async () => {
    const client = await registered()
    await ask(server, OWNER, 'POST', `/v1/clients/${client.client_id}/disable`)
    expect((await manage('GET', client)).status).toBe(401)
    expect((await manage('DELETE', client)).status).toBe(401)
  })
})

test('the trail tells who registered and where people are sent, and no token', async () => {
  const client = await registered()
  await manage('PUT', client, { ...APP, client_id: client.client_id, client_name: 'Changed' })
  await manage('DELETE', client)
  const { body } = await ask(server, OWNER, 'GET', `/v1/audit?clientId=${client.client_id}&limit=100`)
  const entries = (body.items as { type: string; reason: string }[]).map(({ type, reason }) => `${type}: ${reason}`)
  expect(entries).toEqual(
    expect.arrayContaining([
      'client.registered: http://127.0.0.1, https://agent.example',
      'client.registration-changed: another name or place; its sign-ins ended',
      'client.registration-changed: removed by the client',
    ]),
  )
  expect(JSON.stringify(body)).not.toContain(client.registration_access_token)
})

test('metrics count attempts and clients', async () => {
  await registered()
  await register({})
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
  expect(text).toMatch(/vestibule_client_registrations_total\{outcome="registered"\} [1-9]/)
  expect(text).toMatch(/vestibule_client_registrations_total\{outcome="refused"\} [1-9]/)
  expect(text).toMatch(/vestibule_self_registered_clients [1-9]/)
})

test('without DYNAMIC_REGISTRATION there is no endpoint, and none is named', async () => {
  const closed = await startTestServer()
  const { status } = await register(APP, { url: closed.url })
  const { body } = await read(fetch(`${closed.url}/.well-known/oauth-authorization-server`))
  await closed.stop()
  expect([status, body.registration_endpoint]).toEqual([404, undefined])
})

test('one network registers so many clients within an hour, and others still do', async () => {
  const limited = await startTestServer({ DYNAMIC_REGISTRATION: 'open', TRUSTED_PROXIES: '127.0.0.1' })
  const from = (ip: string) => register(APP, { url: limited.url, headers: { 'x-forwarded-for': ip } })
  const statuses = []
  for (let count = 0; count < 32; count++) statuses.push((await from('203.0.113.7')).status)
  const refused = await from('203.0.113.7')
  const other = await from('198.51.100.9')
  await limited.stop()
  expect(statuses.filter((status) => status === 201)).toHaveLength(30)
  expect([refused.status, refused.body.error, refused.headers.get('retry-after')]).toEqual([
    429,
    'temporarily_unavailable',
    '3600',
  ])
  expect(other.status).toBe(201)
})

describeOn('redis', 'with tokens of an operator, on two nodes', () => {
  let nodes: [TestServer, TestServer]
  beforeAll(async () => {
    const settings = {
      ADMIN_TOKEN: OWNER,
      DYNAMIC_REGISTRATION: 'token',
      DYNAMIC_REGISTRATION_SCOPES: 'orders:*',
      DATABASE_URL: await createDatabase({ demo: true }),
      REDIS_URL: await createRedisDatabase(),
      KEYS_URL: 'sql:',
    } as const
    const first = await startTestServer(settings)
    nodes = [first, await startTestServer({ ...settings, ISSUER: first.config.ISSUER })]
    await addResourceServer(first)
  })
  afterAll(async () => {
    for (const node of (nodes ?? []).toReversed()) await node.stop()
  })

  async function newToken(given: object = {}): Promise<{ name: string; token: string }> {
    const name = `partner-${randomUUID()}`
    const { status, body } = await ask(nodes[0], OWNER, 'POST', '/v1/initial-tokens', { name, ...given })
    if (status !== 201) throw new Error(JSON.stringify(body))
    return { name, token: String(body.token) }
  }
  /** By the port: both have the same issuer. */
  const addressOf = ({ config }: TestServer) => `http://localhost:${config.PORT}`
  const registerWith = (token: string, node: TestServer = nodes[0]) =>
    register(APP, { url: addressOf(node), headers: { authorization: `Bearer ${token}` } })

  test('software without a token, or with a wrong one, is refused with a challenge', async () => {
    const none = await register(APP, { url: nodes[0].url })
    expect([none.status, none.headers.get('www-authenticate'), none.body.error]).toEqual([
      401,
      'Bearer',
      'invalid_token',
    ])
    const wrong = await registerWith('vrt_wrong')
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
  })

  test('a token is for so many clients: of many that race for the last use one has it', async () => {
    const { name, token } = await newToken({ maxUses: 2 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => registerWith(token, nodes[index % 2 === 0 ? 0 : 1])),
    )
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(2)
    // Those that found it usable, and came too late.
    expect(answers.filter(({ status }) => ![201, 401, 429].includes(status))).toEqual([])
    expect((await registerWith(token)).status).toBe(401)
    const { body } = await ask(nodes[0], OWNER, 'GET', '/v1/initial-tokens?limit=100')
    expect((body.items as { name: string; uses: number }[]).find((each) => each.name === name)?.uses).toBe(2)
  })

  test('its clients may ask for what the token says, else for what the setting says', async () => {
    const scopesOf = async (token: string) => {
      const { body } = await registerWith(token)
      const found = await ask(nodes[1], OWNER, 'GET', `/v1/clients/${body.client_id}`)
      return (found.body.metadata as { resource_scopes: string[] }).resource_scopes
    }
    expect(await scopesOf((await newToken()).token)).toEqual(['orders:*'])
    expect(await scopesOf((await newToken({ scopes: ['cart:manage'] })).token)).toEqual(['cart:manage'])
  })

  test('a revoked token is refused, its clients stay, and its name is not used again', async () => {
    const { name, token } = await newToken({ maxUses: 5 })
    const { body: client } = await registerWith(token)
    expect((await ask(nodes[0], OWNER, 'POST', `/v1/initial-tokens/${name}/revoke`)).status).toBe(200)
    expect((await registerWith(token, nodes[1])).status).toBe(401)
    const { registration_client_uri: uri, registration_access_token } = client
    const headers = { authorization: `Bearer ${registration_access_token}` }
    expect((await fetch(uri.replace(nodes[0].url, addressOf(nodes[1])), { headers })).status).toBe(200)
    expect((await ask(nodes[0], OWNER, 'POST', '/v1/initial-tokens', { name })).status).toBe(409)
  })

  test.each([
    ['no use', { maxUses: 0 }],
    ['endless uses', { maxUses: 1001 }],
    ['an end in the past', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['an end in ten years', { expiresAt: '2036-01-01T00:00:00Z' }],
    ['what is no scope', { scopes: ['a b'] }],
  ])('a token with %s is refused', async (_, given) => {
    const answer = await ask(nodes[0], OWNER, 'POST', '/v1/initial-tokens', { name: randomUUID(), ...given })
    expect(answer.status).toBe(400)
  })
})

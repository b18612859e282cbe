import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { decode, introspect, read, refresh, revoke, type Tokens, tokensOf } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  type Asker,
  AUDIENCES,
  COMMERCE,
  COMPANY_USER_GRANT,
  CUSTOMERS,
  ENDPOINTS,
  type Endpoint,
  HANDOVER_GRANT,
  IMPERSONATION_GRANT,
  SERVICE,
  WAREHOUSE_ENDPOINTS,
  WAREHOUSE_GRANT,
} from './token-endpoints.ts'

const AGENT_GRANT = 'urn:vestibule:grant:agent'
const ALL_GRANTS = [COMPANY_USER_GRANT, HANDOVER_GRANT, IMPERSONATION_GRANT, WAREHOUSE_GRANT]
const GRANT_TYPES = ['password', 'refresh_token', 'urn:vestibule:grant:anonymous', AGENT_GRANT, ...ALL_GRANTS]
const TTL_SECONDS = 300
const LOGINS = {
  customer: { username: 'test@meetanshi.com', password: 'Meet@123' },
  agent: { grant_type: AGENT_GRANT, username: 'agent@example.com', password: 'change123' },
  'warehouse worker': { grant_type: AGENT_GRANT, username: 'worker@example.com', password: 'change123' },
} as const
/** What each asks for; of those the services decide which they know. */
const SCOPES = {
  customer: 'customer company',
  agent: 'profile agent',
  'warehouse worker': 'profile user warehouse-user',
} as const

let server: TestServer
let app: Asker
let other: Asker
const shop = basicAuth('shop', 'a-secret-of-the-shop')

beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN,
    DIALECTS: 'spryker,elastic-path,magento,commercetools,sap-commerce,slas',
  })
  const worker = { ...LOGINS['warehouse worker'], email: LOGINS['warehouse worker'].username }
  await askAdmin(server, 'POST', '/v1/agents', { email: worker.email, password: worker.password, idWarehouse: 7 })
  app = await publicClient('app')
  other = await publicClient('other-app')
  const metadata = { client_id: 'shop', first_party: true, grant_types: GRANT_TYPES }
  await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'a-secret-of-the-shop' })
})
afterAll(() => server?.stop())
afterEach(() => void vi.useRealTimers())

/** Its access tokens live for minutes, as those of a careful shop. */
async function publicClient(client_id: string): Promise<Asker> {
  const member = { token_endpoint_auth_method: 'none', first_party: true, access_token_ttl_seconds: TTL_SECONDS }
  const metadata = { client_id, grant_types: GRANT_TYPES, refresh_retry_seconds: 0, ...member }
  const made = await askAdmin(server, 'POST', '/v1/clients', { metadata })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const answer = await read(postForm(`${server.url}/oauth/access_token`, { grant_type: 'implicit', client_id }))
  return { url: server.url, clientId: client_id, storefront: answer.body.access_token }
}

const signIn = (
  of: Endpoint['of'],
  resource: string,
  { clientId, scope = SCOPES[of] }: { clientId: string; scope?: string } = app,
): Promise<Tokens> => tokensOf(server.url, { client_id: clientId, ...LOGINS[of], resource, scope })
const isActive = async (token: string | undefined, caller: { authorization: string } = SERVICE) =>
  (await introspect(server.url, String(token), caller)).active
const refreshed = (token: string | undefined) => refresh(server.url, String(token), { client_id: app.clientId })
/** Seconds until which a token works, by introspection: some tokens are opaque. */
const endOf = async (token: string | undefined) => Number((await introspect(server.url, String(token))).exp)
const all = [...ENDPOINTS, ...WAREHOUSE_ENDPOINTS]
const byPerson = all.filter(({ name }) => name !== 'token exchange')

test.each(all)('$name answers the token it is for, while it works', async (endpoint) => {
  const { access_token } = await signIn(endpoint.of, endpoint.resource)
  const derived = await endpoint.ask(app, access_token)
  expect(await isActive(derived?.access_token)).toBe(true)
})

describe('a service that received a token of a public client gets nothing for it elsewhere', () => {
  const cells = byPerson.flatMap((endpoint) =>
    AUDIENCES.filter((resource) => resource !== endpoint.resource).map((resource) => ({ ...endpoint, resource })),
  )
  test.each(cells)('$name refuses a token made for $resource', async ({ of, resource, ask }) => {
    const { access_token } = await signIn(of, resource)
    expect(await ask(app, access_token)).toBeUndefined()
  })

  test.each(byPerson)('$name refuses the token of another client', async ({ of, resource, ask, actsForItsClient }) => {
    const { access_token } = await signIn(of, resource, other)
    // A dialect asks in the name of the client whose token it is shown: one that has a secret is another client there.
    const confidential = await tokensOf(server.url, { ...LOGINS[of], resource, scope: SCOPES[of] }, shop)
    if (!actsForItsClient) expect(await ask(app, access_token)).toBeUndefined()
    expect(await ask(app, confidential.access_token)).toBeUndefined()
  })

  test('token exchange refuses a token made for a service that the client does not stand for', async () => {
    const metadata = {
      client_id: 'stranger',
      resource_scopes: ['*'],
      grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      introspects: ['urn:vestibule:warehouse'],
      exchange_targets: ['*'],
    }
    await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'a-secret-of-a-stranger' })
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: (await signIn('customer', COMMERCE)).access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: COMMERCE,
    }
    const answer = await read(postForm(`${server.url}/token`, form, basicAuth('stranger', 'a-secret-of-a-stranger')))
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })
})

test.each(all.filter(({ takesScopes }) => takesScopes))(
  '$name gives no scope that the token does not have',
  async (endpoint) => {
    const { access_token } = await signIn(endpoint.of, endpoint.resource, {
      ...app,
      scope: 'profile agent user customer',
    })
    for (const scope of ['orders:write', 'openid', 'email', 'offline_access']) {
      expect(await endpoint.ask(app, access_token, scope), scope).toBeUndefined()
    }
  },
)

describe('what came of a token ends with it', () => {
  test.each(all)('$name: by revoking the sign-in', async (endpoint) => {
    const source = await signIn(endpoint.of, endpoint.resource)
    const derived = await endpoint.ask(app, source.access_token)
    expect(await isActive(derived?.access_token)).toBe(true)
    await revoke(server.url, source.refresh_token, { client_id: app.clientId })
    expect(await isActive(derived?.access_token)).toBe(false)
    if (endpoint.givesRefreshToken) expect((await refreshed(derived?.refresh_token)).status).toBe(400)
  })

  test.each(ENDPOINTS)('$name: in time, however often it is refreshed', async (endpoint) => {
    const second = Math.ceil(Date.now() / 1000) * 1000
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(second)
    const source = await signIn(endpoint.of, endpoint.resource)
    const end = second / 1000 + TTL_SECONDS
    vi.setSystemTime(second + 50_000)
    const derived = await endpoint.ask(app, source.access_token)
    expect(await endOf(derived?.access_token)).toBeLessThanOrEqual(end)
    expect(derived?.refresh_token === undefined, 'a refresh token only where the shop’s answer has one').toBe(
      !endpoint.givesRefreshToken,
    )
    expect(derived?.id_token).toBeUndefined()
    if (!endpoint.givesRefreshToken) return
    vi.setSystemTime(second + 200_000)
    const again = (await read(refreshed(derived?.refresh_token))).body as Tokens
    expect(await endOf(again.access_token)).toBeLessThanOrEqual(end)
    expect(decode(again.access_token).payload.scopes, 'it is who it was').toEqual(
      decode(String(derived?.access_token)).payload.scopes,
    )
    vi.setSystemTime(second + TTL_SECONDS * 1000)
    expect((await refreshed(again.refresh_token)).status).toBe(400)
  })

  test.each(ENDPOINTS)('$name: nothing comes of it once it is over, although clocks may differ', async (endpoint) => {
    const second = Math.ceil(Date.now() / 1000) * 1000
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(second)
    const { access_token } = await signIn(endpoint.of, endpoint.resource)
    vi.setSystemTime(second + TTL_SECONDS * 1000 + 1000)
    expect(await endpoint.ask(app, access_token)).toBeUndefined()
  })

  test.each(WAREHOUSE_ENDPOINTS)(
    '$name: after a week, however often it is refreshed or traded again',
    async (endpoint) => {
      const second = Math.ceil(Date.now() / 1000) * 1000
      vi.useFakeTimers({ toFake: ['Date'] })
      vi.setSystemTime(second)
      const { access_token } = await signIn(endpoint.of, endpoint.resource)
      const derived = await endpoint.ask(app, access_token)
      for (const { ask } of all) expect(await ask(app, String(derived?.access_token))).toBeUndefined()
      vi.setSystemTime(second + 604_800_000)
      if (endpoint.givesRefreshToken) expect((await refreshed(derived?.refresh_token)).status).toBe(400)
    },
  )
})

describe('an agent who acts for a customer', () => {
  const impersonations = ENDPOINTS.filter(({ of }) => of === 'agent')

  test.each(impersonations)('$name: whatever came of it ends with the agent’s sign-in', async (endpoint) => {
    const agent = await signIn('agent', endpoint.resource)
    const acting = await endpoint.ask(app, agent.access_token)
    const companyUser = await tokensOf(server.url, {
      grant_type: COMPANY_USER_GRANT,
      client_id: app.clientId,
      resource: endpoint.gives ?? endpoint.resource,
      company_user_id: '7c1f0a2e-5b0d-4c43-9d7e-000000000001',
      subject_token: acting?.access_token,
    })
    const traded = await exchanged(String(acting?.access_token))
    const tokens = [acting?.access_token, companyUser.access_token, ...traded]
    expect(await Promise.all(tokens.map((token) => isActive(token)))).not.toContain(false)
    await revoke(server.url, agent.refresh_token, { client_id: app.clientId })
    expect(await Promise.all(tokens.map((token) => isActive(token)))).not.toContain(true)
  })

  test.each(impersonations)('$name: a customer’s token impersonates nobody', async ({ resource, ask }) => {
    expect(await ask(app, (await signIn('customer', resource)).access_token)).toBeUndefined()
  })

  test.each(impersonations)('$name: who is acted for acts for nobody else', async ({ resource, ask }) => {
    const acting = await ask(app, (await signIn('agent', resource)).access_token)
    expect(await ask(app, String(acting?.access_token))).toBeUndefined()
  })

  test('operators see nobody acting for the customer any more', async () => {
    const agent = await signIn('agent', COMMERCE)
    const endpoint = impersonations.find(({ resource }) => resource === COMMERCE)
    const acting = await endpoint?.ask(app, agent.access_token)
    const { sub, gid } = decode(String(acting?.access_token)).payload
    const listed = async () => {
      const { body } = await askAdmin<{ items: { id: string }[] }>(server, 'GET', `/v1/grants?customerId=${sub}`)
      return body.items.some(({ id }) => id === gid)
    }
    expect(await listed()).toBe(true)
    await revoke(server.url, agent.refresh_token, { client_id: app.clientId })
    expect(await listed()).toBe(false)
  })

  async function exchanged(subject_token: string): Promise<string[]> {
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      username: undefined,
      password: undefined,
    }
    const targets = ['urn:vestibule:commerce', 'urn:vestibule:warehouse']
    const traded = targets.map((resource) => tokensOf(server.url, { ...form, resource }, SERVICE))
    return (await Promise.all(traded)).map(({ access_token }) => access_token)
  }
})

test('a token made for another service signs nobody out at a dialect', async () => {
  const { access_token } = await signIn('customer', COMMERCE)
  const headers = { authorization: `Bearer ${access_token}` }
  const answer = await fetch(`${server.url}/refresh-tokens/mine`, { method: 'DELETE', headers })
  expect(answer.status).toBe(401)
  expect(await isActive(access_token)).toBe(true)
})

describe('a client that proves who it is', () => {
  const handOver = (subject_token: string, resource = CUSTOMERS) =>
    read(postForm(`${server.url}/token`, { grant_type: HANDOVER_GRANT, subject_token, resource }, shop))

  test('hands its own fresh token over to another service, and gains nothing by it', async () => {
    const login = { ...LOGINS.customer, scope: 'customer' }
    const source = await tokensOf(server.url, login, shop)
    const { status, body } = await handOver(source.access_token)
    expect(status, JSON.stringify(body)).toBe(200)
    expect([body.scope, body.refresh_token, body.id_token]).toEqual(['customer', undefined, undefined])
    const { exp } = decode(source.access_token).payload
    expect(decode(body.access_token).payload.exp).toBeLessThanOrEqual(Number(exp))
    await revoke(server.url, source.refresh_token, {}, shop)
    expect(await isActive(body.access_token)).toBe(false)
  })
})

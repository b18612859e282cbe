import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tokensOf } from '../endpoints/client.ts'
import { addStreamClient, PUSH } from '../shared-signals/stream-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actingTokens } from '../support-access/acting.ts'
import { administratorOf, ask, OWNER, PASSWORD, tokenOf } from './administrators.ts'

type Schema = Record<string, unknown>
type Content = Record<string, { schema?: Schema }>
type Operation = {
  operationId: string
  security?: unknown[]
  parameters: { name: string; in: 'path' | 'query' | 'header'; required: boolean }[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content; headers?: Record<string, unknown> }>
}
type Document = { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: Schema } }
type Example = { params?: Record<string, string>; query?: string; body?: unknown }

let server: TestServer
let document: Document
let examples: Record<string, () => Promise<Example>>

/** A call of each route that succeeds. They run in the order of the document, each making what it needs. */
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker,elastic-path' })
  document = (await (await fetch(`${server.adminUrl}/v1/openapi.json`)).json()) as Document
  examples = makeExamples()
})
afterAll(() => server.stop())

const admin = async (method: string, path: string, body?: unknown) =>
  (await ask(server, OWNER, method, path, body)).body
let count = 0
const fresh = (what: string) => `${what}-${++count}`

function makeExamples(): Record<string, () => Promise<Example>> {
  const none = async () => ({})
  const clientMetadata = () => ({
    client_id: fresh('client'),
    grant_types: ['client_credentials'],
    resource_scopes: [],
  })
  const client = async () => {
    const metadata = clientMetadata()
    await admin('POST', '/v1/clients', { metadata, secret: 'a-secret-of-sixteen' })
    return { clientId: metadata.client_id }
  }
  const service = () => ({ identifier: `urn:example:${fresh('service')}`, scopes: ['a:read'], format: 'jwt' })
  const resourceServer = async () => {
    const made = service()
    await admin('POST', '/v1/resource-servers', made)
    return { identifier: made.identifier }
  }
  const provider = () => ({
    id: fresh('provider-'),
    name: 'A provider',
    issuer: 'https://nothing.invalid',
    client_id: 'shop',
  })
  const upstream = async () => {
    const made = provider()
    await admin('POST', '/v1/upstreams', { upstream: made, secret: 'a secret' })
    return { id: made.id }
  }
  const trusted = () => ({ id: fresh('issuer-'), issuer: `https://${fresh('issuer')}.invalid`, kind: 'plain' })
  const trustedIssuer = async () => {
    const made = trusted()
    await admin('POST', '/v1/issuers', { issuer: made })
    return { id: made.id }
  }
  const person = () => ({ email: `${fresh('person')}@example.com`, password: PASSWORD })
  const agent = async () => ({ id: String((await admin('POST', '/v1/agents', person())).id) })
  const administrator = async () => ({ id: (await administratorOf(server, 'viewer')).id })
  const customer = async () => {
    const customerReference = fresh('EXAMPLE-')
    await admin('POST', '/v1/customers', { ...person(), customerReference })
    return { customer: customerReference }
  }
  const company = async () => ({ id: String((await admin('POST', '/v1/companies', { name: 'A Company' })).id) })
  const key = async () => {
    await admin('POST', '/v1/keys', { algorithm: 'ES256' })
    const { items } = (await admin('GET', '/v1/keys')) as { items: { kid: string; algorithm: string; state: string }[] }
    return { kid: items.find(({ algorithm, state }) => algorithm === 'ES256' && state === 'pending')?.kid ?? '' }
  }
  const secretGeneration = async () => {
    const { items } = (await admin('GET', '/v1/secrets')) as { items: { kind: string; id: string; state: string }[] }
    return items.find(({ kind, state }) => kind === 'tokens' && state === 'waiting')?.id ?? ''
  }
  const withParams = (params: () => Promise<Record<string, string>>, body?: () => unknown) => async () => ({
    params: await params(),
    ...(body && { body: body() }),
  })
  const grant = async () => {
    await tokensOf(server.url)
    const { items } = (await admin('GET', '/v1/grants?clientId=frontend')) as { items: { id: string }[] }
    return { id: items[0]?.id ?? '' }
  }

  const supportAccess = async () => {
    await admin('POST', '/v1/support-access/on')
    await actingTokens(server, { reason: 'an example' })
    const { items } = (await admin('GET', '/v1/support-accesses?state=open')) as { items: { id: string }[] }
    return { id: items[0]?.id ?? '' }
  }
  const stream = async () => ({ id: String((await (await addStreamClient(server)).create()).stream_id) })
  /** One that does not listen, with a message that waits. */
  const receiver = async () => {
    const client = await addStreamClient(server)
    const delivery = { method: PUSH, endpoint_url: 'http://127.0.0.1:9/events' }
    const { stream_id } = await client.create({ delivery })
    await client.ask('POST', '/ssf/verify', { stream_id })
    return { kind: 'shared-signals', receiver: String(stream_id) }
  }
  const ofReceiver = async () => ({ body: await receiver() })

  return {
    'GET /v1/openapi.json': none,
    'POST /v1/sign-in': async () => ({
      body: { email: (await administratorOf(server, 'viewer')).email, password: PASSWORD },
    }),
    'GET /v1/self': none,
    'POST /v1/self/sign-out': async () => ({ body: { session: (await administratorOf(server, 'viewer')).session } }),
    'GET /v1/administrators': none,
    'POST /v1/administrators': async () => ({ body: { ...person(), role: 'viewer', name: 'A Viewer' } }),
    'GET /v1/administrators/{id}': withParams(administrator),
    'PATCH /v1/administrators/{id}': withParams(administrator, () => ({ role: 'support' })),
    'POST /v1/administrators/{id}/password': withParams(administrator, () => ({ password: 'another good password' })),
    'GET /v1/admin-tokens': none,
    'POST /v1/admin-tokens': async () => ({
      body: { name: fresh('token'), role: 'viewer', expiresAt: '2026-12-24T00:00:00Z' },
    }),
    'POST /v1/admin-tokens/{name}/revoke': async () => {
      const name = fresh('token')
      await admin('POST', '/v1/admin-tokens', { name, role: 'viewer' })
      return { params: { name } }
    },
    'GET /v1/health': none,
    'GET /v1/dialects/uses': async () => ({ query: 'since=2026-01-01' }),
    'GET /v1/grant-types/uses': async () => ({ query: 'since=2026-01-01' }),
    'POST /v1/reach-probes': none,
    'GET /v1/reach-probes/{probe}': async () => {
      const { probe } = await admin('POST', '/v1/reach-probes')
      await fetch(`${server.url}/health/live`, { headers: { 'X-Vestibule-Probe': String(probe) } })
      return { params: { probe: String(probe) } }
    },
    'GET /v1/keys': none,
    'GET /v1/keys/public': none,
    'POST /v1/keys': async () => ({ body: { algorithm: 'ES256' } }),
    'POST /v1/keys/rotate': async () => ({ body: { force: true, algorithm: 'RS256' } }),
    'POST /v1/keys/reencrypt': none,
    'POST /v1/keys/{kid}/activate': withParams(key, () => ({ force: true })),
    'POST /v1/keys/{kid}/retire': async () => {
      const { items } = (await admin('GET', '/v1/keys')) as {
        items: { kid: string; algorithm: string; state: string }[]
      }
      const active = items.find(({ algorithm, state }) => algorithm === 'ES256' && state === 'active')
      return { params: { kid: active?.kid ?? '' }, body: { force: true } }
    },
    'POST /v1/keys/{kid}/revoke': withParams(key),
    'GET /v1/secrets': none,
    'POST /v1/secrets/{kind}/rotate': async () => ({ params: { kind: 'tokens' } }),
    'POST /v1/secrets/{kind}/{id}/drop': async () => ({
      params: { kind: 'tokens', id: await secretGeneration() },
      body: { force: true },
    }),
    'GET /v1/clients': async () => ({ query: 'limit=2' }),
    'POST /v1/clients': async () => ({ body: { metadata: clientMetadata(), secret: 'a-secret-of-sixteen' } }),
    'GET /v1/clients/{clientId}': withParams(client),
    'PUT /v1/clients/{clientId}': async () => {
      const params = await client()
      const metadata = { ...clientMetadata(), client_id: params.clientId, client_name: 'Renamed' }
      return { params, body: { metadata } }
    },
    'DELETE /v1/clients/{clientId}': withParams(client),
    'GET /v1/client-documents': none,
    'GET /v1/client-documents/blocks': none,
    'POST /v1/client-documents/check': async () => ({ body: { clientId: 'https://app.example/client.json' } }),
    'POST /v1/client-documents/block': async () => ({ body: { target: 'app.example', reason: 'asks for passwords' } }),
    'POST /v1/client-documents/unblock': async () => {
      await admin('POST', '/v1/client-documents/block', { target: 'https://other.example/client.json' })
      return { body: { target: 'https://other.example/client.json' } }
    },
    'GET /v1/initial-tokens': none,
    'POST /v1/initial-tokens': async () => ({
      body: { name: fresh('partner'), maxUses: 2, scopes: ['orders:*'], expiresAt: '2026-12-24T00:00:00Z' },
    }),
    'POST /v1/initial-tokens/{name}/revoke': async () => {
      const name = fresh('partner')
      await admin('POST', '/v1/initial-tokens', { name })
      return { params: { name } }
    },
    'POST /v1/clients/{clientId}/enable': withParams(client),
    'POST /v1/clients/{clientId}/disable': withParams(client),
    'GET /v1/clients/{clientId}/secrets': withParams(client),
    'POST /v1/clients/{clientId}/secrets': withParams(client, () => ({ name: 'autumn', expiresAt: 2_000_000_000 })),
    'POST /v1/clients/{clientId}/secrets/{name}/expire': async () => ({
      params: { ...(await client()), name: 'default' },
      body: {},
    }),
    'GET /v1/resource-servers': none,
    'POST /v1/resource-servers': async () => ({ body: service() }),
    'GET /v1/resource-servers/{identifier}': withParams(resourceServer),
    'PUT /v1/resource-servers/{identifier}': withParams(resourceServer, () => ({ scopes: [], format: 'opaque' })),
    'DELETE /v1/resource-servers/{identifier}': withParams(resourceServer),
    'GET /v1/upstreams': none,
    'POST /v1/upstreams': async () => ({ body: { upstream: provider(), secret: 'a secret' } }),
    'GET /v1/upstreams/{id}': withParams(upstream),
    'GET /v1/upstreams/{id}/check': withParams(upstream),
    'PUT /v1/upstreams/{id}': withParams(upstream, () => {
      const { id: _, ...settings } = provider()
      return { upstream: settings }
    }),
    'DELETE /v1/upstreams/{id}': withParams(upstream),
    'GET /v1/issuers': none,
    'POST /v1/issuers': async () => ({ body: { issuer: trusted() } }),
    'GET /v1/issuers/{id}': withParams(trustedIssuer),
    'GET /v1/issuers/{id}/check': withParams(trustedIssuer),
    'PUT /v1/issuers/{id}': withParams(trustedIssuer, () => {
      const { id: _, ...settings } = trusted()
      return { issuer: settings }
    }),
    'DELETE /v1/issuers/{id}': withParams(trustedIssuer),
    'GET /v1/companies': none,
    'POST /v1/companies': async () => ({ body: { name: 'A Company' } }),
    'GET /v1/companies/{id}': withParams(company),
    'PATCH /v1/companies/{id}': withParams(company, () => ({ status: 'blocked' })),
    'PUT /v1/companies/{id}/business-units/{unit}': async () => ({
      params: { ...(await company()), unit: randomUUID() },
      body: { name: 'A Unit' },
    }),
    'PUT /v1/companies/{id}/roles/{role}': async () => ({
      params: { ...(await company()), role: randomUUID() },
      body: { name: 'A Role', permissions: [{ key: 'A', idPermission: 3 }] },
    }),
    'GET /v1/companies/{id}/company-users': async () => ({ params: { id: '0818f408-cc84-575d-ad54-92118a0e4273' } }),
    'GET /v1/customers': async () => ({ query: 'search=spryker&status=active' }),
    'POST /v1/customers': async () => ({ body: { ...person(), customerReference: fresh('EXAMPLE-') } }),
    'GET /v1/customers/{customer}': async () => ({ params: { customer: 'DE--21' } }),
    'PATCH /v1/customers/{customer}': withParams(customer, () => ({ givenName: 'Sam', locale: null })),
    'PUT /v1/customers/{customer}/company-users': withParams(customer, () => ({ companyUsers: [] })),
    'GET /v1/customers/{customer}/passkeys': withParams(customer),
    'POST /v1/customers/{customer}/block': withParams(customer),
    'POST /v1/customers/{customer}/unblock': withParams(customer),
    'POST /v1/customers/{customer}/confirm': withParams(customer),
    'POST /v1/customers/import': async () => ({
      query: 'name=example',
      body: JSON.stringify({ email: 'line@example.com', customerReference: 'LINE-1' }),
    }),
    'POST /v1/customers/wrap': none,
    'GET /v1/customers/migration': none,
    'GET /v1/customers/export': none,
    'GET /v1/customers/{customer}/password': withParams(customer),
    'GET /v1/customers/{customer}/personal-data': withParams(customer),
    'POST /v1/customers/{customer}/erase': withParams(customer),
    'POST /v1/sign-outs': async () => ({ body: { of: 'company-user', id: 'x', before: '2026-01-01T00:00:00Z' } }),
    'GET /v1/grants': async () => ({ query: 'clientId=frontend' }),
    'POST /v1/grants/{id}/revoke': withParams(grant),
    'GET /v1/lockouts': async () => ({ query: 'login=ron@swanson.com' }),
    'POST /v1/lockouts/lift': async () => ({ body: { login: 'ron@swanson.com' } }),
    'GET /v1/audit': async () => ({ query: 'type=token.issued&type=client.changed&since=2026-01-01T00:00:00Z' }),
    'GET /v1/audit/counts': async () => ({ query: 'since=2026-01-01T00:00:00Z' }),
    'GET /v1/audit/verify': none,
    'GET /v1/audit/head': none,
    'GET /v1/audit/export': none,
    'GET /v1/agents': none,
    'POST /v1/agents': async () => ({ body: { ...person(), name: 'An Agent' } }),
    'GET /v1/agents/{id}': withParams(agent),
    'PATCH /v1/agents/{id}': withParams(agent, () => ({ name: 'Renamed' })),
    'POST /v1/agents/{id}/block': withParams(agent),
    'POST /v1/agents/{id}/unblock': withParams(agent),
    'POST /v1/agents/{id}/warehouse': withParams(agent, () => ({ idWarehouse: 7 })),
    'POST /v1/agents/{id}/second-factor': withParams(agent),
    'GET /v1/customers/{customer}/second-factor': withParams(customer),
    'GET /v1/mandates': async () => ({ query: 'customer=DE--21&clientId=frontend' }),
    'GET /v1/support-accesses': async () => ({ query: 'customer=DE--21&state=open' }),
    'GET /v1/support-accesses/{id}': withParams(supportAccess),
    'POST /v1/support-accesses/{id}/end': withParams(supportAccess),
    'GET /v1/outbox': none,
    'GET /v1/outbox/messages': async () => ({ query: new URLSearchParams(await receiver()).toString() }),
    'POST /v1/outbox/retry': ofReceiver,
    'POST /v1/outbox/drop': ofReceiver,
    'POST /v1/outbox/pause': ofReceiver,
    'POST /v1/outbox/resume': async () => {
      const body = await receiver()
      await admin('POST', '/v1/outbox/pause', body)
      return { body }
    },
    'GET /v1/streams': none,
    'GET /v1/streams/{id}': withParams(stream),
    'DELETE /v1/streams/{id}': withParams(stream),
    'GET /v1/streams/{id}/refusals': withParams(stream),
    'POST /v1/streams/{id}/status': withParams(stream, () => ({ status: 'paused', reason: 'an example' })),
    'GET /v1/support-access': none,
    'POST /v1/support-access/on': none,
    'POST /v1/support-access/off': none,
    'GET /v1/tokens': async () => ({ query: 'clientId=frontend&limit=5' }),
    'POST /v1/tokens/inspect': async () => ({ body: { token: (await tokensOf(server.url)).access_token } }),
    'POST /v1/registration-keys': async () => ({ body: { customerReference: (await customer()).customer } }),
    'POST /v1/sign-in-links': async () => ({ body: { customerReference: 'DE--21' } }),
  }
}

/** Their successes need a session or a code, and are tested where those are. */
const ELSEWHERE = new Set([
  'GET /v1/mandates/{id}',
  'POST /v1/mandates/{id}/withdraw',
  'POST /v1/self/password',
  'GET /v1/self/second-factor',
  'POST /v1/self/second-factor',
  'POST /v1/self/second-factor/confirm',
  'POST /v1/self/second-factor/recovery-codes',
  'POST /v1/self/second-factor/remove',
  'POST /v1/administrators/{id}/second-factor/remove',
  'POST /v1/agents/{id}/second-factor/confirm',
  'POST /v1/agents/{id}/second-factor/remove',
  'POST /v1/support-accesses/{id}/approve',
  'POST /v1/customers/{customer}/second-factor/reset',
  'DELETE /v1/customers/{customer}/passkeys/{passkey}',
])

test('the document says which OpenAPI it is, has an operation id for each operation, and every reference leads somewhere', () => {
  expect(document.openapi).toBe('3.1.0')
  const ids = operations().map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference)
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
  expect(references.filter((reference) => !known.includes(reference ?? ''))).toEqual([])
  expect(known.length).toBeGreaterThan(10)
})

test('every route in the document succeeds as documented, in status, headers and body', {
  timeout: 240_000,
}, async () => {
  const missing: string[] = []
  for (const { name, method, path, operation } of operations()) {
    if (ELSEWHERE.has(name)) continue
    const example = await examples[name]?.()
    if (!example) {
      missing.push(name)
      continue
    }
    const response = await call(method, path, operation, example, OWNER)
    const [status] = Object.keys(operation.responses).filter((code) => code.startsWith('2'))
    const text = await response.text()
    expect(`${name} ${response.status}`, text).toBe(`${name} ${status}`)
    const documented = operation.responses[response.status]
    if (documented?.headers?.ETag) expect(response.headers.get('etag'), name).toMatch(/^"[\w-]+"$/)
    expectBody(name, response, text, documented?.content)
  }
  expect(missing, 'routes without an example here').toEqual([])
})

test('every refusal is a documented one, in problem details', async () => {
  const viewer = await tokenOf(server, 'viewer')
  for (const { name, method, path, operation } of operations()) {
    const params = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, param = '']) => [param, 'nobody']))
    const unknown = { params, body: operation.requestBody ? { unexpected: true } : undefined }
    for (const bearer of [undefined, viewer, OWNER]) {
      if (bearer === OWNER && ['POST /v1/customers/wrap', 'POST /v1/customers/import'].includes(name)) continue
      const response = await call(method, path, operation, unknown, bearer)
      const text = await response.text()
      expect(Object.keys(operation.responses), `${name}: ${text.slice(0, 200)}`).toContain(String(response.status))
      if (response.status < 400) continue
      expect(response.headers.get('content-type'), name).toContain('application/problem+json')
      expectBody(name, response, text, operation.responses[response.status]?.content)
    }
  }
})

describe('what a client of the document is told', () => {
  test('an address that is known is refused for another method with those that it has', async () => {
    const { status, body } = await ask(server, OWNER, 'DELETE', '/v1/keys')
    expect([status, body.code, body.detail]).toEqual([405, 'method-not-allowed', expect.stringContaining('GET')])
  })
})

function operations() {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const verb = method.toUpperCase()
      return { name: `${verb} ${path}`, method: verb, path, operation }
    }),
  )
}

function call(
  method: string,
  path: string,
  operation: Operation,
  { params = {}, query, body }: Example,
  bearer: string | undefined,
): Promise<Response> {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const needsRevision = operation.parameters.some(({ name }) => name === 'If-Match')
  return fetch(`${server.adminUrl}${address}${query ? `?${query}` : ''}`, {
    method,
    headers: {
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...(needsRevision && { 'If-Match': '*' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** Checks the body against the document itself, and not against the code the document was made of. */
function expectBody(name: string, response: Response, text: string, content: Content | undefined): void {
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (!content) {
    expect(text, name).toBe('')
    return
  }
  expect(Object.keys(content), name).toContain(type)
  const schema = content[type]?.schema ?? {}
  const shape = z.fromJSONSchema({
    ...JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')),
    $defs: JSON.parse(JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/')),
  })
  const values = type === 'application/x-ndjson' ? text.trim().split('\n') : [text]
  for (const value of values.filter((each) => each !== '')) {
    const { error } = shape.safeParse(JSON.parse(value))
    expect(error?.issues ?? [], `${name}: ${value.slice(0, 300)}`).toEqual([])
  }
}

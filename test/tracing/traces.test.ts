import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTracing } from '../../src/tracing/index.ts'
import { readQuery } from '../../src/tracing/queries.ts'
import { requestTokens, sonia } from '../endpoints/client.ts'
import { CLIENT, type CollectedSpan, callersTrace, SERVER, startCollector } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

let collector: Awaited<ReturnType<typeof startCollector>>
let server: TestServer
beforeAll(async () => {
  collector = await startCollector()
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'info' }
  server = await startTestServer(settings, { captureLog: true })
})
afterAll(async () => {
  await server?.stop()
  await collector?.close()
})

const attributesOf = ({ attributes }: CollectedSpan) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value as object)[0]]))
const lineOf = (traceId: string) =>
  server.logLines.map((line) => JSON.parse(line)).find((line) => line.traceId === traceId)

test("a sign-in is a part of its caller's trace, with all it waited for below it", async () => {
  const { traceId, spanId, headers } = callersTrace()
  expect((await requestTokens(server.url, { scope: 'openid' }, headers)).status).toBe(200)
  const spans = await collector.trace(traceId)
  const [root] = spans.filter(({ kind }) => kind === SERVER)
  expect(root).toMatchObject({ name: 'POST /token', parentSpanId: spanId })
  expect(attributesOf(root as CollectedSpan)).toMatchObject({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'vestibule.client_id': 'frontend',
    'vestibule.grant_type': 'password',
  })
  const names = spans.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['passwords.verify', 'key.sign', 'query select customers']))
  expect(names.some((name) => name.startsWith('storage.'))).toBe(true)
  // One tree: each span's parent is another one, up to the caller's.
  const ids = new Set([spanId, ...spans.map((span) => span.spanId)])
  for (const span of spans) expect([span.name, ids.has(span.parentSpanId ?? '')]).toEqual([span.name, true])
})

test('the log line of a request names its trace', async () => {
  const { traceId, headers } = callersTrace()
  const answer = await requestTokens(server.url, {}, headers)
  expect(lineOf(traceId)).toMatchObject({
    requestId: answer.headers.get('x-request-id'),
    clientId: 'frontend',
    grantType: 'password',
    status: 200,
  })
})

test('a dialect is traced by its endpoint, down to the password that it checks', async () => {
  const { traceId, headers } = callersTrace()
  const attributes = { username: sonia.username, password: sonia.password }
  await postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes } }, headers)
  const spans = await collector.trace(traceId)
  const [root] = spans.filter(({ kind }) => kind === SERVER)
  expect(root?.name).toBe('POST /access-tokens')
  expect(attributesOf(root as CollectedSpan)).toMatchObject({
    'vestibule.dialect': 'spryker',
    'vestibule.client_id': 'frontend',
    'vestibule.grant_type': 'password',
  })
  expect(spans.map(({ name }) => name)).toContain('passwords.verify')
})

test('without a caller, or with a traceparent that is none, a request begins a trace of its own', async () => {
  const asked = '4bf92f3577b34da6a3ce929d0e0e4736'
  for (const traceparent of [undefined, 'x', `00-${asked}-0000000000000000-01`, `ff-${asked}-00f067aa0ba902b7-01`]) {
    const response = await fetch(`${server.url}/jwks`, { headers: traceparent ? { traceparent } : {} })
    const id = response.headers.get('x-request-id')
    const { traceId } = server.logLines.map((line) => JSON.parse(line)).find(({ requestId }) => requestId === id)
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(traceId).not.toBe(asked)
  }
})

test('a path of nobody is no name of a span, and what could be a token in it is masked', async () => {
  const { traceId, headers } = callersTrace()
  await fetch(`${server.url}/nothing/Token-Of-Somebody-0123456789`, { headers })
  const [root] = await collector.trace(traceId)
  expect(root?.name).toBe('GET')
  expect(attributesOf(root as CollectedSpan)['url.path']).toBe('/nothing/[masked]')
})

test('calls to services of the shop are spans too, and hand the trace on', async () => {
  const seen: (string | undefined)[] = []
  const shop = createServer((request, response) => {
    seen.push(request.headers.traceparent as string | undefined)
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const SHOP_DIRECTORY_URL = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
  const withShop = await startTestServer({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    SHOP_DIRECTORY_URL,
    SHOP_DIRECTORY_TOKEN: 'a-token-for-the-shop',
  })
  try {
    const { traceId, headers } = callersTrace()
    await requestTokens(withShop.url, {}, headers)
    const calls = (await collector.trace(traceId)).filter(({ kind }) => kind === CLIENT)
    expect(calls.length).toBeGreaterThan(0)
    expect(seen).toHaveLength(calls.length)
    for (const { spanId } of calls) expect(seen).toContain(`00-${traceId}-${spanId}-01`)
    expect(calls.map((call) => attributesOf(call)['http.response.status_code'])).toContain(401)
  } finally {
    await withShop.stop()
    await new Promise<void>((resolve) => shop.close(() => resolve()).closeAllConnections())
  }
})

test('a collector that is away costs traces and one line of the log, and no request', async () => {
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` }
  const alone = await startTestServer(settings, { captureLog: true })
  const complaints = () => alone.logLines.filter((line) => line.includes('"event":"tracing.export-failed"'))
  expect((await requestTokens(alone.url)).status).toBe(200)
  await waitFor(() => complaints().length > 0, { what: 'a complaint' })
  expect((await requestTokens(alone.url)).status).toBe(200)
  await alone.stop()
  expect(complaints()).toHaveLength(1)
})

test('without a collector nothing is opened', async () => {
  expect(await openTracing({ TRACES_RATIO: 1 }, { warn: () => {} })).toBeUndefined()
})

test('of a query its verb and table are told', () => {
  expect(readQuery('select "a" from "customers" where "email" = ?')).toEqual({ verb: 'select', table: 'customers' })
  const nested = 'select c.id, (select json_agg(p) from permissions p where p.id in (select 1 from s)) from customers c'
  expect(readQuery(nested)).toEqual({ verb: 'select', table: 'customers' })
  expect(readQuery('insert into artifacts (kind) values (?)')).toEqual({ verb: 'insert', table: 'artifacts' })
  expect(readQuery('update "clients" set x = ?')).toEqual({ verb: 'update', table: 'clients' })
  expect(readQuery('BEGIN;')).toEqual({ verb: 'begin' })
})

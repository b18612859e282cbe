import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { decode, document, errors, exchange, obtain, SONIA } from './exchange.ts'

const SECRET = 'a secret of the shop'
const LOOPBACK_PAGE = 'http://localhost:3000'

let server: TestServer
let shop: Awaited<ReturnType<typeof startShop>>

beforeAll(async () => {
  shop = await startShop()
  server = await startTestServer(
    {
      DIALECT_MOUNTS: 'spryker=/glue',
      DIALECT_SUNSETS: 'spryker=2999-06-30',
      SPRYKER_PERMISSIONS: 'stored',
      SPRYKER_UNCONFIRMED_STATUS: '401',
      TOKEN_SIZE_BUDGET_BYTES: '500',
      SIGN_IN_WEBHOOK_URL: shop.url,
      SIGN_IN_WEBHOOK_SECRET: SECRET,
    },
    { captureLog: true },
  )
})
afterAll(async () => {
  await server?.stop()
  shop?.close()
})

const signIn = (headers: Record<string, string> = {}) =>
  exchange(server.url, { path: '/glue/access-tokens', headers, body: document('access-tokens', SONIA) })

describe('below a base path', () => {
  test('the endpoints answer there, and links say so', async () => {
    expect(await signIn()).toMatchObject({
      status: 201,
      json: { data: { links: { self: `${server.url}/glue/access-tokens` } } },
    })
    expect((await exchange(server.url, { path: '/access-tokens', body: {} })).status).toBe(404)
  })

  test('an unknown path is the dialect’s 404', async () => {
    const unknown = { status: 404, json: errors(404, undefined, 'Not Found') }
    expect(await exchange(server.url, { method: 'GET', path: '/glue/carts' })).toMatchObject(unknown)
    expect(await exchange(server.url, { method: 'GET', path: '/glue' })).toMatchObject(unknown)
  })

  test('/token below it is the shop’s without a client, and plain OAuth with one', async () => {
    const fields = { grant_type: 'password', ...SONIA }
    const form = (path: string, more: object) =>
      exchange(server.url, {
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ ...fields, ...more }).toString(),
      })
    expect(await form('/glue/token', {})).toMatchObject({ status: 200 })
    expect(await form('/glue/token', { client_id: 'frontend' })).toMatchObject({
      status: 200,
      json: { scope: 'customer company' },
    })
    expect(await form('/token', {})).toMatchObject({ json: { error: 'invalid_request' } })
  })
})

test('stored permissions keep the token small', async () => {
  const { payload } = decode((await obtain(`${server.url}/glue`, 'access-tokens', SONIA)).accessToken)
  expect(JSON.parse(String(payload.sub))).toEqual({
    id_company_user: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    id_agent: null,
    customer_reference: 'DE--21',
    id_customer: 21,
    permissions: null,
  })
})

test('an access token above the size budget is noted in the log', async () => {
  await signIn()
  expect(server.logLines.join('')).toContain('"event":"token.too-large"')
})

test('an unconfirmed e-mail is the common refusal where the shop wants that', async () => {
  const body = document('access-tokens', { username: 'unconfirmed@example.com', password: 'change123' })
  const answer = await exchange(server.url, { path: '/glue/access-tokens', body })
  expect(answer).toMatchObject({ status: 401, json: errors(401, '003', 'Failed to authenticate user.') })
})

test('before its sunset a dialect says when it ends', async () => {
  const { headers } = await signIn()
  const closesAt = Date.parse('2999-06-30T00:00:00Z') / 1000
  expect(headers.get('sunset')).toBe('Sun, 30 Jun 2999 00:00:00 GMT')
  expect(headers.get('deprecation')).toBe(`@${closesAt - 180 * 86_400}`)
})

describe('browsers', () => {
  test('may ask whether they may send the dialect’s headers', async () => {
    const answer = await exchange(server.url, {
      method: 'OPTIONS',
      path: '/glue/access-tokens',
      headers: {
        origin: LOOPBACK_PAGE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-anonymous-customer-unique-id',
      },
    })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(LOOPBACK_PAGE)
    expect(answer.headers.get('access-control-allow-headers')).toContain('X-Anonymous-Customer-Unique-Id')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('read answers on pages of the client’s own origins, and on no others', async () => {
    const origins = async (origin: string) => (await signIn({ origin })).headers.get('access-control-allow-origin')
    expect(await origins(LOOPBACK_PAGE)).toBe(LOOPBACK_PAGE)
    expect(await origins('https://evil.example')).toBeNull()
    expect(await origins('null')).toBeNull()
  })
})

describe('the shop hears of a guest who signed in', () => {
  test('signed, repeated until it listens, under one id, and without delay for the customer', async () => {
    shop.failNext(2)
    const listen = shop.holdAnswers()
    expect((await signIn({ 'x-anonymous-customer-unique-id': 'guest-1' })).status).toBe(201)
    listen()
    await waitFor(() => shop.heard.length === 3, { what: 'the third call' })
    const [first, , last] = shop.heard
    expect(JSON.parse(last?.body ?? '')).toMatchObject({
      type: 'customer.signed_in',
      customer_reference: 'DE--21',
      anonymous_customer_unique_id: 'guest-1',
      client_id: 'frontend',
      dialect: 'spryker',
    })
    expect(last?.headers['vestibule-event']).toBe(first?.headers['vestibule-event'])
    expect(last && isGenuine(last)).toBe(true)
  })

  test('and of nobody else', async () => {
    const before = shop.heard.length
    await signIn()
    await signIn({ 'x-anonymous-customer-unique-id': '' })
    await signIn({ 'x-anonymous-customer-unique-id': 'x'.repeat(2000) })
    await signIn({ 'x-anonymous-customer-unique-id': 'guest-2' })
    await waitFor(() => shop.heard.length > before, { what: 'the call' })
    expect(shop.heard.slice(before).map(({ body }) => JSON.parse(body).anonymous_customer_unique_id)).toEqual([
      'guest-2',
    ])
  })
})

test('use is counted by endpoint', async () => {
  await signIn()
  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(
    /vestibule_dialect_requests_total\{dialect="spryker",endpoint="\/glue\/access-tokens",status="2xx"\} \d+/,
  )
})

describe('after its sunset', () => {
  let gone: TestServer
  beforeAll(async () => {
    gone = await startTestServer({ DIALECT_SUNSETS: 'spryker=2020-01-01' })
  })
  afterAll(() => gone?.stop())

  test('every endpoint is gone, in its own words, and OAuth itself stays', async () => {
    const GONE = 'This API is no longer available.'
    const answer = await exchange(gone.url, { path: '/access-tokens', body: document('access-tokens', SONIA) })
    expect(answer).toMatchObject({ status: 410, json: errors(410, undefined, GONE) })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const form = (fields: Record<string, string>) =>
      exchange(gone.url, { path: '/token', headers, body: new URLSearchParams(fields).toString() })
    const fields = { grant_type: 'password', ...SONIA }
    expect(await form(fields)).toMatchObject({ status: 410, json: { error_description: GONE } })
    expect(await form({ ...fields, client_id: 'frontend' })).toMatchObject({ status: 200 })
  })
})

type Heard = { readonly headers: IncomingMessage['headers']; readonly body: string }

/** A shop's end of the webhook. */
async function startShop() {
  const heard: Heard[] = []
  let failures = 0
  let held = Promise.resolve()
  const shopServer: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push({ headers: request.headers, body })
    await held
    failures -= 1
    response.writeHead(failures >= 0 ? 503 : 204).end()
  })
  await new Promise<void>((resolve) => shopServer.listen(0, '127.0.0.1', resolve))
  return {
    heard,
    url: `http://127.0.0.1:${(shopServer.address() as AddressInfo).port}/signed-in`,
    failNext(times: number) {
      failures = times
    },
    /** Hears, and answers nothing until told to. */
    holdAnswers() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    close: () => shopServer.close(),
  }
}

function isGenuine({ headers, body }: Heard): boolean {
  const [, timestamp, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['vestibule-signature'])) ?? []
  return signature === createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex')
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administratorOf, ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import { type ConsoleOperator, createConsoleOperator } from '../admin/console-operator.ts'
import { request, sendRaw, statusOf } from '../attacks/raw-request.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { authorizationUrl, pkce, requestTokens, revoke, sonia, thirdParty, tokensOf } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm, postJson } from '../support/http.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'

const SETTINGS: TestSettings = { ADMIN_TOKEN: OWNER, DIALECTS: 'spryker,elastic-path,magento,commercetools' }
let server: TestServer

/** What was made before something failed. */
type Prepared = {
  readonly accessToken: string
  readonly refreshToken: string
  readonly implicit: string
  readonly operator: ConsoleOperator
  readonly interaction: { readonly url: string; readonly fetch: (url: string) => Promise<Response> }
}
let prepared: Prepared

async function prepare(): Promise<Prepared> {
  const tokens = await tokensOf(server.url, { scope: 'openid offline_access' })
  const { email } = await administratorOf(server, 'owner')
  const operator = createConsoleOperator(server)
  await operator.submit('/console/sign-in', { email, password: PASSWORD })
  const jar = createCookieJar()
  const page = await jar.follow(await jar.fetch(authorize()))
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    implicit: await implicitToken(server.url),
    operator,
    interaction: { url: page.url, fetch: (url) => jar.fetch(url) },
  }
}

const authorize = () =>
  authorizationUrl(server.url, { code_challenge: pkce().challenge, code_challenge_method: 'S256' })
const at = (path: string) => `${server.url}${path}`
const HTML = { accept: 'text/html' }
const login = { username: sonia.username, password: sonia.password }
const attributes = (type: string, given: object) => ({ data: { type, attributes: given } })
const SIGN_IN_QUERY =
  'mutation SignIn($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'

/** A place that a person or a client asks, and gets an answer from that names the request. */
type Place = readonly [
  name: string,
  ask: () => Promise<Pick<Response, 'status' | 'headers'> & { text?: () => Promise<string>; html?: string }>,
]

const STORAGE_PLACES: readonly Place[] = [
  ['/token', () => requestTokens(server.url)],
  [
    '/token, a refresh',
    () =>
      postForm(at('/token'), {
        grant_type: 'refresh_token',
        client_id: 'frontend',
        refresh_token: prepared.refreshToken,
      }),
  ],
  ['/introspect', async () => postForm(at('/introspect'), { token: prepared.accessToken }, thirdParty)],
  ['/revoke', () => revoke(server.url, prepared.refreshToken)],
  ['/userinfo', () => fetch(at('/userinfo'), { headers: { authorization: `Bearer ${prepared.accessToken}` } })],
  ['/par', () => postForm(at('/par'), Object.fromEntries(new URL(authorize()).searchParams))],
  ['/device_authorization', () => postForm(at('/device_authorization'), { client_id: 'device-app' })],
  ['an interaction page', () => prepared.interaction.fetch(prepared.interaction.url)],
  ['Spryker', () => postJson(at('/access-tokens'), attributes('access-tokens', login))],
  ['Spryker /token', () => postForm(at('/token'), { grant_type: 'password', ...login })],
  [
    'Elastic Path',
    () =>
      postData(
        at('/v2/customers/tokens'),
        { type: 'token', email: login.username, password: login.password },
        `Bearer ${prepared.implicit}`,
      ),
  ],
  ['Magento REST', () => postJson(at('/rest/V1/integration/customer/token'), login)],
  [
    'Magento GraphQL',
    () =>
      postJson(at('/graphql'), {
        query: SIGN_IN_QUERY,
        variables: { email: login.username, password: login.password },
      }),
  ],
  [
    'commercetools',
    () => postForm(at('/oauth/shop/customers/token'), { grant_type: 'password', ...login }, thirdParty),
  ],
  [
    'the admin API',
    () => fetch(`${server.adminUrl}/v1/lockouts?login=a@b.example`, { headers: { authorization: `Bearer ${OWNER}` } }),
  ],
  ['the console', () => prepared.operator.get('/console/lockouts?login=a%40b.example')],
]

const DATABASE_PLACES: readonly Place[] = [
  ['/token', () => requestTokens(server.url)],
  ['Spryker', () => postJson(at('/access-tokens'), attributes('access-tokens', login))],
  ['Spryker /token', () => postForm(at('/token'), { grant_type: 'password', ...login })],
  STORAGE_PLACES.find(([name]) => name === 'Elastic Path') as Place, // it is there
  ['Magento REST', () => postJson(at('/rest/V1/integration/customer/token'), login)],
  STORAGE_PLACES.find(([name]) => name === 'Magento GraphQL') as Place, // it is there
  [
    'commercetools',
    () => postForm(at('/oauth/shop/customers/token'), { grant_type: 'password', ...login }, thirdParty),
  ],
  ['the admin API', () => fetch(`${server.adminUrl}/v1/customers`, { headers: { authorization: `Bearer ${OWNER}` } })],
  ['the console', () => prepared.operator.get('/console/customers')],
]

type Line = { readonly requestId?: string; readonly event?: string; readonly level: string; readonly path?: string }
const linesOf = (id: string | null) =>
  server.logLines.map((line) => JSON.parse(line) as Line).filter(({ requestId }) => requestId === id)

/** The answer is a failure of ours, and what it says of its request leads to why. */
async function expectFound(answer: Awaited<ReturnType<Place[1]>>, statuses: readonly number[]): Promise<void> {
  const body = answer.html ?? (await answer.text?.()) ?? ''
  const id = answer.headers.get('x-request-id')
  expect([statuses.includes(answer.status), id], `${answer.status} ${body}`).toEqual([
    true,
    expect.stringMatching(/^[\w-]{16,}$/),
  ])
  const lines = linesOf(id)
  expect(lines.filter(({ event }) => event).map(({ event, level }) => [event, level])).toContainEqual([
    'request.failed',
    'error',
  ])
  expect(lines.filter(({ path }) => path)).toHaveLength(1)
  const told = /request(?: id)?:?\s*(?:<[^>]+>\s*)*([\da-f]{8}-[\da-f-]{27})/i.exec(body)?.[1]
  if (told !== undefined) expect(told).toBe(id)
}

describeOn('redis', 'while storage is away', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
    server = await startTestServer({ ...SETTINGS, REDIS_URL: redis.url }, { captureLog: true })
    prepared = await prepare()
    await redis.kill()
  })
  afterAll(async () => {
    await server?.stop()
    await redis?.stop()
  })

  test.each(STORAGE_PLACES)('the answer of %s leads to its line in the log', async (_name, open) => {
    await expectFound(await open(), [503])
  })

  test('what cannot be told to a page is told to the client, with its line', async () => {
    const answer = await fetch(authorize(), { headers: HTML, redirect: 'manual' })
    await expectFound(answer, [303, 503])
  })
})

describeOn('postgres', 'while a table is missing', () => {
  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    server = await startTestServer({ ...SETTINGS, DATABASE_URL }, { captureLog: true })
    prepared = await prepare()
    await query(DATABASE_URL, 'alter table customers rename to lost')
  })
  afterAll(() => server?.stop())

  test.each(DATABASE_PLACES)('the answer of %s leads to its line in the log', async (_name, open) => {
    await expectFound(await open(), [500, 503])
  })
})

describe('on a server that is well', () => {
  beforeAll(async () => {
    server = await startTestServer(SETTINGS, { captureLog: true })
  })
  afterAll(() => server?.stop())

  const RAW: readonly (readonly [string, string | Uint8Array, number, string])[] = [
    ['a request line that is none', 'HELO\r\n\r\n', 400, 'HPE_INVALID_METHOD'],
    ['a header that is none', request('GET /jwks', ['Host: localhost', 'no colon']), 400, 'HPE_INVALID_HEADER_TOKEN'],
    [
      'a header that is too large',
      request('GET /jwks', ['Host: localhost', `X: ${'a'.repeat(40_000)}`]),
      431,
      'HPE_HEADER_OVERFLOW',
    ],
    ['no host', 'GET /jwks HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'no-host'],
    ['a target that is no path', request('GET http://['), 400, 'target'],
    ['an expectation', request('GET /jwks', ['Host: localhost', 'Expect: a-miracle']), 417, 'expectation'],
    [
      'a length that is none',
      request('POST /token', ['Host: localhost', 'Content-Length: x']),
      400,
      'HPE_INVALID_CONTENT_LENGTH',
    ],
    [
      'two lengths',
      request('POST /token', ['Host: localhost', 'Content-Length: 1', 'Content-Length: 2']),
      400,
      'HPE_UNEXPECTED_CONTENT_LENGTH',
    ],
  ]

  test.each(['url', 'adminUrl'] as const)(
    'what cannot be read at %s has an id in the answer and in the log',
    async (listener) => {
      for (const [name, text, status, reason] of RAW) {
        const answer = await sendRaw(server[listener], text)
        expect([name, statusOf(answer)]).toEqual([name, status])
        const id = /^x-request-id: (.+)$/im.exec(answer)?.[1] ?? 'none'
        expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)), name).toMatchObject({
          error: 'invalid_request',
        })
        expect(linesOf(id), name).toEqual([expect.objectContaining({ status, reason, level: 'info' })])
      }
    },
  )

  test('what cannot be read does not break into an answer that is under way', async () => {
    const { host } = new URL(server.url)
    const answer = await sendRaw(server.url, `GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\nHELO\r\n\r\n`)
    const [head = '', ...rest] = answer.split('\r\n\r\n')
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    if (statusOf(answer) === 200) expect(() => JSON.parse(rest.join('\r\n\r\n').slice(0, length))).not.toThrow()
    else expect(statusOf(answer)).toBe(400)
  })

  test('every answer has an id, whatever its status and whoever answers', async () => {
    const big = 'a'.repeat(2_000_000)
    const answers = await Promise.all([
      fetch(at('/nothing')),
      fetch(at('/token')),
      fetch(at('/health/live')),
      fetch(at('/assets/nothing')),
      fetch(at('/interaction/x'), { headers: HTML }),
      fetch(at('/jwks'), { method: 'OPTIONS' }),
      postForm(at('/token'), { a: big }),
      postJson(at('/access-tokens'), { a: big }),
      postForm(at('/introspect'), { token: 'x' }),
      fetch(`${server.adminUrl}/metrics`),
      fetch(`${server.adminUrl}/v1/clients`),
      fetch(`${server.adminUrl}/console/`, { redirect: 'manual' }),
      fetch(`${server.adminUrl}/nothing`),
    ])
    for (const { url, headers } of answers)
      expect([url, headers.get('x-request-id')]).toEqual([url, expect.stringMatching(/^[\w-]{36}$/)])
    expect(answers.map(({ status }) => status)).toContain(413)
  })

  test('a request to the admin API or the console is a line, a probe or a scrape is none', async () => {
    const { headers } = await fetch(`${server.adminUrl}/v1/clients`)
    const [line] = linesOf(headers.get('x-request-id')).filter(({ path }) => path)
    expect(line).toMatchObject({ path: '/v1/clients', status: 401, listener: 'admin', level: 'info' })
    const page = await createConsoleOperator(server).get('/console/nothing')
    expect(linesOf(page.headers.get('x-request-id'))).toHaveLength(1)
    const metrics = await fetch(`${server.adminUrl}/metrics`)
    expect(linesOf(metrics.headers.get('x-request-id'))).toEqual([])
  })

  test('a page that names its request has a line under that name', async () => {
    const answer = await fetch(at('/interaction/none'), { headers: HTML })
    const html = await answer.text()
    const id = answer.headers.get('x-request-id') ?? ''
    expect(html).toContain(id)
    await waitFor(async () => linesOf(id).length === 1, { what: 'the line' })
    expect((await ask(server, OWNER, 'GET', '/v1/audit?limit=1')).status).toBe(200)
  })

  test('ids that this server gives are UUIDs in the order of time, and none is given twice', async () => {
    const given: string[] = []
    for (let n = 0; n < 5; n++) given.push(String((await fetch(at('/jwks'))).headers.get('x-request-id')))
    for (const id of given) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(given).size).toBe(given.length)
    const milliseconds = given.map((id) => id.slice(0, 13))
    expect(milliseconds).toEqual(milliseconds.toSorted())
  })
})

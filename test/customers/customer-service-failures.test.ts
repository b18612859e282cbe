import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openSignInPage } from '../attacks/password-endpoints.ts'
import { read, requestTokens, userinfo } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

type Customer = Record<string, unknown>
type Question = 'look-up' | 'sign-in'

/** A service of a shop that fails one kind of question, as it is told, and answers the other as if it knew nobody. */
let shop: Server
let port: number
let failing: { readonly question: Question; readonly handle: RequestListener } | undefined
let calls = 0

beforeAll(async () => {
  shop = createServer((request, response) => {
    calls++
    const question = request.method === 'GET' ? 'look-up' : 'sign-in'
    if (question === failing?.question) return failing.handle(request, response)
    response.writeHead(question === 'look-up' ? 404 : 401).end()
  })
  port = await listen(0)
})
afterAll(() => close())

async function listen(at: number): Promise<number> {
  await new Promise<void>((resolve) => shop.listen(at, '127.0.0.1', resolve))
  return (shop.address() as AddressInfo).port
}

async function close(): Promise<void> {
  shop.closeAllConnections()
  await new Promise((resolve) => shop.close(resolve))
}

let next = 700_000
/** Of nobody else: a look-up is remembered. */
function customer(): Customer & { readonly email: string } {
  next++
  return {
    id: randomUUID(),
    idCustomer: next,
    email: `p${next}@shop.example`,
    customerReference: `S--${next}`,
    emailVerified: true,
  }
}

const says = (status: number, body = ''): RequestListener => {
  return (_, response) => void response.writeHead(status).end(body)
}
const sends = (change: (customer: Customer) => object) => says(200, JSON.stringify(change(customer())))
const company = { id: randomUUID(), name: 'Of theirs' }

type Failure = { readonly kind: string; readonly status?: number; readonly member?: string }
const FAILURES: readonly [string, RequestListener | 'refuses', Failure][] = [
  ['refuses connections', 'refuses', { kind: 'unreachable' }],
  ['breaks connections off', (request) => void request.socket.destroy(), { kind: 'unreachable' }],
  ['does not answer in time', () => {}, { kind: 'timeout' }],
  ['answers 500', says(500), { kind: 'status', status: 500 }],
  ['answers 503 with a page', says(503, '<html>'), { kind: 'status', status: 503 }],
  ['answers 429', says(429), { kind: 'status', status: 429 }],
  ['answers 403', says(403), { kind: 'status', status: 403 }],
  ['redirects', says(302), { kind: 'status', status: 302 }],
  ['sends no JSON', says(200, '<html>Warning: undefined index'), { kind: 'not-json', status: 200 }],
  ['sends nothing', says(200), { kind: 'not-json', status: 200 }],
  ['sends too much', says(200, ' '.repeat(5_000_000)), { kind: 'too-large', status: 200 }],
  ['sends a list', says(200, '[]'), { kind: 'wrong-member', status: 200, member: 'shape' }],
  [
    'sends a member of a wrong type',
    sends((row) => ({ ...row, idCustomer: 'seven' })),
    { kind: 'wrong-member', status: 200, member: 'idCustomer' },
  ],
  [
    'sends a customer without a member',
    sends(({ customerReference: _, ...row }) => row),
    { kind: 'missing-member', status: 200, member: 'customerReference' },
  ],
  [
    'sends a company user without a member',
    sends((row) => ({ ...row, companyUsers: [{ company, roles: [] }] })),
    { kind: 'missing-member', status: 200, member: 'companyUsers.0.id' },
  ],
  [
    'sends an unknown member',
    sends((row) => ({ ...row, isAdmin: true })),
    { kind: 'unknown-member', status: 200, member: 'isAdmin' },
  ],
]

describe.each([
  ['SHOP_DIRECTORY_URL', 'shop', 'look-up'],
  ['SHOP_DIRECTORY_URL', 'shop', 'sign-in'],
  ['LEGACY_DIRECTORY_URL', 'legacy', 'sign-in'],
] as const)('the service at %s (%s) that fails a %s', (setting, directory, question) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ [setting]: `http://127.0.0.1:${port}` }, { captureLog: true })
  })
  afterAll(() => server?.stop())
  afterEach(async () => {
    failing = undefined
    // It answers again: no failure of one test counts in the next.
    await waitFor(async () => (await signIn()).status === 400, { what: 'an answer of the shop' })
  })

  const signIn = (username = customer().email) => requestTokens(server.url, { username, password: 'any password' })
  const lines = () => server.logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const linesOf = (answer: Response) =>
    lines().filter(({ event, requestId }) => event && requestId === answer.headers.get('x-request-id'))
  const failuresOf = async (kind: string) => {
    const page = await (await fetch(`${server.adminUrl}/metrics`)).text()
    const line = `vestibule_customer_service_failures_total\\{directory="${directory}",kind="${kind}"\\} (\\d+)`
    return Number(new RegExp(line).exec(page)?.[1] ?? 0)
  }

  test.each(FAILURES)('when it %s is one line and one count, and a 503 of its own words', async (_, how, failure) => {
    const before = await failuresOf(failure.kind)
    const login = customer().email
    if (how === 'refuses') await close()
    else failing = { question, handle: how }
    const answer = await signIn(login)
    if (how === 'refuses') await listen(port)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(await answer.json()).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'the customer service does not answer, try again shortly',
    })
    const [line, ...more] = linesOf(answer)
    // A service that cannot be reached fails the first question, whichever that is.
    const asked = how === 'refuses' && directory === 'shop' ? 'look-up' : question
    const { status, member } = { status: undefined, member: undefined, ...failure }
    expect(line).toMatchObject({ level: 'warn', event: 'customer-service.failed', directory, ...failure })
    expect([line?.question, line?.status, line?.member, more]).toEqual([asked, status, member, []])
    expect(JSON.stringify(line)).not.toContain(login)
    expect(await failuresOf(failure.kind)).toBe(before + 1)
  })

  test('with an answer for one customer that is no customer goes on to be asked about the others', async () => {
    for (const [, how, { kind, status }] of FAILURES) {
      if (status !== 200 && status !== 403 && status !== 302) continue
      failing = { question, handle: how as RequestListener } // none of these is a refused connection
      for (let call = 0; call < 6; call++) expect((await signIn()).status, kind).toBe(503)
      failing = undefined
      expect((await signIn()).status, `after ${kind}`).toBe(400)
    }
    expect(await failuresOf('left-alone')).toBe(0)
  })

  test('by a 404 knows no such customer, whatever the body says', async () => {
    failing = { question, handle: says(404, '<html>Not found') }
    const answer = await signIn()
    expect([answer.status, (await read(answer)).body.error]).toEqual([400, 'invalid_grant'])
    // A shop answers an unknown login with 401: a 404 may be a wrong address, where nobody could sign in.
    const told = question === 'sign-in' ? [{ event: 'customer-service.failed', kind: 'status', status: 404 }] : []
    expect(linesOf(answer)).toEqual(told.map((line) => expect.objectContaining(line)))
  })

  test('on a sign-in page is told apart from a crowd', async () => {
    const attempt = await openSignInPage(server.url)
    failing = { question, handle: says(403) }
    const page = await attempt({ username: customer().email, password: 'any password' })
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('it is not your fault')])
  })
})

describe('a shop service that breaks', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ SHOP_DIRECTORY_URL: `http://127.0.0.1:${port}` }, { captureLog: true })
  })
  afterAll(() => {
    failing = undefined
    return server?.stop()
  })
  const failures = () =>
    server.logLines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level, event }) => level !== 'info' && event !== undefined)

  test('while a token is shown is one line of its own, and no bug of the server', async () => {
    const known = customer()
    const row = JSON.stringify(known)
    const both = shop.listeners('request')
    shop.removeAllListeners('request').on('request', says(200, row))
    const tokens = await requestTokens(server.url, { username: known.email, password: 'right', scope: 'openid' })
    const { access_token } = (await tokens.json()) as { access_token: string }
    shop.removeAllListeners('request').on('request', says(500))
    const answer = await waitFor(
      async () => {
        const shown = await userinfo(server.url, access_token)
        return shown.status === 503 && shown
      },
      { what: '503' },
    )
    shop.removeAllListeners('request')
    for (const each of both) shop.on('request', each as RequestListener) // a listener of requests, as above
    expect(await answer.json()).toMatchObject({ error_description: expect.stringContaining('customer service') })
    expect(failures()).toEqual([expect.objectContaining({ event: 'customer-service.failed', question: 'look-up' })])
  })

  test('again and again is left alone, and each request that meets that has its line', async () => {
    failing = { question: 'look-up', handle: says(500) }
    let answer: Response | undefined
    for (let call = 0; call < 4; call++) {
      answer = await requestTokens(server.url, { username: customer().email, password: 'any' })
      expect(answer.status).toBe(503)
    }
    const before = calls
    answer = await requestTokens(server.url, { username: customer().email, password: 'any' })
    expect([answer.status, calls]).toEqual([503, before])
    const requestId = answer.headers.get('x-request-id')
    expect(failures()).toContainEqual(expect.objectContaining({ kind: 'left-alone', requestId }))
  })
})

import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { tokensOf } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { freePort } from '../support/free-port.ts'
import { FIELDS, TEXTS } from './odd-texts.ts'
import { EVERY_DIALECT } from './password-endpoints.ts'
import { concrete, METHODS, withRoutes } from './served-routes.ts'

/**
 * Every route of the public listener, whoever added it: the routes are those that the server registers when it starts. What
 * holds for all of them is held here; what an endpoint does with a request it understands has tests of its own.
 */
const EVERYTHING = {
  ...EVERY_DIALECT,
  SIGN_IN_PAGE: 'identifier-first',
  SIGN_IN_CODE: 'offered',
  AUTHORIZATION_CHALLENGE: 'on',
  SUPPORT_ACCESS_PERMISSION: 'needed',
  MAGENTO_EXTERNAL_CUSTOMERS: 'true',
  DYNAMIC_REGISTRATION: 'open',
} as const

const { started: shop, routes } = await withRoutes(() =>
  startHostedShop({ ...EVERYTHING, ADMIN_TOKEN: OWNER }, { captureLog: true }),
)
const { url } = shop.server
const { access_token } = await tokensOf(url, { scope: 'openid' })
afterAll(() => shop.stop())

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
// The same handlers answer below Magento's second prefix.
const cases = routes
  .filter(({ pattern }) => !pattern.startsWith('/index.php'))
  .map((route) => [route.pattern, route] as const)
const withBody = cases
  .map(
    ([pattern, route]) => [pattern, { ...route, methods: route.methods.filter((method) => method !== 'GET') }] as const,
  )
  .filter(([, { methods }]) => methods.length > 0)

type Sent = {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Record<string, string>
}

async function send({ method, path, body, headers = {} }: Sent) {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers,
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(60_000),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** What no answer may show: a stack, a path of ours, SQL, or the text of an exception. */
const INSIDE =
  /\bat .+\.(ts|js):\d+|node_modules|\/src\/|TypeError|ReferenceError|SyntaxError|\bselect .+ from\b|invalid byte/i

test('there are as many routes as a server with everything on has', () => {
  expect(routes.length).toBeGreaterThan(200)
  for (const path of ['/account/security/passkey-new', '/interaction/:uid/second-factor', '/upstreams/:id/callback'])
    expect(routes.map(({ pattern }) => pattern)).toContain(path)
})

test.each(cases)('%s refuses other methods with 405 and tells its own', async (_, { path, methods }) => {
  const others = METHODS.filter((method) => method !== 'HEAD' && !methods.includes(method))
  for (const method of others) {
    const { status, headers, text } = await send({ method, path })
    // Another route may have the same path with another method, and two shops have no 405.
    if (status !== 405 && (isElsewhere(path, method) || (status === 404 && IN_A_SHOPS_WORDS.test(text)))) continue
    const allowed = (headers.get('allow') ?? '').split(', ')
    expect([method, status, methods.filter((own) => !allowed.includes(own))]).toEqual([method, 405, []])
    expect(allowed).not.toContain(method)
  }
})

/** What Spryker Glue and Magento say of a method that they do not have: they answer 404 (their contracts). */
const IN_A_SHOPS_WORDS = /"detail":"Not Found"|"message":"Request does not match any route."/

/** Whether a route with a parameter takes this path with this method. */
function isElsewhere(path: string, method: string): boolean {
  return routes.some(
    ({ pattern, methods }) =>
      methods.includes(method) && new RegExp(`^${concrete(pattern, '[^/]+').replaceAll('.', '\\.')}$`).test(path),
  )
}

test.each(withBody)('%s refuses a compressed body with 415', async (_, { path, methods }) => {
  for (const method of methods)
    for (const type of [FORM, JSON_TYPE]) {
      const headers = { 'content-type': type, 'content-encoding': 'gzip' }
      const { status } = await send({ method, path, body: gzipSync('a=b'), headers })
      expect([method, type, status]).toEqual([method, type, 415])
    }
})

test.each(withBody)('%s refuses a body of 1 MB', async (_, { path, methods }) => {
  const large = 'a'.repeat(1_000_000)
  for (const method of methods)
    for (const [type, body] of [
      [FORM, `token=${large}`],
      [JSON_TYPE, `{"data":"${large}"}`],
    ] as const) {
      const { status, text } = await send({ method, path, body, headers: { 'content-type': type } })
      // 303: without a session the form is shown anew, and the body is not read.
      const isRefused = status === 303 || (status >= 400 && status < 500)
      expect([method, type, isRefused, INSIDE.test(text)]).toEqual([method, type, true, false])
    }
})

/** What a browser would run. JSON may say what was asked for: it is never taken for a page (`nosniff`). */
const isMarkup = (text: string, headers: Headers) =>
  text.includes('<script>alert') && !headers.get('content-type')?.includes('json')

describe('what cannot be kept or read', () => {
  const complaints = (sent: Sent, { status, text, headers }: Awaited<ReturnType<typeof send>>) =>
    status >= 500 || INSIDE.test(text) || isMarkup(text, headers) || headers.get('set-cookie')?.startsWith('x')
      ? [`${sent.method} ${sent.path} ${String(sent.body).slice(0, 80)}: ${status} ${text.slice(0, 200)}`]
      : []

  async function complaintsAbout(all: readonly Sent[]): Promise<string[]> {
    const found: string[] = []
    for (const sent of all) found.push(...complaints(sent, await send(sent)))
    return found
  }

  const bearer = { authorization: `Bearer ${access_token}` }

  test.each(cases)('in a path or query is an answer of %s', async (_, { pattern, methods }) => {
    const paths = TEXTS.flatMap(([, encoded]) => [
      ...(pattern.includes(':') ? [concrete(pattern, encoded)] : []),
      `${concrete(pattern)}?${FIELDS.map((name) => `${name}=${encoded}`).join('&')}`,
    ])
    const all = methods.flatMap((method) => paths.flatMap((path) => [{ method, path, headers: bearer }]))
    expect(await complaintsAbout(all)).toEqual([])
  })

  test.each(withBody)('in a body is an answer of %s', async (_, { path, methods }) => {
    const bodies: (readonly [string, string])[] = [
      [JSON_TYPE, '{'],
      [JSON_TYPE, 'null'],
      [JSON_TYPE, '"text"'],
      [JSON_TYPE, '[[]]'],
      [JSON_TYPE, '['.repeat(25_000)],
      [JSON_TYPE, `{"data":${'['.repeat(5000)}${']'.repeat(5000)}}`],
      [JSON_TYPE, '{"data":null,"customer":[],"query":{},"email":{},"actions":[null],"variables":"x"}'],
      ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--x--'],
      ['x', 'a=b'],
      [`${FORM}; charset=utf-7`, 'a=b'],
      [FORM, '&&==&'],
      [FORM, FIELDS.map((name) => `${name}=1&${name}=2`).join('&')],
      [FORM, FIELDS.map((name) => `${name}[a]=1`).join('&')],
      ...TEXTS.flatMap(([, encoded, escaped]) => {
        const members = FIELDS.map((name) => `"${name}":"${escaped}"`).join()
        return [
          [FORM, FIELDS.map((name) => `${name}=${encoded}`).join('&')],
          [JSON_TYPE, `{${members},"data":{"type":"${escaped}","attributes":{${members}}},"customer":{${members}}}`],
        ] as const
      }),
    ]
    const all = methods.flatMap((method) =>
      bodies.map(([type, body]) => ({ method, path, body, headers: { 'content-type': type, ...bearer } })),
    )
    expect(await complaintsAbout(all)).toEqual([])
  })
})

describe('55 KB of one repeated character', () => {
  /** Of each of the fields of one request: short enough for all of them, and long enough for a square to show. */
  const LENGTH = 9000
  const AT_ONCE = 6
  const MOST_TIMES = 10
  const LONG = [(length: number) => `a@${'.'.repeat(length)}@`, (length: number) => `a${' '.repeat(length)}a`]

  async function askWith(method: string, path: string, text: string): Promise<void> {
    for (let first = 0; first < FIELDS.length; first += AT_ONCE) {
      const fields = Object.fromEntries(FIELDS.slice(first, first + AT_ONCE).map((name) => [name, text]))
      const document = first % (2 * AT_ONCE) === 0 ? fields : { data: { type: 'x', attributes: fields } }
      for (const [type, body] of [
        [FORM, new URLSearchParams(fields).toString()],
        [JSON_TYPE, JSON.stringify(document)],
      ] as const) {
        const { status } = await send({ method, path, body, headers: { 'content-type': type } })
        expect([type, status < 500]).toEqual([type, true])
      }
    }
  }

  test.each(withBody)('in the fields of %s costs what a short text costs', async (_, { path, methods }) => {
    for (const method of methods)
      for (const of of LONG) {
        let times = Number.POSITIVE_INFINITY
        // What other work of this process fell into one measurement does not fall into all.
        for (let round = 0; round < 4 && times >= MOST_TIMES; round++) {
          const long = await cpuMs(() => askWith(method, path, of(LENGTH)))
          times = long / (await cpuMs(() => askWith(method, path, of(5))))
        }
        expect([method, times < MOST_TIMES]).toEqual([method, true])
      }
  })
})

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('with a path in ISSUER', () => {
  const PATH = '/shop/auth'
  /** Asked of the host, whatever the issuer's path is. */
  const OF_THE_HOST = [
    '/.well-known/change-password',
    '/.well-known/passkey-endpoints',
    '/.well-known/oauth-protected-resource',
  ]
  let below: HostedShop
  let origin: string
  beforeAll(async () => {
    const PORT = String(await freePort())
    origin = `http://localhost:${PORT}`
    below = await startHostedShop({ ...EVERYTHING, PORT, ISSUER: origin + PATH })
  })
  afterAll(() => below?.stop())

  test.each(cases)('%s is below it, and nothing is beside it', async (_, { path }) => {
    const statusOf = async (address: string) => (await fetch(address, { method: 'OPTIONS', redirect: 'manual' })).status
    expect(await statusOf(origin + PATH + path)).not.toBe(404)
    if (!OF_THE_HOST.includes(path)) expect(await statusOf(origin + path)).toBe(404)
  })
})

test('in all of this nothing went wrong on our side', () => {
  const failures = shop.server.logLines
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 'error' || level === 'fatal')
  expect(failures.map(({ msg, err }) => `${msg}: ${err?.message}`)).toEqual([])
})

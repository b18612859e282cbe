import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Tokens, thirdParty, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Endpoint, oauthEndpoints, onePerPath, pageEndpoints } from './attacked-endpoints.ts'
import { variantsOf } from './malformed-forms.ts'

/**
 * Every endpoint × every malformed input. Whatever comes in, an answer comes out: soon, below 500, in the words of the
 * endpoint's protocol, and without a look inside.
 */
let server: TestServer
let issued: Tokens
beforeAll(async () => {
  server = await startTestServer({ AUTHORIZATION_CHALLENGE: 'on' }, { captureLog: true })
  issued = await tokensOf(server.url, { scope: 'openid' })
})
afterAll(() => server?.stop())

const FORM = 'application/x-www-form-urlencoded'
const DEADLINE_MS = 10_000

type Answer = {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly location: string | null
}

async function send(
  { method, path, headers }: Endpoint,
  input: string,
  extra: Record<string, string> = {},
): Promise<Answer> {
  const isGet = method === 'GET'
  const response = await fetch(server.url + path + (isGet && input ? `?${input}` : ''), {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(DEADLINE_MS),
    headers: { ...(isGet ? {} : { 'content-type': FORM }), ...headers, ...extra },
    ...(isGet ? {} : { body: input }),
  })
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  return { status, type, text: await response.text(), location: response.headers.get('location') }
}

/** What no answer may show: a stack, a path of ours, SQL, or the text of an exception. */
const INSIDE =
  /\bat .+\.(ts|js):\d+|node_modules|\/src\/|TypeError|ReferenceError|SyntaxError|\bselect .+ from\b|invalid byte/i

/** Undefined when the answer is one that the endpoint may give. */
function complaint(answer: Answer, isPage: boolean): string | undefined {
  if (answer.status >= 500) return `status ${answer.status}: ${answer.text.slice(0, 200)}`
  if (INSIDE.test(answer.text)) return `shows its inside: ${INSIDE.exec(answer.text)?.[0]}`
  if (answer.text.includes('<script>alert')) return 'markup came back as it was'
  if (answer.location?.includes('evil')) return `leads to ${answer.location}`
  // The HTTP parser itself refuses a head above its limit.
  if (answer.status === 431) return undefined
  if (answer.status < 400 || (isPage && answer.type.startsWith('text/html'))) return undefined
  if (!answer.type.includes('json')) return `${answer.status} as ${answer.type}`
  const body = JSON.parse(answer.text) as { error?: unknown }
  return typeof body.error === 'string' && /^[\x20-\x7e]+$/.test(body.error)
    ? undefined
    : `no OAuth error: ${answer.text}`
}

async function complaintsAbout(endpoint: Endpoint, isPage: boolean): Promise<string[]> {
  const found: string[] = []
  for (const [name, input] of variantsOf(endpoint.valid(issued))) {
    const accept: Record<string, string> = isPage ? { accept: 'text/html' } : {}
    const said = await send(endpoint, input, accept)
      .then((answer) => complaint(answer, isPage))
      .catch((error: Error) => `no answer: ${error.name} ${error.cause ?? ''}`)
    if (said) found.push(`${name}: ${said}`)
  }
  return found
}

describe.each([
  ['an endpoint', oauthEndpoints, false],
  ['a page', pageEndpoints, true],
] as const)('%s answers every malformed field in its own words', (_, endpoints, isPage) => {
  test.each(endpoints.map((endpoint) => ({ ...endpoint, name: endpoint.path })))(
    '$method $path',
    async (endpoint) => {
      expect(await complaintsAbout(endpoint, isPage)).toEqual([])
    },
    60_000,
  )
})

describe('a body of the wrong kind', () => {
  const bodies: [string, string, string][] = [
    ['JSON', 'application/json', '{"token":"x","grant_type":"password"}'],
    ['broken JSON', 'application/json', '{'],
    ['deep JSON', 'application/json', '['.repeat(25_000)],
    ['XML', 'application/xml', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'],
    [
      'multipart',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--x--',
    ],
    ['a content type that is none', 'x', 'a=b'],
    ['a content type of 5 KB', `a/${'b'.repeat(5000)}`, 'a=b'],
    ['deep JSON as a form', FORM, '['.repeat(25_000)],
    ['1 MB', FORM, `token=${'a'.repeat(1_000_000)}`],
  ]
  /** Read as what it is, or refused: both will do. */
  const odd: [string, string, string][] = [
    ['an unknown character set', `${FORM}; charset=utf-7`, 'token=x'],
    ['a character set that is none', `${FORM}; charset="><script>`, 'token=x'],
    ['gzip that is none', FORM, 'token=x'],
  ]
  // With a client that names itself in the header, a token request is OAuth's and no shop's own.
  const tokenEndpoint: Endpoint = { method: 'POST', path: '/token', valid: () => '', headers: thirdParty }
  const posts = [tokenEndpoint, ...oauthEndpoints.filter(({ path }) => path !== '/token'), ...pageEndpoints]

  test.each(posts.filter(({ method }) => method === 'POST').map((endpoint) => [endpoint.path, endpoint] as const))(
    'is refused by %s',
    async (_, endpoint) => {
      const isPage = pageEndpoints.includes(endpoint)
      for (const [name, type, body] of [...bodies, ...odd]) {
        const encoding: Record<string, string> = name.startsWith('gzip') ? { 'content-encoding': 'gzip' } : {}
        const answer = await send(endpoint, body, { 'content-type': type, ...encoding })
        expect([name, complaint(answer, isPage)]).toEqual([name, undefined])
        if (bodies.some(([refused]) => refused === name)) expect([name, answer.status]).not.toEqual([name, 200])
      }
    },
  )
})

test('an unexpected method finds nothing anywhere', async () => {
  const paths = new Set(
    [...oauthEndpoints, ...pageEndpoints].map(({ path }) => path).concat('/jwks', '/.well-known/openid-configuration'),
  )
  for (const path of paths) {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'PROPFIND', 'OPTIONS', 'HEAD']) {
      const { status } = await fetch(server.url + path, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(DEADLINE_MS),
      })
      expect([path, method, status < 500]).toEqual([path, method, true])
    }
  }
})

test.each([
  'authorization',
  'cookie',
  'origin',
  'accept',
  'accept-language',
  'dpop',
  'x-forwarded-for',
  'x-request-id',
  'range',
  'if-none-match',
])(
  'nonsense in the header %s is survived by every endpoint',
  async (header) => {
    const nonsense = [
      '',
      ' ',
      ',;=',
      'a'.repeat(4000),
      '"><script>',
      '../..',
      'Basic',
      '%00',
      'e30.e30.e30',
      ';;;==,,,',
      '-1',
      '*/*;q=x',
    ]
    for (const endpoint of onePerPath()) {
      for (const value of nonsense) {
        const { status, text } = await send({ ...endpoint, headers: {} }, endpoint.valid(issued), { [header]: value })
        expect([endpoint.path, value, status < 500, INSIDE.test(text)]).toEqual([endpoint.path, value, true, false])
      }
    }
  },
  60_000,
)

test('in all of this nothing went wrong on our side, and the customer’s tokens still work', async () => {
  const failures = server.logLines
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 'error' || level === 'fatal')
  expect(failures.map(({ msg, err }) => `${msg}: ${err?.message}`)).toEqual([])
  const answer = await fetch(`${server.url}/userinfo`, { headers: { authorization: `Bearer ${issued.access_token}` } })
  expect(answer.status).toBe(200)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { runCli } from '../cli/run-cli.ts'
import {
  CALLBACK,
  introspect,
  obtainCode,
  ordersService,
  read,
  redeem,
  refresh,
  requestTokens,
  revoke,
  sonia,
  submit,
  thirdParty,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { callersTrace, startCollector } from '../support/collector.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let collector: Awaited<ReturnType<typeof startCollector>>
beforeAll(async () => {
  collector = await startCollector()
  const settings = { LOG_LEVEL: 'trace', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  server = await startTestServer(settings, { captureLog: true })
})
afterAll(async () => {
  await server?.stop()
  await collector?.close()
})

/** Every secret that passes by, remembered under a name that a failure can print. */
const seen = new Map<string, string>()
function remember(name: string, value: unknown): string {
  const text = String(value)
  if (value === undefined || text.length < 8) throw new Error(`${name} is no secret: ${text}`)
  seen.set(name, text)
  return text
}

function rememberTokens(name: string, tokens: Record<string, unknown>): void {
  for (const member of ['access_token', 'refresh_token', 'id_token']) {
    if (tokens[member]) remember(`${name} ${member}`, tokens[member])
  }
}

async function passwordEndpoints(): Promise<void> {
  remember('password', sonia.password)
  const first = await tokensOf(server.url, { scope: 'openid email' })
  rememberTokens('password grant', { ...first })
  rememberTokens('refresh', (await read(refresh(server.url, first.refresh_token))).body)
  await userinfo(server.url, first.access_token)
  await postForm(`${server.url}/userinfo`, { access_token: first.access_token })
  await introspect(server.url, first.access_token)
  await revoke(server.url, first.refresh_token)
  const opaque = await tokensOf(server.url, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })
  rememberTokens('opaque', { ...opaque })
  await introspect(server.url, opaque.access_token)
  const attributes = (
    await read(postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes: sonia } }))
  ).body.data.attributes
  remember('shop access token', attributes.accessToken)
  const refreshToken = remember('shop refresh token', attributes.refreshToken)
  await postJson(`${server.url}/refresh-tokens`, { data: { type: 'refresh-tokens', attributes: { refreshToken } } })
  await fetch(`${server.url}/refresh-tokens/${refreshToken}`, { method: 'DELETE' })
}

async function clientEndpoints(): Promise<void> {
  remember('client secret', 'third-party-app-secret')
  remember('resource server secret', 'orders-service-secret')
  remember('client secret header', thirdParty.authorization.slice('Basic '.length))
  remember('resource server header', ordersService.authorization.slice('Basic '.length))
  const fields = { grant_type: 'client_credentials', client_id: 'third-party-app' }
  const client_secret = 'third-party-app-secret'
  rememberTokens('client credentials', (await read(postForm(`${server.url}/token`, { ...fields, client_secret }))).body)
}

async function browserEndpoints(): Promise<void> {
  const { code, verifier, jar } = await obtainCode(server.url, {
    client_id: 'third-party-app',
    state: 'state-is-private',
  })
  remember('code', code)
  remember('verifier', verifier)
  remember('session cookie', jar.get(`${server.url}/authorize`, 'vestibule_session'))
  const { body } = await read(redeem(server.url, code, verifier, {}, thirdParty))
  rememberTokens('code', body)
  await redeem(server.url, code, verifier, {}, thirdParty)
  const query = new URLSearchParams({ id_token_hint: body.id_token })
  const page = await jar.follow(await jar.fetch(`${server.url}/logout?${query}`))
  await submit(jar, page, { logout: 'yes' }, CALLBACK)
}

async function deviceEndpoint(): Promise<void> {
  const { body } = await read(
    postForm(`${server.url}/device_authorization`, { client_id: 'device-app', scope: 'openid' }),
  )
  remember('device code', body.device_code)
  remember('user code', body.user_code)
  const jar = createCookieJar()
  await submit(jar, await jar.follow(await jar.fetch(`${server.url}/device`)), { user_code: body.user_code }, CALLBACK)
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  await postForm(`${server.url}/token`, { grant_type, device_code: body.device_code, client_id: 'device-app' })
}

/** Requests that fail, each with something private where it does not belong. */
async function failures(): Promise<void> {
  const wrong = remember('mistyped password', 'mistyped-password-1')
  await requestTokens(server.url, { password: wrong })
  await requestTokens(server.url, { username: `${sonia.username}\0`, password: wrong })
  await requestTokens(
    server.url,
    {},
    basicAuth('third-party-app', remember('wrong client secret', 'wrong-client-secret')),
  )
  const stray = remember('token in an address', 'stray-token-in-the-address-of-a-request-0123456789')
  for (const path of [
    `/userinfo?access_token=${stray}`,
    `/nothing/${stray}`,
    `/introspect?token=${stray}`,
    `/token?code=${stray}`,
  ]) {
    await fetch(server.url + path, {
      headers: { authorization: `Bearer ${stray}`, cookie: `vestibule_session=${stray}` },
    })
  }
  await postJson(`${server.url}/token`, { password: wrong, client_secret: 'wrong-client-secret' })
  await fetch(`${server.url}/access-tokens`, { method: 'POST', body: `{"password":"${wrong}"` })
}

test('nothing that could sign a person in, and no whole e-mail address, reaches the log, the audit trail or a trace', async () => {
  await passwordEndpoints()
  await clientEndpoints()
  await browserEndpoints()
  await deviceEndpoint()
  await failures()
  remember('e-mail address', sonia.username)
  expect(seen.size).toBeGreaterThan(20)

  const log = server.logLines.join('\n')
  expect(log).toContain('/token')
  const { stdout: trail } = await runCli(['audit', 'export'], { DATA_DIR: server.config.DATA_DIR })
  for (const type of ['login.refused', 'client.refused', 'code.replayed', 'logout']) expect(trail).toContain(type)
  const leaked = [...seen].filter(([, secret]) => isIn(log, secret) || isIn(trail, secret)).map(([name]) => name)
  expect(leaked).toEqual([])

  // Spans are sent in the order in which they end: once this one is there, so are all others.
  const { traceId, headers } = callersTrace()
  await fetch(`${server.url}/jwks`, { headers })
  await collector.trace(traceId)
  expect(collector.spans().length).toBeGreaterThan(100)
  const traced = [...seen].filter(([, secret]) => isIn(collector.text(), secret)).map(([name]) => name)
  expect(traced).toEqual([])
})

test('the log tells of the requests without their queries, each under the id that its answer carried', async () => {
  const answer = await fetch(`${server.url}/authorize?client_id=frontend&login_hint=somebody`)
  const id = answer.headers.get('x-request-id')
  const lines = server.logLines.map((line) => JSON.parse(line)).filter(({ requestId }) => requestId === id)
  expect(lines).toContainEqual(expect.objectContaining({ method: 'GET', path: '/authorize', status: answer.status }))
  expect(JSON.stringify(lines)).not.toContain('somebody')
})

test('a line break or an escape sequence in a request cannot make a log line', async () => {
  const before = server.logLines.length
  await fetch(`${server.url}/x%0a%7B%22level%22:%22forged%22%7D%1b[2J`, { headers: { 'user-agent': 'a\tb' } })
  const lines = server.logLines.slice(before)
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    expect(JSON.parse(line).level).not.toBe('forged')
    expect(['\n', '\u001b'].filter((character) => line.trim().includes(character))).toEqual([])
  }
})

/** One line of the log about this. */
function logged(line: Record<string, unknown>): string {
  const lines: string[] = []
  createLog('info', { write: (text) => void lines.push(text) }).info(line)
  return lines.join('')
}

test.each(['ECONNREFUSED', 'ETIMEDOUT', 'ERR_INVALID_URL', 'UND_ERR_SOCKET', '57P03', '23505'])(
  'the log says that a failure, or the cause of one, is %s',
  (code) => {
    const failure = () => Object.assign(new Error('failed'), { code })
    expect(JSON.parse(logged({ err: failure() })).err.code).toBe(code)
    expect(JSON.parse(logged({ err: new Error('outer', { cause: failure() }) })).err.cause.code).toBe(code)
  },
)

/** The shapes of what this server and others give out as codes. */
const CODES = [
  'yNcQhVnm4NpzZ0Dz2zVvAcF2T1m9t_KxK-1s6p0QXbE',
  'THE_CODE_OF_AN_UPPER_CASE_SERVER_0123456789ABC',
  'BCDF-GHJK',
  '493817',
  'short-code',
]
test.each(CODES)('a code %s is in no log line, wherever it is, also where an error carries it', (code) => {
  const failure = () => Object.assign(new Error('failed'), { code })
  for (const line of [
    { code },
    { body: { code } },
    { request: { query: { code } } },
    { cause: { code } },
    { err: failure() },
    { err: new Error('outer', { cause: failure() }) },
    { err: new Error('outer', { cause: new Error('inner', { cause: failure() }) }) },
  ]) {
    expect(logged(line)).toContain('[masked]')
    expect(logged(line)).not.toContain(code)
  }
})

test.each([
  ['code', 'ECONNREFUSED'],
  ['code', '57P03'],
  ['token', 'ECONNREFUSED'],
  ['password', 'ETIMEDOUT'],
])('what only looks like the code of a failure is masked: %s %s', (name, value) => {
  for (const line of [{ [name]: value }, { body: { [name]: value } }, { request: { query: { [name]: value } } }])
    expect(logged(line)).not.toContain(value)
})

/** Also as it would look in a URL, in base64, and cut to the half that is enough to guess the rest. */
function isIn(log: string, secret: string): boolean {
  const half = secret.length > 40 ? [secret.slice(-Math.ceil(secret.length / 2))] : []
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), ...half].some((form) =>
    log.includes(form),
  )
}

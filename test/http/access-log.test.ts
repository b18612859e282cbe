import { afterAll, beforeAll, expect, test } from 'vitest'
import { maskPath } from '../../src/http/request-facts.ts'
import { introspect, requestTokens, sonia, tokensOf } from '../endpoints/client.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' }, { captureLog: true })
})
afterAll(() => server?.stop())

/** The access log's lines of what `act` asks for. */
async function linesOf(act: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const before = server.logLines.length
  await act()
  const lines = server.logLines.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>)
  return lines.filter(({ path }) => path !== undefined)
}

test('a request is one line: what it was, how long it took, who asked for what', async () => {
  const [line, ...more] = await linesOf(() => requestTokens(server.url))
  expect(more).toEqual([])
  expect(Object.keys(line ?? {}).sort()).toEqual(
    [
      'clientId',
      'durationMs',
      'grantType',
      'ip',
      'level',
      'method',
      'msg',
      'path',
      'requestId',
      'status',
      'time',
    ].sort(),
  )
  expect(line).toMatchObject({
    level: 'info',
    method: 'POST',
    path: '/token',
    status: 200,
    ip: '127.0.0.1',
    clientId: 'frontend',
    grantType: 'password',
    durationMs: expect.any(Number),
  })
})

test('the client is named at every endpoint where one was known, also when it was refused', async () => {
  const { access_token } = await tokensOf(server.url)
  expect(await linesOf(() => introspect(server.url, access_token))).toMatchObject([{ clientId: 'orders-service' }])
  const refused = await linesOf(() => requestTokens(server.url, { password: 'wrong' }))
  expect(refused).toMatchObject([{ status: 400, clientId: 'frontend', grantType: 'password' }])
  const form = { grant_type: 'x y\n"z"', client_id: 'nobody-knows-this-client' }
  const [unknown] = await linesOf(() => postForm(`${server.url}/token`, form))
  expect(unknown).not.toHaveProperty('clientId')
  expect(unknown).not.toHaveProperty('grantType')
})

test('a dialect is named with its endpoint, and with the client and grant it asked for', async () => {
  const attributes = { username: sonia.username, password: sonia.password }
  const body = { data: { type: 'access-tokens', attributes } }
  expect(await linesOf(() => postJson(`${server.url}/access-tokens`, body))).toMatchObject([
    { dialect: 'spryker', endpoint: '/access-tokens', clientId: 'frontend', grantType: 'password', status: 201 },
  ])
})

test("a trusted proxy's request id is kept, in the answer and in the log; what is none is replaced", async () => {
  const id = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'
  for (const [given, isKept] of [
    [id, true],
    ['short', false],
    ['spaces are not plain', false],
  ] as const) {
    const headers = { 'x-request-id': given }
    const answers: (string | null)[] = []
    const [line] = await linesOf(async () =>
      answers.push((await fetch(`${server.url}/jwks`, { headers })).headers.get('x-request-id')),
    )
    expect(answers).toEqual([line?.requestId])
    expect([given, line?.requestId === given]).toEqual([given, isKept])
  }
})

test("a stranger's request id is replaced by one of ours", async () => {
  const apart = await startTestServer()
  const given = '0a1b2c3d4e5f60718293a4b5c6d7e8f9'
  const { headers } = await fetch(`${apart.url}/jwks`, { headers: { 'x-request-id': given } })
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  await apart.stop()
})

test('what a path may hold of tokens, keys and addresses is masked, and its words are not', () => {
  expect(maskPath('/refresh-tokens/kq7Xn2vYtPq9Rw3sLm')).toBe('/refresh-tokens/[masked]')
  expect(maskPath('/v1/customers/sonia@spryker.com/tokens')).toBe('/v1/customers/[masked]/tokens')
  expect(maskPath('/interaction/V1StGXR8_Z5jdHi6B-myT/login')).toBe('/interaction/[masked]/login')
  for (const before of ['interaction', 'authorize', 'device'])
    expect(maskPath(`/below/${before}/abc-def_ghi`)).toBe(`/below/${before}/[masked]`)
  expect(maskPath('/authorize')).toBe('/authorize')
  const words = '/.well-known/oauth-authorization-server'
  expect(maskPath(words)).toBe(words)
})

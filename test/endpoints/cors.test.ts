import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { introspect, read, refresh, requestTokens, thirdParty, tokensOf } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const allowed = (headers: Headers) => headers.get('access-control-allow-origin')
const ask = (origin: string) => read(requestTokens(server.url, {}, { origin }))

test.each(['http://localhost:8080', 'http://127.0.0.1:8080', 'http://localhost:49152'])(
  'a browser app at its own redirect’s origin may use the token endpoint: %s',
  async (origin) => {
    const { status, headers } = await ask(origin)
    expect([status, allowed(headers)]).toEqual([200, origin])
    expect(headers.get('vary')).toMatch(/origin/i)
  },
)

test.each([
  'https://evil.example',
  'http://localhost.evil.example:8080',
  'https://localhost:8080',
  'http://localhost:8080.evil.example',
  'http://[::1]:8080',
  'null',
  'file://',
])('a browser app elsewhere may not: %s', async (origin) => {
  const { status, headers, body } = await ask(origin)
  expect([status, body.error]).toEqual([400, 'invalid_request'])
  expect(allowed(headers)).toBeNull()
  expect(body.access_token).toBeUndefined()
})

test('a refusal can be read by the app that caused it', async () => {
  const origin = 'http://localhost:8080'
  const { status, headers } = await read(requestTokens(server.url, { password: 'wrong' }, { origin }))
  expect([status, allowed(headers)]).toEqual([400, origin])
})

test('credentials are never allowed along', async () => {
  const { headers } = await ask('http://localhost:8080')
  expect(headers.get('access-control-allow-credentials')).toBeNull()
})

describe('a preflight', () => {
  test.each(['/token', '/revoke', '/introspect', '/userinfo', '/par', '/device_authorization'])(
    'of %s names methods and headers',
    async (path) => {
      const { status, headers } = await fetch(server.url + path, {
        method: 'OPTIONS',
        headers: {
          origin: 'http://localhost:8080',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
      expect(status).toBe(204)
      expect(allowed(headers)).toBe('http://localhost:8080')
      expect(headers.get('access-control-allow-methods')).toContain('POST')
      expect(headers.get('access-control-allow-headers')).toMatch(/authorization/i)
    },
  )

  test('is not offered by pages: no script of another site talks to them', async () => {
    for (const path of ['/authorize', '/device', '/logout', '/interaction/abc']) {
      const { headers } = await fetch(server.url + path, {
        method: 'OPTIONS',
        headers: { origin: 'http://localhost:8080', 'access-control-request-method': 'POST' },
      })
      expect(allowed(headers)).toBeNull()
    }
  })
})

test('userinfo answers the origin of the token’s client, and no other', async () => {
  const { access_token } = await tokensOf(server.url, { scope: 'openid' })
  const at = (origin: string) =>
    read(fetch(`${server.url}/userinfo`, { headers: { origin, authorization: `Bearer ${access_token}` } }))
  expect(await at('http://localhost:8080')).toMatchObject({ status: 200, body: { sub: expect.any(String) } })
  const elsewhere = await at('https://evil.example')
  expect(elsewhere.body.sub).toBeUndefined()
  expect(allowed(elsewhere.headers)).toBeNull()
})

test('an origin that is refused has used nothing up: the refresh token still works', async () => {
  const { refresh_token, access_token } = await tokensOf(server.url)
  expect((await refresh(server.url, refresh_token, {}, { origin: 'https://evil.example' })).status).toBe(400)
  expect((await refresh(server.url, refresh_token)).status).toBe(200)
  expect((await introspect(server.url, access_token)).active).toBe(true)
})

test('a client without the origin in its redirects is refused, however well it authenticates', async () => {
  const { status } = await read(requestTokens(server.url, {}, { ...thirdParty, origin: 'https://evil.example' }))
  expect(status).toBe(400)
})

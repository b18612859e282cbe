import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, obtainCode, pkce, read, redeem } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }

const tricks = [
  'http://localhost:8080/callback/',
  'http://localhost:8080/callback/..',
  'http://localhost:8080/callback/../evil',
  'http://localhost:8080/callback..;/',
  'http://localhost:8080/callback;a=b',
  'http://localhost:8080/%63allback',
  'http://localhost:8080/callback%2f',
  'http://localhost:8080/callback%2e%2e',
  'http://localhost:8080/Callback',
  'http://localhost:8080/callback?a=b',
  'http://localhost:8080/callback?code=stolen&state=x',
  'http://localhost:8080/callback#fragment',
  'http://localhost:8080/callback%23',
  'http://localhost:8080//callback',
  'http://localhost:8080\\callback',
  'http://localhost:8080/\\evil.example',
  'http://localhost:8080@evil.example/callback',
  'http://user:pass@localhost:8080/callback',
  'http://localhost.evil.example:8080/callback',
  'http://localhost.:8080/callback',
  'http://LOCALHOST.evil:8080/callback',
  'http://localhostxevil:8080/callback',
  'http://evil.example/http://localhost:8080/callback',
  'https://localhost:8080/callback',
  'http://[::1]:8080/callback',
  'http://0.0.0.0:8080/callback',
  'http://127.0.0.2:8080/callback',
  'http://2130706433:8080/callback',
  'http://localhost:8080/callback ',
  ' http://localhost:8080/callback',
  'http://localhost:8080/call\tback',
  'http://localhost:8080/callback\n',
  'http://localhost:8080/callback\0',
  'http://localhost:8080/callback%00',
  '//localhost:8080/callback',
  '/callback',
  'callback',
  'javascript:alert(1)',
  'data:text/html,x',
  'urn:ietf:wg:oauth:2.0:oob',
  '*',
  'null',
]

test.each(tricks)('the redirect URI %j is refused with a page, and nobody is redirected', async (redirect_uri) => {
  for (const client_id of ['frontend', 'third-party-app']) {
    const answer = await fetch(authorizationUrl(server.url, { ...PKCE, client_id, redirect_uri }), {
      redirect: 'manual',
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
    expect(await answer.text()).not.toMatch(/http-equiv="refresh"/i)
  }
})

test('no redirect URI, or two, is refused with a page', async () => {
  const none = authorizationUrl(server.url, { ...PKCE, redirect_uri: undefined, client_id: 'frontend' })
  const two = `${authorizationUrl(server.url, PKCE)}&redirect_uri=${encodeURIComponent('http://evil.example/')}`
  for (const address of [none, two]) {
    const answer = await fetch(address, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  }
})

test.each(['http://localhost:49152/callback', 'http://127.0.0.1:61000/callback', 'http://localhost/callback'])(
  'the storefront’s loopback redirect may come back on any port: %s (RFC 8252 §7.3)',
  async (redirect_uri) => {
    const { code, verifier, callback } = await obtainCode(server.url, { redirect_uri })
    expect(callback.href).toContain(redirect_uri)
    expect((await redeem(server.url, code, verifier, { redirect_uri })).status).toBe(200)
  },
)

test('the port of the request is the port of the redemption', async () => {
  const { code, verifier } = await obtainCode(server.url, { redirect_uri: 'http://localhost:49152/callback' })
  const other = await read(redeem(server.url, code, verifier, { redirect_uri: 'http://localhost:49153/callback' }))
  expect(other.body.error).toBe('invalid_grant')
})

test('an app that is no native one has no choice of ports', async () => {
  const address = authorizationUrl(server.url, {
    ...PKCE,
    client_id: 'third-party-app',
    redirect_uri: 'http://localhost:49152/callback',
  })
  expect((await createCookieJar().fetch(address)).status).toBe(400)
})

/** A native app of others that registered each loopback address, and https. */
describe('the redirects of a native app', () => {
  const REGISTERED = [
    'http://127.0.0.1/callback',
    'http://[::1]/callback',
    'http://localhost/callback',
    'https://app.example/callback',
  ]
  const NATIVE = { client_id: 'native-app', resource: undefined, scope: 'openid' }
  beforeAll(async () => {
    const metadata = {
      client_id: 'native-app',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: REGISTERED,
      resource_scopes: [],
    }
    const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
    expect(made.status).toBe(201)
  })

  // localhost as well: browsers and agents register it, and it is no less on this machine (RFC 8252 §8.3 prefers the addresses).
  test.each(['http://127.0.0.1:51004/callback', 'http://[::1]:51004/callback', 'http://localhost:51004/callback'])(
    'come back on any port of loopback, and the code is redeemed with that very address: %s',
    async (redirect_uri) => {
      for (const other of [redirect_uri.replace('51004', '51005'), redirect_uri.replace(':51004', '')]) {
        const { code, verifier } = await obtainCode(server.url, { ...NATIVE, redirect_uri })
        const answer = await read(redeem(server.url, code, verifier, { client_id: 'native-app', redirect_uri: other }))
        expect([other, answer.status, answer.body.error]).toEqual([other, 400, 'invalid_grant'])
      }
      const { code, verifier } = await obtainCode(server.url, { ...NATIVE, redirect_uri })
      expect((await redeem(server.url, code, verifier, { client_id: 'native-app', redirect_uri })).status).toBe(200)
    },
  )

  test.each([
    'http://127.0.0.1:51004/other',
    'http://127.0.0.1:51004/callback/',
    'http://127.0.0.1:51004/callback?x=1',
    'http://127.0.0.1:51004/',
    'http://127.0.0.2:51004/callback',
    'http://[::2]:51004/callback',
    'http://localhost.example:51004/callback',
    'https://127.0.0.1:51004/callback',
    'https://app.example:8443/callback',
    'https://app.example:443/callback',
    'http://app.example/callback',
    'http://127.0.0.1:51004@evil.example/callback',
    'http://127.1:51004/callback',
  ])('are nowhere else: %s', async (redirect_uri) => {
    const address = authorizationUrl(server.url, { ...PKCE, ...NATIVE, redirect_uri })
    const answer = await fetch(address, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, pkce, read, redeem, signIn, sonia, submit, thirdParty } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const request = (fields: Record<string, string | undefined> = {}) => ({
  ...Object.fromEntries(new URL(authorizationUrl(server.url, { client_id: 'third-party-app' })).searchParams),
  code_challenge: pkce().challenge,
  code_challenge_method: 'S256',
  ...fields,
})
const push = (fields: Record<string, string | undefined> = {}, headers: Record<string, string> = thirdParty) =>
  read(postForm(`${server.url}/par`, request(fields), headers))
const open = (request_uri: string, client_id = 'third-party-app') =>
  `${server.url}/authorize?${new URLSearchParams({ client_id, request_uri })}`

test('a pushed request is named by an address, opened by it, and ends in a code (RFC 9126)', async () => {
  const { verifier, challenge } = pkce()
  const { status, body } = await push({ code_challenge: challenge })
  expect(status).toBe(201)
  expect(body).toEqual({
    request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:/),
    expires_in: expect.any(Number),
  })
  const jar = createCookieJar()
  const login = await jar.follow(await jar.fetch(open(body.request_uri)), { stopAt: CALLBACK })
  const consent = await signIn(jar, login, sonia)
  const { url } = await submit(jar, consent, { decision: 'allow' })
  const callback = new URL(url).searchParams
  expect(callback.get('state')).toBe('some-state')
  const redeemed = await redeem(server.url, callback.get('code') ?? '', verifier, {}, thirdParty)
  expect(redeemed.status).toBe(200)
})

test('it can be opened by its client only', async () => {
  const { body } = await push()
  const answer = await fetch(open(body.request_uri, 'frontend'), { redirect: 'manual' })
  expect(answer.status).toBe(400)
})

test('parameters beside it change nothing', async () => {
  const { body } = await push()
  const answer = await fetch(`${open(body.request_uri)}&redirect_uri=https://evil.example/`, { redirect: 'manual' })
  expect(answer.headers.get('location') ?? '').not.toContain('evil.example')
})

test.each<[string, number, string, Record<string, string | undefined>, Record<string, string>?]>([
  ['without the secret', 401, 'invalid_client', {}, {}],
  ['with a foreign redirect URI', 400, 'invalid_request', { redirect_uri: 'https://evil.example/' }],
  [
    'without PKCE by a public client',
    400,
    'invalid_request',
    { client_id: 'frontend', code_challenge: undefined, code_challenge_method: undefined },
    {},
  ],
  ['for another client', 400, 'invalid_request', { client_id: 'frontend' }],
  ['with a request URI', 400, 'request_uri_not_supported', { request_uri: 'urn:x' }],
  ['for an unknown service', 400, 'invalid_target', { resource: 'urn:nobody' }],
])('a request pushed %s is refused with %i %s', async (_, status, error, fields, headers = thirdParty) => {
  const answer = await push(fields, headers)
  expect([answer.status, answer.body.error]).toEqual([status, error])
})

test.each(['urn:ietf:params:oauth:request_uri:nonsense', 'https://evil.example/r', 'urn:x', '\0'])(
  'an address that was never given out opens nothing: %j',
  async (request_uri) => {
    const answer = await fetch(open(request_uri), { redirect: 'manual' })
    const location = new URL(answer.headers.get('location') ?? '', server.url)
    expect(location.href.startsWith(CALLBACK)).toBe(true)
    expect(location.searchParams.get('error')).toMatch(/^(request_uri_not_supported|invalid_request_uri)$/)
  },
)

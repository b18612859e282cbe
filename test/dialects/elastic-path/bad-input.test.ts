import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { implicitToken } from './endpoints.ts'

let server: TestServer
let bearer: string

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path' })
  bearer = await implicitToken(server.url)
})
afterAll(() => server.stop())

const ENDPOINTS = [
  '/oauth/access_token',
  '/v2/customers/tokens',
  '/v2/account-members/tokens',
  '/v2/customers/x',
  '/v2/authentication-realms/%zz/password-profiles/%00/one-time-password-token-request',
  '/v2/settings/account-authentication',
  '/v2/unknown',
]
const BODIES = [
  '',
  '{',
  'null',
  '"data"',
  '{"data":null}',
  '{"data":[1]}',
  '{"__proto__":{"data":{"type":"token"}}}',
  '{"data":{"__proto__":{"email":"a","password":"b"},"type":"token"}}',
  '{"data":{"type":"token","email":{"a":1},"password":["b"]}}',
  '{"data":{"type":"token","email":"a\\u0000b","password":"c\\u0000d"}}',
  '{"data":{"type":"token","authentication_mechanism":{"a":1}}}',
  '{"data":{"type":"token","authentication_mechanism":"oidc","oauth_authorization_code":"a\\u0000","oauth_redirect_uri":"javascript:1","oauth_code_verifier":"x"}}',
  '{"data":{"type":"account_management_authentication_token","authentication_mechanism":"passwordless","password_profile_id":"x","username":"a\\u0000","one_time_password_token":"\\ud800"}}',
  `{"data":${'['.repeat(20_000)}`,
  'grant_type=implicit&client_id=%00',
  'grant_type=client_credentials&client_id=third-party-app&client_secret=%00%ff',
  'x'.repeat(1024 * 1024),
]

test.each(ENDPOINTS)('%s answers every bad body with errors that repeat the status', async (path) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    for (const body of BODIES) {
      for (const type of ['application/json', 'text/plain', '']) {
        const headers = { 'content-type': type, authorization: `Bearer ${bearer}` }
        const answer = await fetch(`${server.url}${path}`, { method, body, headers })
        const text = await answer.text()
        const said = `${method} ${path} ${body.slice(0, 60)} → ${answer.status} ${text.slice(0, 80)}`
        expect(answer.status, said).toBeGreaterThanOrEqual(400)
        expect(answer.status, said).toBeLessThan(500)
        const { errors } = JSON.parse(text) as { errors: { status: unknown }[] }
        expect(String(errors[0]?.status), said).toBe(String(answer.status))
      }
    }
  }
})

test.each(['Bearer', 'Bearer  ', ': x', `Bearer ${'x'.repeat(10_000)}`, 'Bearer a b', 'Bearer ..', 'Bearer a.b.c'])(
  'the header "%s" is no bearer',
  async (authorization) => {
    const answer = await fetch(`${server.url}/v2/customers/tokens`, {
      method: 'POST',
      body: '{"data":{}}',
      headers: { authorization },
    })
    expect(answer.status).toBe(401)
  },
)

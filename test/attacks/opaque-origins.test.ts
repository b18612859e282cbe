import { afterAll, beforeAll, expect, test } from 'vitest'
import { read, requestTokens, tokensOf, userinfo } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
const app = { client_id: 'phone-app' }

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN, DIALECTS: 'spryker' })
  const metadata = {
    ...app,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    first_party: true,
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    redirect_uris: ['com.example.shop:/callback'],
  }
  expect((await askAdmin(server, 'POST', '/v1/clients', { metadata })).status).toBe(201)
})
afterAll(() => server?.stop())

const FRAME = { origin: 'null' }
const shared = (headers: Headers) => headers.get('access-control-allow-origin')

test('a sandboxed frame of another site is no app with a scheme of its own: it gets no tokens', async () => {
  const { status, headers, body } = await read(requestTokens(server.url, app, FRAME))
  expect([status, shared(headers), body.access_token]).toEqual([400, null, undefined])
  const refused = await read(requestTokens(server.url, { ...app, password: 'wrong' }, FRAME))
  expect([refused.status, shared(refused.headers), refused.body]).toEqual([400, null, body])
})

test('a sandboxed frame of another site does not read what userinfo says to such an app', async () => {
  const { access_token } = await tokensOf(server.url, { ...app, scope: 'openid email' })
  const answer = await fetch(`${server.url}/userinfo`, {
    headers: { ...FRAME, authorization: `Bearer ${access_token}` },
  })
  expect(shared(answer.headers)).toBeNull()
  expect((await userinfo(server.url, access_token)).status).toBe(200)
})

test('the app itself, which sends no origin, gets tokens', async () => {
  const answer = await read(
    postForm(`${server.url}/token`, {
      grant_type: 'password',
      ...app,
      username: 'sonia@spryker.com',
      password: 'change123',
    }),
  )
  expect(answer.status).toBe(200)
})

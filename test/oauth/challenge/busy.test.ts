import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask as askAdmin, OWNER } from '../../admin/administrators.ts'
import { CALLBACK, pkce, read } from '../../endpoints/client.ts'
import { postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { APP, PATH } from './app.ts'

let shop: Server
let server: TestServer
beforeAll(async () => {
  shop = createServer((request, response) => {
    request.resume()
    response.statusCode = 503
    response.end()
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const SHOP_DIRECTORY_URL = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
  server = await startTestServer({ ADMIN_TOKEN: OWNER, AUTHORIZATION_CHALLENGE: 'on', SHOP_DIRECTORY_URL })
  const metadata = {
    client_id: APP,
    first_party: true,
    authorization_challenge: true,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
  }
  expect((await askAdmin(server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
})
afterAll(async () => {
  await server?.stop()
  shop?.closeAllConnections()
  await new Promise((resolve) => shop.close(resolve))
})

test('a password that cannot be checked now is answered 503 with Retry-After, and the sign-in is as it was', async () => {
  const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const first = await read(postForm(server.url + PATH, { client_id: APP, response_type: 'code', ...challenge }))
  const auth_session = first.body.auth_session as string
  for (let tries = 0; tries < 2; tries++) {
    const login = { username: 'buyer@shop.example', password: 'a password' }
    const { status, body, headers } = await read(postForm(server.url + PATH, { auth_session, ...login }))
    expect([status, body.error]).toEqual([503, 'temporarily_unavailable'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(body.auth_session).toBeUndefined()
  }
  expect((await read(postForm(server.url + PATH, { auth_session }))).status).toBe(403)
})

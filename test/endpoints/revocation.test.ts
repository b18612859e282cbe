import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { introspect, read, refresh, revoke, thirdParty, tokensOf, userinfo } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const isActive = async (token: string) => (await introspect(server.url, token)).active

test('the answer is 200 with an empty body and no Content-Type: some clients refuse any other', async () => {
  const { refresh_token } = await tokensOf(server.url)
  const answer = await revoke(server.url, refresh_token)
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe('')
  expect(answer.headers.get('content-type')).toBeNull()
})

describe('a revoked JWT access token', () => {
  test('is dead at introspection and userinfo at once, and alone', async () => {
    const tokens = await tokensOf(server.url, { scope: 'openid email' })
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200)
    await revoke(server.url, tokens.access_token)
    expect(await isActive(tokens.access_token)).toBe(false)
    const { status, headers, body } = await read(userinfo(server.url, tokens.access_token))
    expect([status, body.error]).toEqual([401, 'invalid_token'])
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect((await refresh(server.url, tokens.refresh_token)).status).toBe(200)
  })

  test('leaves the customer’s other sign-ins alone', async () => {
    const [first, second] = [await tokensOf(server.url), await tokensOf(server.url)]
    await revoke(server.url, first.access_token)
    expect(await isActive(second.access_token)).toBe(true)
  })
})

test('a revoked opaque access token is dead at introspection', async () => {
  const { access_token } = await tokensOf(server.url, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })
  await revoke(server.url, access_token)
  expect(await isActive(access_token)).toBe(false)
})

describe('a revoked refresh token', () => {
  test('is refused, and every access token of its grant is dead', async () => {
    const first = await tokensOf(server.url)
    const { body: second } = await read(refresh(server.url, first.refresh_token))
    await revoke(server.url, second.refresh_token)
    expect((await read(refresh(server.url, second.refresh_token))).body.error).toBe('invalid_grant')
    expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([false, false])
  })

  test('is not brought back by a retry of the refresh that made it', async () => {
    const first = await tokensOf(server.url)
    const { body: second } = await read(refresh(server.url, first.refresh_token))
    await revoke(server.url, second.refresh_token)
    expect((await read(refresh(server.url, first.refresh_token))).body.error).toBe('invalid_grant')
  })

  test('is found whatever the hint says', async () => {
    const tokens = await tokensOf(server.url)
    await revoke(server.url, tokens.refresh_token, { client_id: 'frontend', token_type_hint: 'access_token' })
    expect((await refresh(server.url, tokens.refresh_token)).status).toBe(400)
  })
})

test('another client’s revocation is answered alike and has no effect', async () => {
  const tokens = await tokensOf(server.url)
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    const answer = await revoke(server.url, token, {}, thirdParty)
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  }
  expect(await isActive(tokens.access_token)).toBe(true)
  expect((await refresh(server.url, tokens.refresh_token)).status).toBe(200)
})

test('revoking twice, or what never was a token, is no error (RFC 7009 §2.2)', async () => {
  const { refresh_token, access_token } = await tokensOf(server.url)
  for (const token of [refresh_token, refresh_token, access_token, access_token, 'garbage', 'a.b.c', '\0', '🛒']) {
    expect((await revoke(server.url, token)).status).toBe(200)
  }
})

test('a client that does not authenticate revokes nothing', async () => {
  const { access_token } = await tokensOf(server.url, {}, thirdParty)
  const without = await read(revoke(server.url, access_token, { client_id: 'third-party-app' }))
  expect([without.status, without.body.error]).toEqual([401, 'invalid_client'])
  const wrong = await read(revoke(server.url, access_token, {}, basicAuth('third-party-app', 'wrong')))
  expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
  expect((await introspect(server.url, access_token, thirdParty)).active).toBe(true)
})

test('a request without a token or with two is refused', async () => {
  const none = await read(postForm(`${server.url}/revoke`, { client_id: 'frontend' }))
  expect([none.status, none.body.error]).toEqual([400, 'invalid_request'])
  const body = 'client_id=frontend&token=a&token=b'
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const two = await read(fetch(`${server.url}/revoke`, { method: 'POST', body, headers }))
  expect([two.status, two.body.error]).toEqual([400, 'invalid_request'])
})

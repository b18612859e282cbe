import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, read, refresh, thirdParty, tokensOf } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { isEmbedded: true })
})
afterAll(() => server?.stop())

test('a refresh gives a new pair for the same grant, customer and scope', async () => {
  const first = await tokensOf(server.url, { scope: 'openid email customer' })
  const { status, headers, body } = await read(refresh(server.url, first.refresh_token))
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toContain('no-store')
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 28_800, id_token: expect.any(String) })
  expect(body.refresh_token).not.toBe(first.refresh_token)
  const [before, after] = [decode(first.access_token).payload, decode(body.access_token).payload]
  expect(after).toEqual({ ...before, jti: after.jti, iat: after.iat, exp: after.exp })
  expect(after.jti).not.toBe(before.jti)
})

test('a refresh token is short enough for an address', async () => {
  expect((await tokensOf(server.url)).refresh_token.length).toBeLessThan(200)
})

test('a chain of refreshes goes on and on', async () => {
  let { refresh_token: token } = await tokensOf(server.url)
  for (let count = 0; count < 5; count++) {
    const { status, body } = await read(refresh(server.url, token))
    expect(status).toBe(200)
    token = body.refresh_token
  }
})

test('fewer scopes can be asked for, more cannot', async () => {
  const { refresh_token } = await tokensOf(server.url, { scope: 'customer orders:read' })
  const wider = await read(refresh(server.url, refresh_token, { scope: 'customer orders:write' }))
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
  const narrower = await read(refresh(server.url, refresh_token, { scope: 'orders:read' }))
  expect([narrower.status, narrower.body.scope]).toEqual([200, 'orders:read'])
})

test('it cannot be turned into a token for a service that was not granted', async () => {
  const { refresh_token } = await tokensOf(server.url)
  const { status, body } = await read(refresh(server.url, refresh_token, { resource: 'urn:vestibule:warehouse' }))
  expect([status, body.error]).toEqual([400, 'invalid_target'])
})

describe('a token that was used already', () => {
  test('gives the same answer again to an immediate retry, so that a lost answer signs nobody out', async () => {
    const { refresh_token } = await tokensOf(server.url)
    const first = await read(refresh(server.url, refresh_token))
    const retry = await read(refresh(server.url, refresh_token))
    expect([retry.status, retry.body]).toEqual([200, first.body])
  })

  test('gives twins that come at once one and the same answer', async () => {
    const { refresh_token } = await tokensOf(server.url)
    const twins = await Promise.all(Array.from({ length: 8 }, () => read(refresh(server.url, refresh_token))))
    expect(new Set(twins.map(({ text }) => text)).size).toBe(1)
    expect(twins[0]?.status).toBe(200)
  })

  test('is theft when its successor was used too: the grant and everything under it is dead', async () => {
    const { refresh_token: stolen } = await tokensOf(server.url)
    const { body: second } = await read(refresh(server.url, stolen))
    const { body: third } = await read(refresh(server.url, second.refresh_token))
    expect((await introspect(server.url, third.access_token)).active).toBe(true)

    const replay = await read(refresh(server.url, stolen))
    expect([replay.status, replay.body.error]).toEqual([400, 'invalid_grant'])
    for (const token of [second.access_token, third.access_token]) {
      expect(await introspect(server.url, token)).toEqual({ active: false })
    }
    expect((await read(refresh(server.url, third.refresh_token))).body.error).toBe('invalid_grant')
  })
})

describe('somebody else’s refresh token', () => {
  test('is refused, and its owner goes on', async () => {
    const { refresh_token } = await tokensOf(server.url)
    const foreign = await read(refresh(server.url, refresh_token, {}, thirdParty))
    expect([foreign.status, foreign.body.error]).toEqual([400, 'invalid_grant'])
    expect((await refresh(server.url, refresh_token)).status).toBe(200)
  })

  test('of a confidential client is worth nothing without the secret', async () => {
    const { refresh_token } = await tokensOf(server.url, {}, thirdParty)
    const fields = { client_id: 'third-party-app' }
    expect((await read(refresh(server.url, refresh_token, fields))).body.error).toBe('invalid_client')
    const wrong = basicAuth('third-party-app', 'wrong')
    expect((await read(refresh(server.url, refresh_token, {}, wrong))).body.error).toBe('invalid_client')
    expect((await refresh(server.url, refresh_token, {}, thirdParty)).status).toBe(200)
  })
})

test.each<[string, string, (token: string, accessToken: string) => Record<string, string>]>([
  ['garbage', 'invalid_grant', () => ({ refresh_token: 'garbage' })],
  ['an access token', 'invalid_grant', (_, accessToken) => ({ refresh_token: accessToken })],
  ['a changed character', 'invalid_grant', (token) => ({ refresh_token: token.replace(/.$/, '9') })],
  ['a NUL appended', 'invalid_grant', (token) => ({ refresh_token: `${token}\0` })],
  ['nothing', 'invalid_request', () => ({ refresh_token: '' })],
])('a refresh with %s is refused with %s', async (_, error, fields) => {
  const tokens = await tokensOf(server.url)
  const all = {
    grant_type: 'refresh_token',
    client_id: 'frontend',
    ...fields(tokens.refresh_token, tokens.access_token),
  }
  const { status, body } = await read(postForm(`${server.url}/token`, all))
  expect([status, body.error]).toEqual([400, error])
  expect((await refresh(server.url, tokens.refresh_token)).status).toBe(200)
})

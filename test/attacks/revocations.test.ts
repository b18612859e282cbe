import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  introspect,
  ordersService,
  read,
  requestTokens,
  revoke,
  sonia,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { newestCursor, readPage } from '../endpoints/feed-reader.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const RESOURCE = 'urn:test:listed'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  const settings = { identifier: RESOURCE, scopes: [], format: 'jwt', status_list: true, token_typ: 'JWT' }
  await ask(server, OWNER, 'POST', '/v1/resource-servers', settings)
})
afterAll(() => server?.stop())

test('nothing that we sign for others is a token anywhere: pages, lists, answers of introspection', async () => {
  const { access_token } = await tokensOf(server.url, { resource: RESOURCE })
  await revoke(server.url, access_token)
  const claims = JSON.parse(Buffer.from(String(access_token.split('.')[1]), 'base64url').toString())
  const signed = { ...ordersService, accept: 'application/token-introspection+jwt' }
  const documents = await Promise.all([
    fetch(`${server.url}/revocations`).then((answer) => answer.text()),
    fetch(claims.status.status_list.uri).then((answer) => answer.text()),
    postForm(`${server.url}/introspect`, { token: access_token }, signed).then((answer) => answer.text()),
  ])
  for (const document of documents) {
    expect(document.split('.')).toHaveLength(3)
    expect(await introspect(server.url, document)).toEqual({ active: false })
    expect((await userinfo(server.url, document)).status).toBe(401)
    const exchange = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: document,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      username: undefined,
      password: undefined,
    }
    expect((await read(requestTokens(server.url, exchange, ordersService))).status).toBe(400)
    // Revoking it is answered as for an unknown token, and ends nothing.
    const before = await newestCursor(server.url)
    expect((await revoke(server.url, document)).status).toBe(200)
    expect(await newestCursor(server.url)).toBe(before)
  }
})

test('an ID token is none at a resource server whose tokens have the same type', async () => {
  const { id_token } = await tokensOf(server.url, { scope: 'openid' })
  expect(await introspect(server.url, id_token)).toEqual({ active: false })
})

test('a stranger who reads the feed learns no name, login or address of anybody', async () => {
  await ask(server, OWNER, 'POST', '/v1/sign-outs', { of: 'everybody' })
  const { access_token, refresh_token } = await tokensOf(server.url)
  await revoke(server.url, access_token)
  await revoke(server.url, refresh_token)
  const { entries } = await readPage(server.url)
  expect(entries.length).toBeGreaterThan(2)
  for (const [, kind, value] of entries) expect([kind, value]).toEqual([kind, expect.stringMatching(/^[\w:*-]{1,64}$/)])
  expect(JSON.stringify(entries)).not.toContain(sonia.username)
})

test('one address cannot take all places of those who wait', async () => {
  const cursor = await newestCursor(server.url)
  const gone = new AbortController()
  const url = `${server.url}/revocations?after=${cursor}&wait=30`
  const waiting = Array.from({ length: 60 }, () =>
    fetch(url, { signal: gone.signal }).then(
      ({ status }) => status,
      () => 0,
    ),
  )
  const settled: number[] = []
  for (const each of waiting) void each.then((status) => settled.push(status))
  await waitFor(() => settled.length >= 10, { what: 'the refusal of those beyond the limit' })
  expect(settled).toEqual(Array.from({ length: 10 }, () => 429))
  const refused = await fetch(url)
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 10])
  // Polls are answered all the while, and a place that is left is free again.
  expect((await readPage(server.url, `?after=${cursor}`)).entries).toEqual([])
  gone.abort()
  await Promise.all(waiting)
  await waitFor(async () => (await fetch(`${server.url}/revocations?after=${cursor}&wait=1`)).status === 200, {
    what: 'a place to wait',
  })
})

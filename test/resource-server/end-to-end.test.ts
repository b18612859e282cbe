import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createResourceServer, type ResourceServerOptions } from '../../packages/resource-server/src/index.ts'
import { decode, RON_ID, revoke, ron, tokensOf } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const AUDIENCE = 'urn:vestibule:commerce'
const LISTED = 'urn:example:listed'
const CLIENT = { clientId: 'orders-service', clientSecret: 'orders-service-secret' }

let server: TestServer
const closes: (() => void)[] = []

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN, REVOCATION_FEED_TTL_SECONDS: '1', STATUS_LIST_TTL_SECONDS: '1' })
  const listed = { identifier: LISTED, scopes: ['orders:read'], format: 'jwt', algorithm: 'ES256', status_list: true }
  expect((await askAdmin(server, 'POST', '/v1/resource-servers', listed)).status).toBe(201)
})
afterEach(() => {
  for (const close of closes.splice(0)) close()
})
afterAll(() => server?.stop())

function serve(options: Partial<ResourceServerOptions> = {}) {
  const resourceServer = createResourceServer({ issuer: server.url, audience: AUDIENCE, onEvent() {}, ...options })
  closes.push(() => resourceServer.close())
  return async (token: string, method = 'GET') => {
    const request = new Request('http://orders.test/', { method, headers: { authorization: `Bearer ${token}` } })
    const admission = await resourceServer.admit(request)
    return admission.isAdmitted ? '200' : `${admission.answer.status} ${admission.refused.code}`
  }
}

const block = (id: string, isBlocked: boolean) =>
  askAdmin(server, 'POST', `/v1/customers/${id}/${isBlocked ? 'block' : 'unblock'}`, {})

describe('a service that follows the feed refuses a token', () => {
  test.each<[string, (tokens: Awaited<ReturnType<typeof tokensOf>>) => Promise<unknown>]>([
    ['that was revoked', ({ access_token }) => revoke(server.url, access_token)],
    ['whose refresh token was revoked', ({ refresh_token }) => revoke(server.url, refresh_token)],
    [
      'of a customer who was blocked',
      async () => {
        expect((await block(RON_ID, true)).status).toBeLessThan(300)
        expect((await block(RON_ID, false)).status).toBeLessThan(300)
      },
    ],
  ])('%s, and takes the others', async (_what, end) => {
    const ask = serve()
    const tokens = await tokensOf(server.url, { ...ron, scope: 'customer orders:read' })
    const other = (await tokensOf(server.url, { scope: 'customer' })).access_token
    expect([await ask(tokens.access_token), await ask(other)]).toEqual(['200', '200'])
    await end(tokens)
    await waitFor(async () => (await ask(tokens.access_token)) === '401 invalid_token', { what: 'the feed' })
    expect(await ask(other)).toBe('200')
  })
})

test('a token of the second of the ending is refused, and one of a later second is taken', async () => {
  const ask = serve()
  const before = (await tokensOf(server.url, { ...ron, scope: 'customer' })).access_token
  expect(await ask(before)).toBe('200')
  await block(RON_ID, true)
  await block(RON_ID, false)
  await waitFor(async () => (await ask(before)) === '401 invalid_token', { what: 'the feed' })
  const { iat } = decode(before).payload as { iat: number }
  const later = await waitFor(
    async () => {
      const { access_token } = await tokensOf(server.url, { ...ron, scope: 'customer' })
      return Number(decode(access_token).payload.iat) > iat + 1 && (await ask(access_token)) === '200' && access_token
    },
    { what: 'a token of a later second to be taken' },
  )
  expect(await ask(later)).toBe('200')
})

test('a service that starts later learns of what ended before', async () => {
  const { access_token } = await tokensOf(server.url, { scope: 'customer' })
  await revoke(server.url, access_token)
  expect(await serve()(access_token)).toBe('401 invalid_token')
})

test('with waitSeconds the revocation of one service is known without a poll', async () => {
  const ask = serve({ revocations: { waitSeconds: 20 } })
  const { access_token } = await tokensOf(server.url, { scope: 'customer' })
  expect(await ask(access_token)).toBe('200')
  await revoke(server.url, access_token)
  await waitFor(async () => (await ask(access_token)) === '401 invalid_token', { what: 'the held answer' })
})

test('a service that knows status lists alone refuses a token that was revoked', async () => {
  const ask = serve({ audience: LISTED, revocations: false, statusLists: true, whenUnreachable: 'closed' })
  const { access_token } = await tokensOf(server.url, { resource: LISTED, scope: 'orders:read' })
  expect(decode(access_token).payload.status).toBeDefined()
  expect(await ask(access_token)).toBe('200')
  await revoke(server.url, access_token)
  await waitFor(async () => (await ask(access_token)) === '401 invalid_token', { what: 'the list' })
})

test('an opaque token is asked about', async () => {
  const ask = serve({ audience: 'urn:vestibule:warehouse', introspection: { ...CLIENT, cacheSeconds: 0 } })
  const { access_token } = await tokensOf(server.url, { resource: 'urn:vestibule:warehouse' })
  expect(await ask(access_token)).toBe('200')
  await revoke(server.url, access_token)
  expect(await ask(access_token)).toBe('401 invalid_token')
})

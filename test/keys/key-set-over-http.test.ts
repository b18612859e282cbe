import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { KeyListing } from '../../src/keys/ring/key-listing.ts'
import { decode, introspect, ordersService, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ADMIN_TOKEN, askAdmin } from './server-nodes.ts'

type Changes = { readonly changes: readonly { readonly kid: string }[] }

describe('the key set over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN })
  })
  afterAll(() => server?.stop())

  const fetchKeys = (headers: Record<string, string> = {}) => fetch(`${server.url}/jwks`, { headers })
  const listed = async () => (await askAdmin<{ items: KeyListing[] }>(server, 'GET', '/v1/keys')).body.items

  test('asking again with the ETag is answered 304 without a body, until keys have changed', async () => {
    const etag = String((await fetchKeys()).headers.get('etag'))
    const again = await fetchKeys({ 'if-none-match': etag })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])

    await askAdmin(server, 'POST', '/v1/keys', { algorithm: 'ES256' })
    const changed = await fetchKeys({ 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  test('a copy may be kept for the cache time while no change is near', async () => {
    expect((await fetchKeys()).headers.get('cache-control')).toBe('public, max-age=300')
  })

  test('it is noted who fetched from where, which key signed, and which keys the tokens bear that arrive', async () => {
    await fetchKeys({ 'user-agent': 'orders-service/2' })
    const { changes } = (await askAdmin<Changes>(server, 'POST', '/v1/keys', { algorithm: 'RS256' })).body
    const { access_token } = await tokensOf(server.url, { grant_type: 'client_credentials' }, ordersService)
    const signer = async () => (await listed()).find(({ kid }) => kid === decode(access_token).header.kid)
    expect(await signer()).toMatchObject({ lastSignedAt: expect.any(Number) })
    expect(await signer()).not.toHaveProperty('lastSeenAt')
    await introspect(server.url, access_token)
    expect(await signer()).toMatchObject({ lastSeenAt: expect.any(Number) })

    const newest = (await listed()).find(({ kid }) => kid === changes[0]?.kid)
    expect(newest?.verifiersBehind).toContainEqual({
      verifier: 'orders-service/2',
      address: expect.stringMatching(/127\.0\.0\.1$|^::1$/),
      lastFetchedAt: expect.any(Number),
    })
  })
})

test('the nearer a change of keys, the shorter a copy may be kept', async () => {
  const server = await startTestServer({ ADMIN_TOKEN, KEY_ROTATION_SECONDS: '10000', KEY_PROPAGATION_SECONDS: '60' })
  onTestFinished(() => server.stop())
  const { items: keys } = (await askAdmin<{ items: KeyListing[] }>(server, 'GET', '/v1/keys')).body
  const changeAt = Math.min(...keys.filter(({ state }) => state === 'active').map(({ since }) => since)) + 10_000
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  for (const [secondsBefore, kept] of [
    [400, 300],
    [100, 100],
    [3, 10],
  ] as const) {
    vi.setSystemTime((changeAt - secondsBefore) * 1000)
    expect((await fetch(`${server.url}/jwks`)).headers.get('cache-control')).toBe(`public, max-age=${kept}`)
  }
})

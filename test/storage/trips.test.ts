import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  introspect,
  obtainCode,
  ordersService,
  redeem,
  refresh,
  requestTokens,
  thirdParty,
  tokensOf,
} from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { type SlowProxy, startSlowProxy } from './slow-proxy.ts'

/** Far above what lies between two commands that do not wait for each other: they are then one trip. */
const TRIP_MS = 100
const TRIES = 4

describeOn('redis', 'sequential trips to storage', () => {
  let redis: RedisServer
  let proxy: SlowProxy
  let server: TestServer
  beforeAll(async () => {
    redis = await startRedis()
    proxy = await startSlowProxy(redis.port)
    const DATABASE_URL = await createDatabase({ demo: true })
    server = await startTestServer({ DATABASE_URL, REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
  })
  afterAll(async () => {
    await server?.stop()
    await proxy?.stop()
    await redis?.stop()
  })

  /** The fewest of a few tries: now and then a request waits for something else that is on the connection. */
  async function tripsOf(prepare: () => Promise<() => Promise<Response>>): Promise<number> {
    const trips: number[] = []
    for (let count = 0; count < TRIES; count++) {
      const send = await prepare()
      proxy.delay(TRIP_MS)
      const counter = proxy.countTrips()
      const answer = await send()
      trips.push(counter.answered())
      proxy.delay(0)
      expect(answer.status).toBe(200)
      await answer.arrayBuffer()
    }
    return Math.min(...trips)
  }
  const now = (send: () => Promise<Response>) => async () => send
  const ask = (token: string) =>
    fetch(`${server.url}/introspect`, { method: 'POST', headers: ordersService, body: new URLSearchParams({ token }) })
  const warehouse = { resource: 'urn:vestibule:warehouse', scope: 'stock:read' }

  test('client credentials with a JWT take none', async () => {
    const fields = { grant_type: 'client_credentials', username: undefined, password: undefined, scope: 'orders:read' }
    await tokensOf(server.url, fields, thirdParty)
    expect(await tripsOf(now(() => requestTokens(server.url, fields, thirdParty)))).toBe(0)
  })

  test('a password grant takes at most two', async () => {
    await tokensOf(server.url)
    expect(await tripsOf(now(() => requestTokens(server.url)))).toBeLessThanOrEqual(2)
  })

  test('a refresh with rotation takes at most three', async () => {
    const trips = await tripsOf(async () => {
      const { refresh_token } = await tokensOf(server.url)
      return () => refresh(server.url, refresh_token)
    })
    expect(trips).toBeLessThanOrEqual(3)
  })

  test('introspection of a JWT takes at most one', async () => {
    const { access_token } = await tokensOf(server.url)
    await introspect(server.url, access_token)
    expect(await tripsOf(now(() => ask(access_token)))).toBeLessThanOrEqual(1)
  })

  test('introspection of an opaque token takes at most two', async () => {
    const { access_token } = await tokensOf(server.url, warehouse)
    await introspect(server.url, access_token)
    expect(await tripsOf(now(() => ask(access_token)))).toBeLessThanOrEqual(2)
  })

  test('a code exchange takes at most four', async () => {
    const trips = await tripsOf(async () => {
      const { code, verifier } = await obtainCode(server.url)
      return () => redeem(server.url, code, verifier)
    })
    expect(trips).toBeLessThanOrEqual(4)
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

async function ask(address: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(address)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describeOn('redis', 'a node that loses its storage', () => {
  let redis: RedisServer
  let server: TestServer
  beforeAll(async () => {
    redis = await startRedis()
    server = await startTestServer({ REDIS_URL: `${redis.url}/0` })
  })
  afterAll(async () => {
    await server?.stop()
    await redis?.stop()
  })

  const ready = (status: string, storage: string) => ({ status, checks: { database: 'up', storage } })

  test('is live and ready on both listeners while it can work', async () => {
    for (const url of [server.url, server.adminUrl]) {
      expect(await ask(`${url}/health/live`)).toEqual({ status: 200, body: { status: 'live' } })
      expect(await ask(`${url}/health/ready`)).toEqual({ status: 200, body: ready('ready', 'up') })
    }
  })

  test('stays live, so that nobody restarts it, and is unready, so that nobody sends it traffic, until it is back', async () => {
    redis.pause()
    for (const url of [server.url, server.adminUrl]) {
      expect(await ask(`${url}/health/live`)).toEqual({ status: 200, body: { status: 'live' } })
      expect(await ask(`${url}/health/ready`)).toEqual({ status: 503, body: ready('not ready', 'down') })
    }
    expect(await (await fetch(`${server.adminUrl}/metrics`)).text()).toContain('vestibule_ready 0')
    redis.resume()
    await waitFor(async () => (await ask(`${server.url}/health/ready`)).status === 200)
    expect(await (await fetch(`${server.adminUrl}/metrics`)).text()).toContain('vestibule_ready 1')
  })
})

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedisStorage } from '../../src/storage/redis.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { requestTokens } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

const MOST = 10_000
const KEY = 'LockoutBlock:listed'

describeOn('redis', 'a list in Redis', () => {
  let url: string
  let redis: Redis
  let storage: Storage
  beforeAll(async () => {
    url = await createRedisDatabase()
    redis = new Redis(url)
    storage = await openRedisStorage(url)
  })
  afterAll(async () => {
    await storage?.close()
    redis?.disconnect()
  })
  const listKeys = () => redis.keys(`*${KEY}`)

  test('is written by no sign-in that succeeds, and by none that fails before a lock begins', async () => {
    const settings = { REDIS_URL: url, DATABASE_URL: await createDatabase({ demo: true }), LOCKOUT_ATTEMPTS: '3' }
    const server = await startTestServer(settings)
    try {
      expect((await requestTokens(server.url)).status).toBe(200)
      for (const password of ['a', 'b']) await requestTokens(server.url, { password })
      expect(await listKeys()).toEqual([])
      await requestTokens(server.url, { username: 'nobody@example.com', password: 'a' })
      for (const password of ['b', 'c']) await requestTokens(server.url, { username: 'nobody@example.com', password })
      expect(await listKeys()).toHaveLength(1)
    } finally {
      await server.stop()
    }
  })

  test('keeps so many and no more, those that end last, and ends with the last of them', async () => {
    await redis.flushdb()
    const add = (count: number, ttlSeconds: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          storage.put('LockoutBlock', `${ttlSeconds}-${index}`, { index }, ttlSeconds),
        ),
      )
    await add(50, 60)
    for (let left = MOST; left > 0; left -= 500) await add(500, 600 + left)
    const [key = ''] = await listKeys()
    expect(await redis.zcard(key)).toBe(MOST)
    // The fifty that end first are those that had no room.
    expect(await redis.zcount(key, '-inf', Date.now() + 300_000)).toBe(0)
    const [, end] = await redis.zrange(key, '-1', '-1', 'WITHSCORES')
    expect(await redis.pexpiretime(key)).toBe(Number(end))
  })
})

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from './describe-on.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { createRedisDatabase } from './shared.ts'

describeOn('redis', 'the Redis of a run', () => {
  test('two databases on it do not see each other', async () => {
    const urls = await Promise.all([createRedisDatabase(), createRedisDatabase()])
    const [first, second] = urls.map((url) => new Redis(url)) as [Redis, Redis]
    await first.set('key', 'value')
    expect(await second.get('key')).toBeNull()
    first.disconnect()
    second.disconnect()
  })
})

describeOn('redis', 'a private Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ args: ['--maxmemory', '64mb'] })
  })
  afterAll(() => server?.stop())

  test('its settings are the ones asked for', async () => {
    expect(await server.command('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 * 1024)])
  })

  test('what was acknowledged survives kill -9 and a restart on the same port', async () => {
    await server.command('SET', 'kept', '42')
    await server.kill()
    await expect(server.command('PING')).rejects.toThrow()
    await server.restart()
    expect(await server.command('GET', 'kept')).toBe('42')
  })

  test('a paused server answers nobody, and goes on where it was when resumed', async () => {
    const redis = new Redis(server.url)
    await redis.ping()
    server.pause()
    const late = redis.incr('count')
    const impatient = new Redis(server.url, { commandTimeout: 200, maxRetriesPerRequest: 0 })
    impatient.on('error', () => {})
    await expect(impatient.ping()).rejects.toThrow('timed out')
    server.resume()
    expect(await late).toBe(1)
    redis.disconnect()
    impatient.disconnect()
  })
})

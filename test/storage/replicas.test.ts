import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedisStorage } from '../../src/storage/redis.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { describeOn } from '../support/describe-on.ts'
import { startReplica } from '../support/redis-sentinel.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { waitFor } from '../support/wait-for.ts'

const TTL = 60
const UNAVAILABLE = { status: 503, error_detail: expect.stringContaining('0 of 1 replicas have the write') }

describeOn('redis', 'a Redis with ?replicas=1', () => {
  let primary: RedisServer
  let replica: RedisServer
  let storage: Storage
  beforeAll(async () => {
    primary = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
    replica = await startReplica(primary)
    storage = await openRedisStorage(`${primary.url}?replicas=1`)
  })
  afterAll(async () => {
    await storage?.close()
    await replica?.stop()
    await primary?.stop()
  })

  test('what was written is on the replica when the write is acknowledged', async () => {
    for (let count = 0; count < 50; count++) {
      // A replica on a busy machine may be late, and the write is not acknowledged: then it is sent again.
      await waitFor(() => storage.put('Thing', `id-${count}`, { count }, TTL).then(() => true))
      expect(await replica.command('DBSIZE')).toBe(count + 1)
    }
    expect(await storage.consume('Thing', 'id-0')).toBe(true)
    await storage.remove('Thing', 'id-1')
    expect(await replica.command('DBSIZE')).toBe(49)
  })

  test('a write that no replica has is not acknowledged; reads go on, and writes with the replica', async () => {
    await storage.put('Thing', 'kept', { at: 1 }, TTL)
    replica.pause()
    await expect(storage.put('Thing', 'lonely', {}, TTL)).rejects.toMatchObject(UNAVAILABLE)
    await expect(storage.remove('Thing', 'kept')).rejects.toMatchObject(UNAVAILABLE)
    await expect(storage.putOnce('Thing', 'once', {}, TTL)).rejects.toMatchObject(UNAVAILABLE)
    expect(await storage.get('Thing', 'absent')).toBeUndefined()
    replica.resume()
    await waitFor(() => storage.put('Thing', 'again', {}, TTL).then(() => true), { what: 'the replica to be back' })
  })
})

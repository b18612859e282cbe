import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { introspect, read, refresh, revoke, thirdParty, tokensOf } from '../endpoints/client.ts'
import { type SlowProxy, startSlowProxy } from '../storage/slow-proxy.ts'
import { describeOn } from '../support/describe-on.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { openEndpoints } from './endpoints.ts'
import { expectOthersGoOn, expectRefused, expectReturn, expectUnavailable, testFailure } from './under-failure.ts'

/** What a snapshot must be older than to be told from a crash. */
const TOLERATED_MS = 5000

describeOn('redis', 'Redis fails', () => {
  let redis: RedisServer
  let proxy: SlowProxy
  let server: TestServer
  let url: string
  beforeAll(async () => {
    redis = await startRedis()
    proxy = await startSlowProxy(redis.port)
    const DATABASE_URL = await createDatabase({ demo: true })
    server = await startTestServer({ DATABASE_URL, REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
    url = server.url
  })
  afterAll(async () => {
    await server?.stop()
    await proxy?.stop()
    await redis?.stop()
  })

  testFailure('Redis killed, restarted', 'nothing acknowledged is lost', async (measuring) => {
    const held = await tokensOf(url)
    const endpoints = await openEndpoints(url, held)
    await redis.kill()
    await expectUnavailable(url, endpoints, measuring)
    await redis.restart()
    await expectReturn(url, measuring)
    expect((await introspect(url, held.access_token)).active).toBe(true)
    expect((await refresh(url, held.refresh_token)).status).toBe(200)
  })

  testFailure('Redis hangs', 'no endpoint waits for it', async (measuring) => {
    const held = await tokensOf(url)
    const endpoints = await openEndpoints(url, held)
    redis.pause()
    await expectUnavailable(url, endpoints, measuring)
    redis.resume()
    await expectReturn(url, measuring)
    expect((await introspect(url, held.access_token)).active).toBe(true)
  })

  testFailure('Redis slow (2 s an answer)', 'no endpoint waits for it', async (measuring) => {
    const held = await tokensOf(url)
    const endpoints = await openEndpoints(url, held)
    proxy.delay(2000)
    await expectUnavailable(url, endpoints, measuring)
    proxy.delay(0)
    await expectReturn(url, measuring)
    expect((await introspect(url, held.access_token)).active).toBe(true)
  })

  testFailure('Redis read-only, demoted', 'writes are refused, nothing is lost', async (measuring) => {
    const held = await tokensOf(url)
    const endpoints = (await openEndpoints(url, held)).filter(({ kind }) => kind !== 'reads')
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    await expectRefused(endpoints, measuring)
    await expectOthersGoOn(url)
    await redis.command('REPLICAOF', 'NO', 'ONE')
    await expectReturn(url, measuring)
    expect((await refresh(url, held.refresh_token)).status).toBe(200)
  })

  testFailure('Redis full (`noeviction`)', 'writes are refused, introspection goes on', async (measuring) => {
    const held = await tokensOf(url)
    // Removing takes no memory: revocations go on.
    const all = await openEndpoints(url, held)
    const endpoints = all.filter(({ kind }) => kind !== 'reads' && kind !== 'removes')
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await expectRefused(endpoints, measuring)
    await expectOthersGoOn(url)
    expect((await introspect(url, held.access_token)).active).toBe(true)
    await Promise.all(
      all.filter(({ kind }) => kind === 'removes').map(async ({ send }) => expect((await send()).ok).toBe(true)),
    )
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    await expectReturn(url, measuring)
    expect((await refresh(url, held.refresh_token)).status).toBe(200)
  })

  testFailure('Redis restarted empty', 'what was revoked stays revoked', async (measuring) => {
    const session = await tokensOf(url)
    const machine = await tokensOf(url, { grant_type: 'client_credentials', scope: 'orders:read' }, thirdParty)
    await revoke(url, machine.access_token, {}, thirdParty)
    expect((await introspect(url, machine.access_token)).active).toBe(false)
    await redis.command('FLUSHALL')
    await redis.restart()
    await expectReturn(url, measuring)
    for (const { access_token } of [machine, session]) {
      expect(await introspect(url, access_token)).toEqual({ active: false })
    }
    expect((await read(refresh(url, session.refresh_token))).body.error).toBe('invalid_grant')
  })

  testFailure('Redis restored from an old snapshot', 'what was revoked since stays revoked', async (measuring) => {
    const [revoked, rotated] = [await tokensOf(url), await tokensOf(url)]
    const [, directory] = (await redis.command('CONFIG', 'GET', 'dir')) as [string, string]
    const [live, backup] = [join(directory, 'appendonlydir'), join(temporaryDirectory('snapshot'), 'appendonlydir')]
    cpSync(live, backup, { recursive: true })
    const takenAtMs = Date.now()
    await revoke(url, revoked.refresh_token)
    await refresh(url, rotated.refresh_token)
    await waitFor(() => Date.now() > takenAtMs + TOLERATED_MS + 3000, {
      deadlineMs: 15_000,
      what: 'the snapshot to age',
    })

    await redis.kill()
    rmSync(live, { recursive: true })
    cpSync(backup, live, { recursive: true })
    await redis.restart()
    expect(await redis.command('DBSIZE'), 'the snapshot holds sessions').toBeGreaterThan(3)
    await expectReturn(url, measuring)
    for (const { access_token, refresh_token } of [revoked, rotated]) {
      expect(await introspect(url, access_token)).toEqual({ active: false })
      expect((await read(refresh(url, refresh_token))).body.error).toBe('invalid_grant')
    }
  })
})

import { afterAll, beforeAll, expect } from 'vitest'
import { introspect, refresh, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { type PostgresServer, startPostgres, startSynchronousStandby } from '../support/postgres-server.ts'
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { loadDemoInto } from '../support/templates.ts'
import { waitFor } from '../support/wait-for.ts'
import { openEndpoints } from './endpoints.ts'
import { type Load, startLoad } from './load.ts'
import { type ReplicatedCluster, startReplicatedCluster } from './replicated-cluster.ts'
import { expectReturn, expectUnavailable, testFailure } from './under-failure.ts'

/** Enough sessions before the failure that some are in each part of a cluster. */
const SESSIONS_BEFORE = 12

describeOn('sentinel', 'a primary under Sentinels dies under load', () => {
  let redis: RedisSentinel
  let server: TestServer
  beforeAll(async () => {
    redis = await startRedisSentinel()
    const REDIS_URL = `redis+sentinel://${redis.addresses.join(',')}/${redis.name}`
    server = await startTestServer({ DATABASE_URL: await createDatabase({ demo: true }), REDIS_URL })
  })
  afterAll(async () => {
    await server?.stop()
    await redis?.stop()
  })

  testFailure('Sentinel failover under load', 'what was acknowledged before is there', async (measuring) => {
    const load = startLoad(server.url)
    await waitFor(() => load.signedIn.length >= SESSIONS_BEFORE, { deadlineMs: 30_000 })
    const primary = await redis.primaryAddress()
    const before = copyOf(load)
    await untilFollowed(redis.servers[0], redis.servers[1])
    await redis.servers[0].kill()
    await waitFor(async () => (await redis.primaryAddress()) !== primary, { deadlineMs: 20_000, what: 'a new primary' })
    await expectReturn(server.url, measuring)
    await load.stop()
    await expectKept(server.url, before)
    expectOnlyOwnErrors(load)
  })
})

describeOn('sentinel', 'a primary whose writes count once a replica has them dies under load', () => {
  let redis: RedisSentinel
  let server: TestServer
  beforeAll(async () => {
    redis = await startRedisSentinel({ replicas: 2 })
    const REDIS_URL = `redis+sentinel://${redis.addresses.join(',')}/${redis.name}?replicas=1`
    server = await startTestServer({ DATABASE_URL: await createDatabase({ demo: true }), REDIS_URL })
  })
  afterAll(async () => {
    await server?.stop()
    await redis?.stop()
  })

  testFailure(
    'Sentinel failover with `?replicas=1`',
    'nothing acknowledged is lost, up to the last moment',
    async (measuring) => {
      const load = startLoad(server.url)
      await waitFor(() => load.signedIn.length >= SESSIONS_BEFORE, { deadlineMs: 30_000 })
      const primary = await redis.primaryAddress()
      await redis.servers[0].kill()
      await waitFor(async () => (await redis.primaryAddress()) !== primary, {
        deadlineMs: 20_000,
        what: 'a new primary',
      })
      await expectReturn(server.url, measuring)
      await load.stop()
      await expectKept(server.url, load)
      expectOnlyOwnErrors(load)
    },
  )
})

describeOn('cluster', 'a master of a cluster dies under load', () => {
  let redis: ReplicatedCluster
  let server: TestServer
  beforeAll(async () => {
    redis = await startReplicatedCluster()
    const REDIS_URL = `redis+cluster://${redis.addresses.join(',')}`
    server = await startTestServer({ DATABASE_URL: await createDatabase({ demo: true }), REDIS_URL })
  }, 90_000)
  afterAll(async () => {
    await server?.stop()
    await redis?.stop()
  })

  testFailure('Cluster failover under load', 'what was acknowledged before is there', async (measuring) => {
    const load = startLoad(server.url)
    await waitFor(() => load.signedIn.length >= SESSIONS_BEFORE, { deadlineMs: 30_000 })
    const before = copyOf(load)
    await untilFollowed(redis.masters[0] as RedisServer, redis.replicas[0] as RedisServer)
    await redis.masters[0]?.kill()
    await redis.untilReplaced(0)
    await expectReturn(server.url, measuring)
    await load.stop()
    await expectKept(server.url, before)
    expectOnlyOwnErrors(load)
  })
})

describeOn('postgres', 'a primary with a synchronous standby dies under load', () => {
  let [primary, standby]: PostgresServer[] = []
  let server: TestServer
  beforeAll(async () => {
    primary = await startPostgres()
    const databaseUrl = await primary.createDatabase()
    await loadDemoInto(databaseUrl)
    standby = await startSynchronousStandby(primary)
    const { pathname } = new URL(databaseUrl)
    const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`).join(',')
    server = await startTestServer({ DATABASE_URL: `postgres://postgres@${hosts}${pathname}` })
  })
  afterAll(async () => {
    await server?.stop()
    await primary?.stop()
    await standby?.stop()
  })

  testFailure(
    'Postgres failover to a standby',
    'nothing acknowledged is lost, up to the last moment',
    async (measuring) => {
      const held = await tokensOf(server.url)
      const endpoints = await openEndpoints(server.url, held)
      const load = startLoad(server.url)
      await waitFor(() => load.revoked.length >= 3, { deadlineMs: 30_000 })
      await primary?.kill()
      await expectUnavailable(server.url, endpoints, measuring)
      await standby?.promote()
      await expectReturn(server.url, measuring)
      await load.stop()
      await expectKept(server.url, { ...load, signedIn: [...load.signedIn, held] })
      expectOnlyOwnErrors(load)
    },
  )
})

function copyOf({ signedIn, revoked }: Load) {
  return { signedIn: [...signedIn], revoked: [...revoked] }
}

/** Waits until the replica has what its primary acknowledged so far. */
async function untilFollowed(primary: RedisServer, replica: RedisServer): Promise<void> {
  const offsetOf = async (server: RedisServer, field: string) =>
    Number(new RegExp(`${field}:(\\d+)`).exec(String(await server.command('INFO', 'replication')))?.[1])
  const acknowledged = await offsetOf(primary, 'master_repl_offset')
  const hasIt = async () => (await offsetOf(replica, 'slave_repl_offset')) >= acknowledged
  await waitFor(hasIt, { everyMs: 5, what: 'the replica to have what was acknowledged' })
}

async function expectKept(url: string, { signedIn, revoked }: Pick<Load, 'signedIn' | 'revoked'>): Promise<void> {
  for (const { access_token, refresh_token } of signedIn) {
    expect((await introspect(url, access_token)).active).toBe(true)
    expect((await refresh(url, refresh_token)).status).toBe(200)
  }
  for (const { access_token, refresh_token } of revoked) {
    expect(await introspect(url, access_token)).toEqual({ active: false })
    expect((await refresh(url, refresh_token)).status).toBe(400)
  }
}

/** Under failure a request succeeds or is told to come again; it is never a 500. */
function expectOnlyOwnErrors({ statuses }: Load): void {
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([])
}

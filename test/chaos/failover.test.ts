import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, refresh } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { type Load, startLoad } from './load.ts'
import { type ReplicatedCluster, startReplicatedCluster } from './replicated-cluster.ts'
import { expectReturn, printFailureTable } from './under-failure.ts'

const MEANWHILE = '503, Retry-After 1'
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
  printFailureTable()

  test('the server follows to the new one, and what was acknowledged before is there', async () => {
    const load = startLoad(server.url)
    await waitFor(() => load.signedIn.length >= SESSIONS_BEFORE, { deadlineMs: 30_000 })
    const primary = await redis.primaryAddress()
    const before = copyOf(load)
    await redis.servers[0].kill()
    await waitFor(async () => (await redis.primaryAddress()) !== primary, { deadlineMs: 20_000, what: 'a new primary' })
    await expectReturn(server.url, 'Sentinel failover under load', MEANWHILE)
    await load.stop()
    await expectKept(server.url, before)
    expectOnlyOwnErrors(load)
  }, 90_000)
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
  printFailureTable()

  test('the server follows to its replica, and what was acknowledged before is there', async () => {
    const load = startLoad(server.url)
    await waitFor(() => load.signedIn.length >= SESSIONS_BEFORE, { deadlineMs: 30_000 })
    const before = copyOf(load)
    await redis.masters[0]?.kill()
    await redis.untilReplaced(0)
    await expectReturn(server.url, 'Cluster failover under load', MEANWHILE)
    await load.stop()
    await expectKept(server.url, before)
    expectOnlyOwnErrors(load)
  }, 90_000)
})

function copyOf({ signedIn, revoked }: Load) {
  return { signedIn: [...signedIn], revoked: [...revoked] }
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

import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { closeKeptConnections } from './keep-alive.ts'
import { rotateByForce } from './rotate-nodes.ts'
import { startNodes } from './server-nodes.ts'
import { startTraffic } from './traffic.ts'

const ROTATIONS = 6
/** What operators are promised. */
const LIVE_WITHIN_MS = 2000

describeOn('postgres', 'three servers on one Postgres and one Redis', () => {
  let nodes: ServerProcess[] = []

  beforeAll(async () => {
    const [DATABASE_URL, REDIS_URL] = await Promise.all([createDatabase({ demo: true }), createRedisDatabase()])
    nodes = await startNodes(3, { DATABASE_URL, REDIS_URL })
  }, 120_000)
  afterAll(async () => {
    closeKeptConnections()
    await Promise.all(nodes.map((node) => node.end('SIGTERM')))
  })

  test('forced rotations under traffic fail no request, and each token verifies on every node at once', async () => {
    const traffic = await startTraffic({ nodes, perSecond: 200, connections: 6, maxRequests: 20_000 })
    const times = await rotateByForce(nodes, { rotations: ROTATIONS, pauseMs: 100 })
    const { failures, signers, verified } = await traffic.stop()
    expect(failures).toEqual([])
    // One more than there were rotations, for each of the two algorithms.
    expect(signers.size).toBe(2 * (ROTATIONS + 1))
    expect(verified.ES256).toBeGreaterThan(100)
    expect(verified.RS256).toBeGreaterThan(50)
    for (const { liveMs } of times) expect(liveMs).toBeLessThan(LIVE_WITHIN_MS)
  }, 120_000)
})

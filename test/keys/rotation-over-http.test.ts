import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { closeKeptConnections } from './keep-alive.ts'
import { rotateByForce } from './rotate-nodes.ts'
import { startNodes } from './server-nodes.ts'
import { startTraffic } from './traffic.ts'

const ROTATIONS = 6

describeOn('postgres', 'three servers on one Postgres and one Redis', () => {
  let nodes: ServerProcess[] = []

  beforeAll(async () => {
    const [DATABASE_URL, REDIS_URL] = await Promise.all([createDatabase({ demo: true }), createRedisDatabase()])
    nodes = await startNodes(3, { DATABASE_URL, REDIS_URL })
  })
  afterAll(async () => {
    closeKeptConnections()
    await Promise.all(nodes.map((node) => node.end('SIGTERM')))
  })

  test('forced rotations under traffic fail no request, and each token verifies on every node at once', async () => {
    const traffic = await startTraffic({ nodes, perSecond: 200, connections: 6, maxRequests: 20_000 })
    // For each of the two algorithms: the key that signed before, then each one that a rotation brought.
    await waitFor(() => traffic.seen().signers.size === 2)
    const between = (signers: readonly string[]) =>
      waitFor(() => signers.every((kid) => traffic.seen().signers.has(kid)))
    await rotateByForce(nodes, { rotations: ROTATIONS, between })
    const { verified } = traffic.seen()
    await waitFor(() => Number(verified.ES256) > 100 && Number(verified.RS256) > 50)
    const { failures, signers } = await traffic.stop()
    expect(failures).toEqual([])
    expect(signers.size).toBe(2 * (ROTATIONS + 1))
  })
})

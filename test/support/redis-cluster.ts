import { type RedisServer, startRedis } from './redis-server.ts'
import { waitFor } from './wait-for.ts'

/** Three masters that share the slots; no replicas. */
export type RedisCluster = {
  readonly nodes: readonly RedisServer[]
  /** `127.0.0.1:PORT` of each node. */
  readonly addresses: readonly string[]
  stop(): Promise<void>
}

const MASTERS = 3
const SLOTS = 16_384

/** Starts the masters, deals out the slots and waits until every node says `cluster_state:ok`. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const nodes = await Promise.all(Array.from({ length: MASTERS }, () => startRedis({ args })))
  await Promise.all(
    nodes.map(async (node, index) => {
      await node.command('CLUSTER', 'ADDSLOTS', ...slotsOf(index))
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
    }),
  )
  const [first, ...others] = nodes as [RedisServer, ...RedisServer[]]
  for (const other of others) await first.command('CLUSTER', 'MEET', '127.0.0.1', String(other.port))
  await waitFor(async () => (await Promise.all(nodes.map(isComplete))).every(Boolean), {
    what: 'the cluster to come together',
  })
  return {
    nodes,
    addresses: nodes.map((node) => node.address),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

function slotsOf(index: number): string[] {
  const from = Math.floor((index * SLOTS) / MASTERS)
  const to = Math.floor(((index + 1) * SLOTS) / MASTERS)
  return Array.from({ length: to - from }, (_, slot) => String(from + slot))
}

async function isComplete(node: RedisServer): Promise<boolean> {
  const state = String(await node.command('CLUSTER', 'INFO'))
  return state.includes('cluster_state:ok') && state.includes(`cluster_known_nodes:${MASTERS}`)
}

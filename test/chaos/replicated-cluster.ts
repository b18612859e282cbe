import { startRedisCluster } from '../support/redis-cluster.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { waitFor } from '../support/wait-for.ts'

/** Three masters with a replica each, which takes over when its master dies. */
export type ReplicatedCluster = {
  readonly masters: readonly RedisServer[]
  readonly replicas: readonly RedisServer[]
  readonly addresses: readonly string[]
  /** Waits until the replica of that master took its slots over. */
  untilReplaced(master: number): Promise<void>
  stop(): Promise<void>
}

export async function startReplicatedCluster(): Promise<ReplicatedCluster> {
  const cluster = await startRedisCluster()
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0']
  const replicas = await Promise.all(cluster.nodes.map(() => startRedis({ args })))
  for (const [index, replica] of replicas.entries()) {
    const master = cluster.nodes[index] as RedisServer
    await replica.command('CLUSTER', 'MEET', '127.0.0.1', String(master.port))
    const id = String(await master.command('CLUSTER', 'MYID'))
    await waitFor(async () => (await replica.command('CLUSTER', 'REPLICATE', id)) === 'OK', { deadlineMs: 20_000 })
    const follows = async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up')
    await waitFor(follows, { deadlineMs: 20_000, what: 'the replica to follow its master' })
  }
  const all = [...cluster.nodes, ...replicas]
  const knowsAll = async (node: RedisServer) =>
    String(await node.command('CLUSTER', 'INFO')).includes(`cluster_known_nodes:${all.length}`)
  await waitFor(async () => (await Promise.all(all.map(knowsAll))).every(Boolean), { deadlineMs: 30_000 })
  return {
    masters: cluster.nodes,
    replicas,
    addresses: cluster.addresses,
    async untilReplaced(master) {
      const isMaster = async () => String(await replicas[master]?.command('ROLE')).startsWith('master')
      await waitFor(isMaster, { deadlineMs: 30_000, what: 'the replica to take over' })
      const survivors = all.filter((node) => node !== cluster.nodes[master])
      const isWhole = async (node: RedisServer) =>
        String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')
      await waitFor(async () => (await Promise.all(survivors.map(isWhole))).every(Boolean), { deadlineMs: 30_000 })
    },
    async stop() {
      await Promise.all(replicas.map((replica) => replica.stop()))
      await cluster.stop()
    },
  }
}

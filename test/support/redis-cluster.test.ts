import { Cluster } from 'ioredis'
import { expect, test } from 'vitest'
import { describeOn } from './describe-on.ts'
import { startRedisCluster } from './redis-cluster.ts'

describeOn('cluster', 'a private Redis Cluster', () => {
  test('every node says cluster_state:ok, and keys of every slot can be written', async () => {
    const cluster = await startRedisCluster()
    for (const node of cluster.nodes) {
      expect(String(await node.command('CLUSTER', 'INFO'))).toContain('cluster_state:ok')
    }
    const client = new Cluster(cluster.nodes.map((node) => ({ host: '127.0.0.1', port: node.port })))
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => client.set(key, 'value')))
    const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')))
    expect(sizes.every((size) => Number(size) > 0)).toBe(true)
    client.disconnect()
    await cluster.stop()
  })
})

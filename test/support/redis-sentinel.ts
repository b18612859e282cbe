import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RedisServer, startRedis } from './redis-server.ts'
import { waitFor } from './wait-for.ts'

/** A primary with a replica or more, watched by three Sentinels that replace a dead primary within a few seconds. */
export type RedisSentinel = {
  /** The name the Sentinels know the primary by. */
  readonly name: string
  /** The data servers; the first one is the primary until a failover. */
  readonly servers: readonly [RedisServer, RedisServer, ...RedisServer[]]
  readonly sentinels: readonly RedisServer[]
  /** `127.0.0.1:PORT` of each Sentinel. */
  readonly addresses: readonly string[]
  /** The address of the primary, as the Sentinels see it now. */
  primaryAddress(): Promise<string>
  stop(): Promise<void>
}

const NAME = 'vestibule'
const SENTINELS = 3
const QUORUM = 2

export type SentinelOptions = { readonly replicas?: number }

/** Starts all of them and waits until the Sentinels know each other and the replicas. */
export async function startRedisSentinel({ replicas: count = 1 }: SentinelOptions = {}): Promise<RedisSentinel> {
  const args = ['--repl-diskless-sync-delay', '0']
  const primary = await startRedis({ args })
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(primary)))
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(primary.port)))
  await waitFor(async () => (await Promise.all(sentinels.map((each) => knowsAll(each, count)))).every(Boolean), {
    what: 'the Sentinels to find each other and the replicas',
  })
  return {
    name: NAME,
    servers: [primary, ...(replicas as [RedisServer, ...RedisServer[]])],
    sentinels,
    addresses: sentinels.map((sentinel) => sentinel.address),
    primaryAddress: () => askPrimary(sentinels),
    stop: async () => void (await Promise.all([...sentinels, primary, ...replicas].map((server) => server.stop()))),
  }
}

/** A Redis that follows `primary`. */
export async function startReplica(primary: RedisServer): Promise<RedisServer> {
  const follow = ['--replicaof', '127.0.0.1', String(primary.port)]
  const replica = await startRedis({ args: [...follow, '--repl-diskless-sync-delay', '0'] })
  await waitFor(async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'), {
    what: 'the replica to follow',
  })
  return replica
}

function startSentinel(primaryPort: number): Promise<RedisServer> {
  return startRedis({
    prepare(directory, port) {
      const file = join(directory, 'sentinel.conf')
      writeFileSync(file, configuration(directory, port, primaryPort))
      return [file, '--sentinel']
    },
  })
}

function configuration(directory: string, port: number, primaryPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
    `sentinel parallel-syncs ${NAME} 1`,
    '',
  ].join('\n')
}

async function knowsAll(sentinel: RedisServer, replicas: number): Promise<boolean> {
  const pairs = (await sentinel.command('SENTINEL', 'MASTER', NAME)) as string[]
  const field = (name: string) => Number(pairs[pairs.indexOf(name) + 1])
  return field('num-slaves') === replicas && field('num-other-sentinels') === SENTINELS - 1
}

/** The first Sentinel that answers decides: one of them may be the one a test has killed. */
async function askPrimary(sentinels: readonly RedisServer[]): Promise<string> {
  const asked = sentinels.map((sentinel) => sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
  const [host, port] = (await Promise.any(asked)) as [string, string]
  return `${host}:${port}`
}

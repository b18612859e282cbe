import { readRedisUrl } from './redis-address.ts'
import { connectRedis } from './redis-connection.ts'

/** How a Redis keeps what it acknowledged. Of a cluster, one of its servers. */
export type RedisDurability = {
  /** `maxmemory-policy`: what it drops when its memory is full. */
  readonly evictionPolicy: string | undefined
  /** `appendonly`: writes are on the disk before a restart. */
  readonly isAppendOnly: boolean
}

/** Asks the Redis at `url`, by INFO: managed ones refuse CONFIG. @throws when it does not answer, or refuses INFO. */
export async function readRedisDurability(url: string): Promise<RedisDurability> {
  const redis = connectRedis(readRedisUrl(url))
  // The failure is reported by the command; unheard, the event would end the process.
  redis.on('error', () => {})
  try {
    await redis.connect()
    const info = await redis.info()
    const fact = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim()
    return { evictionPolicy: fact('maxmemory_policy'), isAppendOnly: fact('aof_enabled') === '1' }
  } finally {
    redis.disconnect()
  }
}

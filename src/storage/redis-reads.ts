import type { Redis } from 'ioredis'
import { createBatches } from '../gather.ts'

/** Reads in one command: a long one would keep Redis from everybody else. */
const MOST_READS = 128

/** The values of keys, in the order asked for; null where there is none. */
export type ReadKeys = (keys: readonly string[]) => Promise<readonly (string | null)[]>

/**
 * Sends what all requests read in one turn of the event loop as one command: a command costs both sides more than the
 * keys in it. On a cluster, whose keys lie on several nodes, each key is a command of its own.
 */
export function createRedisReads(redis: Redis, isCluster: boolean): ReadKeys {
  if (isCluster) return (keys) => Promise.all(keys.map((key) => redis.get(key)))

  const read = createBatches(
    async (reads: readonly (readonly string[])[]) => {
      const values = await redis.mget(reads.flat())
      let at = 0
      return reads.map((keys) => {
        const from = at
        at += keys.length
        return values.slice(from, at)
      })
    },
    { most: MOST_READS },
  )
  return (keys) => (keys.length === 0 ? Promise.resolve([]) : read(keys))
}

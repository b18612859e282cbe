import type { Config } from '../../config.ts'
import { messageOf } from '../../thrown.ts'
import { bad, type Finding, ok } from './findings.ts'

/** Whether the Redis of REDIS_URL keeps what it acknowledged. Where it does not answer, the check of the storage says so. */
export async function examineRedis({ REDIS_URL }: Config): Promise<Finding[]> {
  if (REDIS_URL === undefined) return []
  // Other commands and servers without Redis need not load its client.
  const { readRedisDurability } = await import('../../storage/redis-durability.ts')
  try {
    const { evictionPolicy, isAppendOnly } = await readRedisDurability(REDIS_URL)
    const problems = [
      ...(evictionPolicy === 'noeviction'
        ? []
        : [
            `it drops keys when its memory is full (${evictionPolicy}), and what was revoked works again: ${NO_EVICTION}`,
          ]),
      ...(isAppendOnly ? [] : [`a restart loses writes, and all customers are signed out then: ${APPEND_ONLY}`]),
    ]
    if (problems.length > 0) return problems.map((problem) => bad('redis', problem))
    return [ok('redis', 'it writes to disk (appendonly yes) and drops nothing (noeviction)')]
  } catch (error) {
    return [ok('redis', `not checked how it keeps data: it does not say (${messageOf(error)})`)]
  }
}

const NO_EVICTION = 'set "maxmemory-policy noeviction" in redis.conf.'
const APPEND_ONLY = 'set "appendonly yes" in redis.conf.'

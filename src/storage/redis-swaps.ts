import type { Redis } from 'ioredis'
import { createBatches } from '../gather.ts'

/** Swaps in one script: Redis serves no other command while it runs. */
const MOST_SWAPS = 64

/** Of each swap: its keys, and the version it expects, what it writes, and the receipt with their lives. */
const SWAP_ALL = `local won = {}
for swap = 1, #KEYS / 2 do
  local key, receiptKey, at = KEYS[2 * swap - 1], KEYS[2 * swap], 5 * swap
  local value = redis.call('GET', key)
  won[swap] = 0
  if value and string.match(value, '^%d+') == ARGV[at - 4] then
    redis.call('SET', key, ARGV[at - 3], 'EX', ARGV[at - 2])
    if ARGV[at - 1] == '' then redis.call('DEL', receiptKey) else redis.call('SET', receiptKey, ARGV[at - 1], 'EX', ARGV[at]) end
    won[swap] = 1
  end
end
return won`

/** A value to put in the place of another, if that still has the version that is expected. */
export type RedisSwap = {
  readonly key: string
  readonly receiptKey: string
  readonly expected: number
  readonly value: string
  readonly ttlSeconds: number
  /** Empty: there is none. */
  readonly receipt: string
  readonly receiptTtlSeconds: number
}

/**
 * Sends the swaps of one turn of the event loop as one script, which runs them one after the other: each of them wins or loses by
 * itself. On a cluster, whose keys lie on several nodes, each is a script of its own. `kept` waits until a write is safe.
 */
export function createRedisSwaps(
  redis: Redis,
  isCluster: boolean,
  kept: <T>(write: Promise<T>) => Promise<T>,
): (swap: RedisSwap) => Promise<boolean> {
  async function run(swaps: readonly RedisSwap[]): Promise<boolean[]> {
    const keys = swaps.flatMap(({ key, receiptKey }) => [key, receiptKey])
    const args = swaps.flatMap(({ expected, value, ttlSeconds, receipt, receiptTtlSeconds }) => [
      expected,
      value,
      ttlSeconds,
      receipt,
      receiptTtlSeconds,
    ])
    const won = (await kept(redis.eval(SWAP_ALL, keys.length, ...keys, ...args))) as number[] // what the script returns
    return won.map((one) => one === 1)
  }

  return createBatches(run, { most: isCluster ? 1 : MOST_SWAPS })
}

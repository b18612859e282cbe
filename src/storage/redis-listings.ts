import type { Redis } from 'ioredis'
import type { ListedKind } from './storage.ts'

/** More than an operator reads. A set of so many members takes about a megabyte. */
const MOST = 10_000

/**
 * A sorted set of a kind has the hashed id of each artifact at the millisecond at which it ends. What ended goes whenever the set is
 * written or read, what is too much when it is written, and the set itself when its last member ends.
 */
const END = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
`

const ADD = `${END}redis.call('ZADD', KEYS[1], now + ARGV[2] * 1000, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[3] - 1)
redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])`

/** From the place after a member, or, if it is not there any more, from the first that ends later than it did. */
const READ = `${END}local first = 0
if ARGV[1] ~= '' then
  local isThere = redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2]
  first = isThere and redis.call('ZRANK', KEYS[1], ARGV[1]) + 1 or redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[2])
end
return redis.call('ZRANGE', KEYS[1], first, first + ARGV[3], 'WITHSCORES')`

const PLACE = /^(\d{1,15})\.([\w-]{43})$/

/** Which artifacts there are of the kinds that can be listed, by their hashed ids. Each script touches one key. */
export function createRedisListings(redis: Redis, prefix: string) {
  const keyOf = (kind: ListedKind) => `${prefix}${kind}:listed`
  return {
    async add(kind: ListedKind, hashed: string, ttlSeconds: number): Promise<void> {
      await redis.eval(ADD, 1, keyOf(kind), hashed, ttlSeconds, MOST)
    },
    async remove(kind: ListedKind, hashed: string): Promise<void> {
      await redis.zrem(keyOf(kind), hashed)
    },
    /** What is no place of ours is the beginning. */
    async read(
      kind: ListedKind,
      { limit, after = '' }: { readonly limit: number; readonly after?: string },
    ): Promise<{ readonly ids: readonly string[]; readonly next?: string }> {
      const [, score = '0', member = ''] = PLACE.exec(after) ?? []
      // Members and their scores in turn.
      const flat = (await redis.eval(READ, 1, keyOf(kind), member, score, limit)) as string[]
      const places = Array.from({ length: flat.length / 2 }, (_, index) => `${flat[index * 2 + 1]}.${flat[index * 2]}`)
      const part = places.slice(0, limit)
      return {
        ids: part.map((place) => place.slice(place.indexOf('.') + 1)),
        ...(places.length > limit && { next: part.at(-1) ?? after }),
      }
    },
  }
}

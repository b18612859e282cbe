import type { Redis } from 'ioredis'
import { answerWithin } from '../http/unavailable.ts'
import { causeOf, messageOf } from '../thrown.ts'
import { bounded } from './bounded.ts'
import { hashId } from './hash-id.ts'
import { describeRedis, type RedisAddress, readRedisUrl } from './redis-address.ts'
import { connectRedis, reviveWhenEnded } from './redis-connection.ts'
import { createRedisListings } from './redis-listings.ts'
import { createRedisReads } from './redis-reads.ts'
import { createRedisSwaps } from './redis-swaps.ts'
import { decode, encode } from './redis-value.ts'
import { createReturnGate } from './return-gate.ts'
import { type Artifact, LISTED_KINDS, type ListedKind, STORAGE_INDEXES, type Storage, StorageError } from './storage.ts'

const ANSWER_LIMIT_MS = 1000
const START_LIMIT_MS = 5000
const CLOSE_LIMIT_MS = 500
const REPLICAS_LIMIT_MS = 500
/** A cluster's masters can each lose their memory: so many marks that each of them holds some. */
const CLUSTER_PARTITIONS = 64

/**
 * The scripts read the first two words of a value and leave the third alone, but for the instant that RAISE compares. Each script touches the keys of one artifact only, which share a hash tag, so they run on a cluster as well.
 * They are sent whole each time: a server that restarted or took over knows none by its digest.
 */
const CONSUME = `local value = redis.call('GET', KEYS[1])
if not value then return 0 end
local version, consumed, json = string.match(value, '^(%d+) (%d+) (.*)$')
if consumed ~= '0' then return 0 end
redis.call('SET', KEYS[1], version .. ' ' .. ARGV[1] .. ' ' .. json, 'KEEPTTL')
return 1`

const RAISE = `local value = redis.call('GET', KEYS[1])
local stored = value and cjson.decode(string.match(value, '^%d+ %d+ (.*)$')).atMs
if stored and stored >= tonumber(ARGV[2]) then
  redis.call('EXPIRE', KEYS[1], ARGV[3], 'GT')
else
  redis.call('SET', KEYS[1], ARGV[1], 'EX', math.max(tonumber(ARGV[3]), redis.call('TTL', KEYS[1])))
end
return 1`

const INCREMENT = `local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if count <= 0 then
  redis.call('DEL', KEYS[1])
  return 0
end
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count`

/**
 * Opens the Redis at `url`: one server, the primary that Sentinels name, or a cluster. Redis 7 or later.
 *
 * @throws {StorageError} when it does not answer.
 */
export async function openRedisStorage(url: string, onError: (error: unknown) => void = () => {}): Promise<Storage> {
  const address = readRedisUrl(url)
  const redis = connectRedis(address)
  const troubles: unknown[] = []
  const note = (error: unknown) => void troubles.push(error)
  redis.on('error', onError).on('error', note)
  try {
    // Sentinels that cannot be reached are asked again for ever.
    await answerWithin(START_LIMIT_MS, 'storage', async () => {
      await redis.connect()
      await redis.ping()
    })
    redis.off('error', note)
  } catch (error) {
    redis.disconnect()
    const reason = messageOf(troubles.at(-1) ?? causeOf(error))
    throw new StorageError(
      `REDIS_URL does not answer: ${describeRedis(address)} (${reason}). ` +
        'Start Redis or correct the address and credentials, or unset REDIS_URL to keep sessions in the database.',
    )
  }
  return createRedisStorage(redis, address, onError)
}

function createRedisStorage(redis: Redis, address: RedisAddress, onError: (error: unknown) => void): Storage {
  const subscriber = connectRedis(address, { isSubscriber: true })
  subscriber.on('error', onError)
  // Each topic has a listener of its own.
  subscriber.setMaxListeners(0)
  const topicOf = (topic: string) => `${address.prefix}${topic}`
  const gate = createReturnGate(() => within, onError)
  redis.on('close', gate.lost).on('ready', gate.returned)
  const revivals = [redis, subscriber].map((connection) => reviveWhenEnded(connection, onError))
  // A cluster goes on while one of its nodes is away: what that node brings back is looked at beside the traffic.
  if (address.form === 'cluster') redis.on('+node', gate.recheck)

  const commands: Storage = {
    ...artifactCommands(redis, address),
    keepsOrder: address.form !== 'cluster',
    partitions: address.form === 'cluster' ? CLUSTER_PARTITIONS : 1,
    onReturn: gate.add,
    async publish(topic, about = '') {
      await redis.publish(topicOf(topic), about)
    },
    subscribe(topic, listener) {
      subscriber.on('message', (received, about) => {
        if (received === topicOf(topic)) listener(about)
      })
      subscriber.subscribe(topicOf(topic)).catch(onError)
    },
    async ping() {
      await redis.ping()
    },
    async close() {
      for (const revival of revivals) revival.stop()
      subscriber.disconnect()
      await answerWithin(CLOSE_LIMIT_MS, 'storage', () => redis.quit()).catch(() => {})
      // After quitting too: it ends the connections to the Sentinels.
      redis.disconnect()
    },
  }
  const within = bounded(commands, ANSWER_LIMIT_MS)
  return bounded(commands, ANSWER_LIMIT_MS, gate.assertOpen)
}

type Connected = 'onReturn' | 'keepsOrder' | 'partitions' | 'publish' | 'subscribe' | 'ping' | 'close'

function artifactCommands(redis: Redis, { prefix, replicas, form }: RedisAddress): Omit<Storage, Connected> {
  const keyOf = createKeyOf(prefix)
  const receiptKeyAt = (kind: string, hashed: string) => `${prefix}${kind}:receipt:{${hashed}}`
  const receiptKeyOf = (kind: string, id: string) => receiptKeyAt(kind, hashId(id))
  const indexKeyOf = (kind: string, index: string, value: string) => `${prefix}${kind}:${index}:{${hashId(value)}}`

  const listings = createRedisListings(redis, prefix)
  const read = createRedisReads(redis, form === 'cluster')
  const readOne = async (key: string) => decode((await read([key]))[0] ?? null)

  async function putIndexes(kind: string, id: string, artifact: Artifact, ttlSeconds: number): Promise<void> {
    const given = STORAGE_INDEXES.filter((index) => typeof artifact[index] === 'string')
    await Promise.all([
      ...given.map((index) =>
        redis.set(indexKeyOf(kind, index, String(artifact[index])), hashId(id), 'EX', ttlSeconds),
      ),
      isListed(kind) && listings.add(kind, hashId(id), ttlSeconds),
    ])
  }

  /** A write counts as done when enough replicas have it, if REDIS_URL asks for that. */
  async function kept<T>(write: Promise<T>): Promise<T> {
    if (replicas === 0) return write
    const [result, reached] = await Promise.all([write, redis.wait(replicas, REPLICAS_LIMIT_MS)])
    if (reached < replicas) throw new Error(`${reached} of ${replicas} replicas have the write`)
    return result
  }

  const swap = createRedisSwaps(redis, form === 'cluster', kept)

  return {
    async put(kind, id, artifact, ttl) {
      const ttlSeconds = whole(ttl)
      const write = redis.set(keyOf(kind, id), encode(artifact, 0), 'EX', ttlSeconds)
      await kept(Promise.all([write, putIndexes(kind, id, artifact, ttlSeconds)]))
    },
    async putOnce(kind, id, artifact, ttlSeconds) {
      const write = redis.set(keyOf(kind, id), encode(artifact, 0), 'EX', whole(ttlSeconds), 'NX')
      return (await kept(write)) === 'OK'
    },
    get: (kind, id) => readOne(keyOf(kind, id)),
    getMany: async (keys) => (await read(keys.map(({ kind, id }) => keyOf(kind, id)))).map(decode),
    async findBy(kind, index, value) {
      const hashed = await redis.get(indexKeyOf(kind, index, value))
      return hashed ? readOne(`${prefix}${kind}:{${hashed}}`) : undefined
    },
    async list(kind, part) {
      const { ids, next } = await listings.read(kind, part)
      const values = await read(ids.map((hashed) => `${prefix}${kind}:{${hashed}}`))
      return {
        found: values.map(decode).filter((stored) => stored !== undefined),
        ...(next !== undefined && { next }),
      }
    },
    async consume(kind, id) {
      return (await kept(redis.eval(CONSUME, 1, keyOf(kind, id), Math.floor(Date.now() / 1000)))) === 1
    },
    swap(kind, id, expected, { artifact, ttlSeconds, receipt }) {
      const hashed = hashId(id)
      return swap({
        key: `${prefix}${kind}:{${hashed}}`,
        receiptKey: receiptKeyAt(kind, hashed),
        expected,
        value: encode(artifact, expected + 1),
        ttlSeconds: whole(ttlSeconds),
        receipt: receipt?.body ?? '',
        receiptTtlSeconds: whole(receipt?.ttlSeconds ?? 1),
      })
    },
    receipt: async (kind, id) => (await redis.get(receiptKeyOf(kind, id))) ?? undefined,
    async extend(kind, id, ttlSeconds) {
      await redis.expire(keyOf(kind, id), whole(ttlSeconds), 'GT')
    },
    async remove(kind, id) {
      const removed = redis.del(keyOf(kind, id), receiptKeyOf(kind, id))
      await kept(Promise.all([removed, isListed(kind) && listings.remove(kind, hashId(id))]))
    },
    async raise(kind, id, atMs, ttlSeconds) {
      await kept(redis.eval(RAISE, 1, keyOf(kind, id), encode({ atMs }, 0), atMs, whole(ttlSeconds)))
    },
    async increment(key, windowSeconds, by = 1) {
      return Number(await redis.eval(INCREMENT, 1, `${prefix}Counter:{${hashId(key)}}`, whole(windowSeconds), by))
    },
  }
}

/** Names of people and clients, which are read with every token of theirs: no bearer values. */
const NAMED_KIND = 'NotBefore'
const MOST_NAMES = 10_000

/** The key of an artifact. Those of names are remembered: hashing one costs more than the rest of a read. */
function createKeyOf(prefix: string): (kind: string, id: string) => string {
  const named = new Map<string, string>()
  return (kind, id) => {
    if (kind !== NAMED_KIND) return `${prefix}${kind}:{${hashId(id)}}`
    const known = named.get(id)
    if (known !== undefined) return known
    const key = `${prefix}${kind}:{${hashId(id)}}`
    if (named.size >= MOST_NAMES) named.clear()
    named.set(id, key)
    return key
  }
}

function isListed(kind: string): kind is ListedKind {
  return LISTED_KINDS.some((listed) => listed === kind)
}

function whole(seconds: number): number {
  return Math.max(1, Math.ceil(seconds))
}

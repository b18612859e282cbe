import { Redis } from 'ioredis'
import { hashId } from './hash-id.ts'
import { type Artifact, STORAGE_INDEXES, type Storage, StorageError, type StoredArtifact } from './storage.ts'

const COMMAND_TIMEOUT_MS = 1000
const CONNECT_TIMEOUT_MS = 5000

/**
 * A value is `version consumedAt json`, consumedAt 0 while unused: the scripts below read the first two without
 * parsing the third. Each script touches the keys of one artifact only, which share a hash tag, so they run on a
 * cluster as well.
 */
const SCRIPTS = {
  consumeArtifact: {
    numberOfKeys: 1,
    lua: `local value = redis.call('GET', KEYS[1])
      if not value then return 0 end
      local version, consumed, json = string.match(value, '^(%d+) (%d+) (.*)$')
      if consumed ~= '0' then return 0 end
      redis.call('SET', KEYS[1], version .. ' ' .. ARGV[1] .. ' ' .. json, 'KEEPTTL')
      return 1`,
  },
  swapArtifact: {
    numberOfKeys: 2,
    lua: `local value = redis.call('GET', KEYS[1])
      if not value or string.match(value, '^%d+') ~= ARGV[1] then return 0 end
      redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
      if ARGV[4] ~= '' then redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5]) end
      return 1`,
  },
  incrementCounter: {
    numberOfKeys: 1,
    lua: `local count = redis.call('INCRBY', KEYS[1], ARGV[2])
      if count < 0 then
        count = 0
        redis.call('SET', KEYS[1], 0, 'KEEPTTL')
      end
      if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
      return count`,
  },
} as const

type Scripted = Redis & {
  consumeArtifact(key: string, consumedAt: number): Promise<number>
  swapArtifact(
    key: string,
    receiptKey: string,
    expected: number,
    value: string,
    ttlSeconds: number,
    receipt: string,
    receiptTtlSeconds: number,
  ): Promise<number>
  incrementCounter(key: string, windowSeconds: number, by: number): Promise<number>
}

/**
 * Opens the Redis at `url`.
 *
 * @throws {StorageError} when it does not answer.
 */
export async function openRedisStorage(url: string, onError: (error: unknown) => void = () => {}): Promise<Storage> {
  const redis = connect(url)
  redis.on('error', onError)
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    redis.disconnect()
    throw new StorageError(
      `REDIS_URL does not answer at ${withoutCredentials(url)} (${(error as Error).message}). ` +
        'Start Redis or correct the address and credentials, or unset REDIS_URL to keep sessions in the database.',
    )
  }
  return createRedisStorage(redis, onError)
}

function connect(url: string): Scripted {
  return new Redis(url, {
    lazyConnect: true,
    enableAutoPipelining: true,
    enableOfflineQueue: true,
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    scripts: SCRIPTS,
  }) as Scripted
}

function createRedisStorage(redis: Scripted, onError: (error: unknown) => void): Storage {
  const subscriber = redis.duplicate({ enableAutoPipelining: false, lazyConnect: true })
  subscriber.on('error', onError)

  const keyOf = (kind: string, id: string) => `${kind}:{${hashId(id)}}`
  const receiptKeyOf = (kind: string, id: string) => `${kind}:receipt:{${hashId(id)}}`
  const indexKeyOf = (kind: string, index: string, value: string) => `${kind}:${index}:{${hashId(value)}}`

  async function putIndexes(kind: string, id: string, artifact: Artifact, ttlSeconds: number): Promise<void> {
    for (const index of STORAGE_INDEXES) {
      const value = artifact[index]
      if (typeof value === 'string') await redis.set(indexKeyOf(kind, index, value), hashId(id), 'EX', ttlSeconds)
    }
  }

  return {
    async put(kind, id, artifact, ttl) {
      const ttlSeconds = whole(ttl)
      await Promise.all([
        redis.set(keyOf(kind, id), encode(artifact, 0), 'EX', ttlSeconds),
        putIndexes(kind, id, artifact, ttlSeconds),
      ])
    },
    async putOnce(kind, id, artifact, ttlSeconds) {
      return (await redis.set(keyOf(kind, id), encode(artifact, 0), 'EX', whole(ttlSeconds), 'NX')) === 'OK'
    },
    get: async (kind, id) => decode(await redis.get(keyOf(kind, id))),
    getMany: async (keys) => {
      const values = await Promise.all(keys.map(({ kind, id }) => redis.get(keyOf(kind, id))))
      return values.map(decode)
    },
    async findBy(kind, index, value) {
      const hashed = await redis.get(indexKeyOf(kind, index, value))
      return hashed ? decode(await redis.get(`${kind}:{${hashed}}`)) : undefined
    },
    async consume(kind, id) {
      return (await redis.consumeArtifact(keyOf(kind, id), Math.floor(Date.now() / 1000))) === 1
    },
    async swap(kind, id, expected, { artifact, ttlSeconds, receipt }) {
      const swapped = await redis.swapArtifact(
        keyOf(kind, id),
        receiptKeyOf(kind, id),
        expected,
        encode(artifact, expected + 1),
        whole(ttlSeconds),
        receipt?.body ?? '',
        whole(receipt?.ttlSeconds ?? 1),
      )
      return swapped === 1
    },
    receipt: async (kind, id) => (await redis.get(receiptKeyOf(kind, id))) ?? undefined,
    async extend(kind, id, ttlSeconds) {
      await redis.expire(keyOf(kind, id), whole(ttlSeconds), 'GT')
    },
    async remove(kind, id) {
      await redis.del(keyOf(kind, id))
    },
    increment: (key, windowSeconds, by = 1) =>
      redis.incrementCounter(`Counter:{${hashId(key)}}`, whole(windowSeconds), by),
    async publish(topic) {
      await redis.publish(topic, '')
    },
    subscribe(topic, listener) {
      subscriber.on('message', (received) => {
        if (received === topic) listener()
      })
      subscriber.subscribe(topic).catch(onError)
    },
    async ping() {
      await redis.ping()
    },
    async close() {
      subscriber.disconnect()
      await redis.quit().catch(() => redis.disconnect())
    },
  }
}

function encode(artifact: Artifact, version: number): string {
  return `${version} 0 ${JSON.stringify(artifact)}`
}

function decode(value: string | null): StoredArtifact | undefined {
  if (value === null) return undefined
  const first = value.indexOf(' ')
  const second = value.indexOf(' ', first + 1)
  const consumedAt = Number(value.slice(first + 1, second))
  return {
    artifact: JSON.parse(value.slice(second + 1)) as Artifact,
    version: Number(value.slice(0, first)),
    ...(consumedAt > 0 && { consumedAt }),
  }
}

function whole(seconds: number): number {
  return Math.max(1, Math.ceil(seconds))
}

function withoutCredentials(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url)
    return `${protocol}//${host}${pathname}`
  } catch {
    return 'the given address, which is not a URL'
  }
}

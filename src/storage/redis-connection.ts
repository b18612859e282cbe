import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../thrown.ts'
import type { RedisAddress } from './redis-address.ts'
import { StorageError } from './storage.ts'

const CONNECT_TIMEOUT_MS = 2000
const COMMAND_TIMEOUT_MS = 1000
/** A connection that is silent for so long while we wait for an answer is given up and made anew. */
const SILENCE_MS = 2500
const LONGEST_PAUSE_MS = 1000
const KEEP_ALIVE_MS = 10_000

/**
 * A connection that tells at once that it is down, instead of queueing, and comes back by itself within a second of
 * the server's return. A command whose connection broke is never sent twice: the second might undo what the first
 * did, such as losing against itself.
 */
export function connectRedis(address: RedisAddress, { isSubscriber = false } = {}): Redis {
  const options: RedisOptions = {
    ...credentials(address),
    lazyConnect: true,
    // Pipelines follow each other: what a request asks for at once would be answered one after the other.
    enableAutoPipelining: false,
    // Subscriptions wait for the connection and are renewed with it.
    enableOfflineQueue: isSubscriber,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: isSubscriber ? null : 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(!isSubscriber && { commandTimeout: COMMAND_TIMEOUT_MS }),
    socketTimeout: SILENCE_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: pauseMs,
    reconnectOnError: isNotPrimary,
  }
  if (address.form === 'cluster') {
    // A cluster answers the same commands; ioredis types the two apart.
    return new Cluster([...address.nodes], clusterOptions(options, isSubscriber)) as unknown as Redis
  }
  const [node] = address.nodes
  return new Redis({
    ...options,
    db: address.database,
    ...(address.form === 'single' ? node : sentinelOptions(address)),
  })
}

/** Connects again a connection that gave up for good, as one does whose Sentinels were lost in the middle of asking. */
export function reviveWhenEnded(redis: Redis, onError: (error: unknown) => void): { stop(): void } {
  let isStopped = false
  redis.on('end', () => {
    const revive = () => {
      if (!isStopped) redis.connect().catch(onError)
    }
    setTimeout(revive, LONGEST_PAUSE_MS).unref()
  })
  return {
    stop() {
      isStopped = true
    },
  }
}

function credentials(address: RedisAddress): RedisOptions {
  const { username, password, isEncrypted } = address
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(isEncrypted && { tls: tlsOptions(address) }),
  }
}

/** @throws {StorageError} when a file cannot be read. */
function tlsOptions({ tlsFiles }: RedisAddress): ConnectionOptions {
  const read = ([name, path]: [string, string]) => {
    try {
      return [name, readFileSync(path)] as const
    } catch (error) {
      throw new StorageError(`REDIS_URL names ${path} for "${name}", which cannot be read: ${messageOf(error)}.`)
    }
  }
  return Object.fromEntries(Object.entries(tlsFiles).map(read))
}

function sentinelOptions(address: RedisAddress): RedisOptions {
  const { nodes, primary, sentinelPassword, isEncrypted } = address
  return {
    sentinels: [...nodes],
    name: primary as string, // a Sentinel address names its primary
    ...(sentinelPassword && { sentinelPassword }),
    ...(isEncrypted && { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(address) }),
    sentinelRetryStrategy: pauseMs,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
  }
}

function clusterOptions(redisOptions: RedisOptions, isSubscriber: boolean): ClusterOptions {
  const { lazyConnect, enableOfflineQueue, retryStrategy: _, ...perNode } = redisOptions
  return {
    redisOptions: perNode,
    lazyConnect: lazyConnect === true,
    enableOfflineQueue: isSubscriber || enableOfflineQueue === true,
    clusterRetryStrategy: pauseMs,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: 5000,
  }
}

function pauseMs(attempts: number): number {
  return Math.min(attempts * 50, LONGEST_PAUSE_MS)
}

/** A primary that became a replica keeps its connections: leave it, the address may lead to the new one by now. */
function isNotPrimary(error: Error): boolean {
  return error.message.includes('READONLY')
}

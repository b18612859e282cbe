import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../src/database/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openRedisStorage } from '../../src/storage/redis.ts'
import { createSqlStorage } from '../../src/storage/sql.ts'
import { openSqliteStorage } from '../../src/storage/sqlite/index.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Backend } from '../support/binaries.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'
import { startRedisSentinel } from '../support/redis-sentinel.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

/** A storage backend that can be opened several times, as by several nodes. */
export type StoragePlace = {
  /** Settings that lead another process to the same place; absent when none can get there. */
  readonly settings?: { readonly REDIS_URL?: string; readonly DATABASE_URL?: string }
  /** A node of its own on this place. */
  open(): Promise<Storage>
  close(): Promise<void>
}

export type StorageBackend = {
  readonly name: string
  readonly needs?: Backend
  /** Makes the place: an empty database, a cluster. */
  prepare(): Promise<StoragePlace>
}

/** Backends inside the process. */
export const embeddedBackends: readonly StorageBackend[] = [
  { name: 'memory', prepare: memory },
  { name: 'SQLite', prepare: embedded },
]

/** Backends on servers of this test run. */
export const distributedBackends: readonly StorageBackend[] = [
  { name: 'Postgres', needs: 'postgres', prepare: postgres },
  { name: 'Redis', needs: 'redis', prepare: async () => redisPlace(await createRedisDatabase()) },
  { name: 'Redis Sentinel', needs: 'sentinel', prepare: sentinel },
  { name: 'Redis Cluster', needs: 'cluster', prepare: cluster },
]

/** Every backend there is. */
export const storageBackends: readonly StorageBackend[] = [...embeddedBackends, ...distributedBackends]

async function memory(): Promise<StoragePlace> {
  const storage = createMemoryStorage()
  return { open: async () => storage, close: async () => {} }
}

async function embedded(): Promise<StoragePlace> {
  const directory = temporaryDirectory('storage')
  const dataDir = await copyTemplate('migrated', directory)
  const { knex, ...database } = await openDatabase({ DATA_DIR: dataDir })
  const storage = await openSqliteStorage({ dataDir, knex, onError: (error) => console.error(error) })
  return {
    open: async () => storage,
    async close() {
      await storage.close()
      await database.close()
    },
  }
}

async function postgres(): Promise<StoragePlace> {
  const settings = { DATABASE_URL: await createDatabase(), DATA_DIR: '' }
  return collect(settings, async () => {
    const database = await openDatabase(settings)
    const storage = createSqlStorage(database.knex)
    return {
      ...storage,
      async close() {
        await storage.close()
        await database.close()
      },
    }
  })
}

function redisPlace(url: string, stop: () => Promise<void> = async () => {}): StoragePlace {
  const settings = { REDIS_URL: `${url}?prefix=${randomUUID().slice(0, 8)}:` }
  return collect(settings, () => openRedisStorage(settings.REDIS_URL), stop)
}

async function sentinel(): Promise<StoragePlace> {
  const servers = await startRedisSentinel()
  return redisPlace(`redis+sentinel://${servers.addresses.join(',')}/${servers.name}`, servers.stop)
}

async function cluster(): Promise<StoragePlace> {
  const servers = await startRedisCluster()
  return redisPlace(`redis+cluster://${servers.addresses.join(',')}`, servers.stop)
}

/** Closes what was opened before the servers stop. */
function collect(
  settings: StoragePlace['settings'],
  open: () => Promise<Storage>,
  stop: () => Promise<void> = async () => {},
): StoragePlace {
  const opened: Storage[] = []
  return {
    ...(settings && { settings }),
    async open() {
      const storage = await open()
      opened.push(storage)
      return storage
    },
    async close() {
      for (const storage of opened) await storage.close()
      await stop()
    },
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { startRedis } from '../../test/support/redis-server.ts'
import { temporaryDirectory } from '../../test/support/run-directory.ts'
import { loadDemoInto } from '../../test/support/templates.ts'

/** Where contestants keep their records; each call gives an empty place, or one with the demo shop. */
export type Stores = {
  demoDatabase(): Promise<string>
  redisDatabase(): Promise<string>
  /** A DATA_DIR for the embedded database. */
  dataDirectory(): Promise<string>
  /** Processes whose work is that of stores; none where they belong to others. */
  readonly pids: readonly number[]
}

export type OwnStores = Stores & { stop(): Promise<void> }

/** What of the stores' settings a run changes. */
type StoreSettings = { readonly postgres?: Readonly<Record<string, string>>; readonly redis?: readonly string[] }

/** Starts a Postgres and a Redis for the run, on the cores of this process. */
export async function startStores(settings: StoreSettings = {}): Promise<OwnStores> {
  const redis = await startRedis({ args: ['--databases', '1000', ...(settings.redis ?? [])] })
  const postgres = await startPostgres({ max_connections: '400', ...settings.postgres })
  let redisDatabases = 0
  return {
    async demoDatabase() {
      const url = await postgres.createDatabase()
      await loadDemoInto(url)
      return url
    },
    redisDatabase: async () => `${redis.url}/${redisDatabases++}`,
    dataDirectory: async () => join(temporaryDirectory('embedded'), 'data'),
    pids: existsSync('/proc/self/schedstat') ? [redis.pid, postgres.pid] : [],
    async stop() {
      await redis.stop()
      await postgres.stop()
    },
  }
}

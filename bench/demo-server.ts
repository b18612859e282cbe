import { join } from 'node:path'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { closeRunDirectory, openRunDirectory, temporaryDirectory } from '../test/support/run-directory.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../test/support/server.ts'
import { loadDemoInto } from '../test/support/templates.ts'

/** Where a server that is measured keeps its rows and counters. */
export type Backends = 'embedded' | 'postgres+redis'

/** Runs `measure` against a server process with the demo shop on private backends, and takes everything down after. */
export async function withDemoServer(
  backends: Backends,
  settings: TestSettings,
  measure: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const directory = openRunDirectory()
  const stops: (() => Promise<unknown>)[] = []
  try {
    const addresses =
      backends === 'embedded' ? { DATA_DIR: join(temporaryDirectory(), 'data') } : await distributed(stops)
    const server = await startServerProcess({ LOG_LEVEL: 'fatal', ...addresses, ...settings })
    stops.push(server.kill)
    await measure(server)
  } finally {
    for (const stop of stops.reverse()) await stop()
    closeRunDirectory(directory)
  }
}

async function distributed(stops: (() => Promise<unknown>)[]): Promise<TestSettings> {
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const redis = await startRedis()
  stops.push(redis.stop)
  const DATABASE_URL = await postgres.createDatabase()
  await loadDemoInto(DATABASE_URL)
  return { DATABASE_URL, REDIS_URL: redis.url }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launchChromiumServer } from './chromium.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { loadDemoInto, makeDemoTemplate, makeMigratedTemplate, migrateDatabase } from './templates.ts'

/** What a test file can ask for; the answer is a URL or a directory. */
export type SharedThing =
  | 'postgres-database'
  | 'postgres-migrated-database'
  | 'postgres-demo-database'
  | 'redis-database'
  | 'migrated-template'
  | 'demo-template'
  | 'chromium'

export type SharedServers = {
  /** Where `askShared` asks. */
  readonly url: string
  /** Makes the embedded databases now, so that no test waits for them against its deadline. */
  prepareTemplates(): Promise<void>
  close(): Promise<void>
}

/**
 * One Postgres, one Redis, one embedded database and one Chromium per run, each made when the first test file asks for it:
 * a run that needs none of them waits for none. Test files run in processes of their own, so they ask over HTTP.
 */
export async function openSharedServers(): Promise<SharedServers> {
  const started: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(server: T) => {
    started.push(server)
    return server
  }
  const postgres = once(async (): Promise<PostgresServer> => keep(await startPostgres()))
  const redis = once(async (): Promise<RedisServer> => keep(await startRedis({ args: ['--databases', '1000'] })))
  const postgresMigrated = once(async () => {
    const url = await (await postgres()).createDatabase()
    await migrateDatabase(url)
    return url
  })
  const postgresDemo = once(async () => {
    const url = await (await postgres()).createDatabase(await postgresMigrated())
    await loadDemoInto(url)
    return url
  })
  const migrated = once(makeMigratedTemplate)
  const chromium = once(async () => {
    const server = await launchChromiumServer()
    keep({ stop: () => server.close() })
    return server
  })
  let redisDatabases = 0
  const answers: Record<SharedThing, () => Promise<string>> = {
    'postgres-database': async () => (await postgres()).createDatabase(),
    'postgres-migrated-database': async () => (await postgres()).createDatabase(await postgresMigrated()),
    'postgres-demo-database': async () => (await postgres()).createDatabase(await postgresDemo()),
    'redis-database': async () => `${(await redis()).url}/${redisDatabases++}`,
    'migrated-template': migrated,
    chromium: async () => (await chromium()).wsEndpoint(),
    'demo-template': once(async () => makeDemoTemplate(await migrated())),
  }

  const server = createServer((request, response) => {
    // A test file may be busy for longer than a connection is kept; it must not find one that is closing.
    response.setHeader('connection', 'close')
    const thing = request.url?.slice(1) as SharedThing
    answers[thing]()
      .then((text) => response.end(text))
      .catch((error: Error) => response.writeHead(500).end(error.message))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async prepareTemplates() {
      // A failure is reported to the tests that ask.
      await Promise.allSettled([answers['migrated-template'](), answers['demo-template']()])
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await Promise.all(started.map((each) => each.stop()))
    },
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Config, readConfig, type SettingName } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { start } from '../../src/server.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { copyTemplate } from './embedded-template.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './run-directory.ts'
import type { TemplateKind } from './shared.ts'
import { createTestDatabase } from './test-database.ts'
import { waitFor } from './wait-for.ts'

/** Settings as they would be written in the environment. */
export type TestSettings = Partial<Record<SettingName, string>>

export type TestServer = {
  /** The public address, which is the issuer too. */
  readonly url: string
  readonly adminUrl: string
  readonly config: Config
  /** What was logged so far, a JSON object a line; empty unless `captureLog` is on. */
  readonly logLines: readonly string[]
  stop(): Promise<void>
}

/** How a server is started. */
export type TestServerOptions = {
  readonly captureLog?: boolean
  /** Asks for the embedded database, also where Postgres is installed. */
  readonly isEmbedded?: boolean
}

type ServerProcessOptions = {
  readonly waitUntilReady?: boolean
  readonly program?: string
  /** What Node is given before the program. */
  readonly nodeArguments?: readonly string[]
}

export type ServerProcess = Daemon & {
  readonly url: string
  readonly adminUrl: string
  /** The settings it was given: start a second process on the same data with them. */
  readonly settings: TestSettings
}

const PROGRAM = fileURLToPath(new URL('../../bin/vestibule.js', import.meta.url))
const READY_DEADLINE_MS = 240_000

/**
 * Starts the server inside the test's process, silent, with signing keys of its own and a demo database of its own
 * (`createTestDatabase`) unless `settings` name a DATABASE_URL or a DATA_DIR.
 */
export async function startTestServer(
  settings: TestSettings = {},
  { captureLog = false, isEmbedded }: TestServerOptions = {},
): Promise<TestServer> {
  const directory = temporaryDirectory('server')
  const level = captureLog ? 'info' : 'silent'
  const database = bringsDatabase(settings)
    ? undefined
    : await createTestDatabase(templateFor(settings), { directory, isEmbedded })
  const given = { LOG_LEVEL: level, ...database?.settings, ...settings }
  const config = readConfig(await completeSettings(directory, given))
  const logLines: string[] = []
  const log = createLog(config.LOG_LEVEL, { write: (line) => void logLines.push(line) })
  const server = await start(config, { log })
  return {
    url: server.publicUrl,
    adminUrl: server.adminUrl,
    config,
    logLines,
    async stop() {
      await server.stop()
      await database?.remove()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/**
 * Starts `vestibule serve` as a process of its own, with nothing in its environment but `settings`, and waits until
 * it is ready. Its database is embedded unless `settings` name one. With `waitUntilReady: false` it returns at once:
 * for starts that must be refused, and for races. Another `program` is the same one of another time.
 */
export async function startServerProcess(
  settings: TestSettings = {},
  { waitUntilReady = true, program = PROGRAM, nodeArguments = [] }: ServerProcessOptions = {},
): Promise<ServerProcess> {
  const adminPort = settings.ADMIN_PORT ?? String(await freePort())
  const directory = temporaryDirectory('server')
  if (!bringsDatabase(settings)) await copyTemplate(templateFor(settings), directory)
  const complete = await completeSettings(directory, { LOG_LEVEL: 'info', ...settings, ADMIN_PORT: adminPort })
  const daemon = await startDaemon(process.execPath, [...nodeArguments, program, 'serve'], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...complete },
  })
  const url = `http://localhost:${complete.PORT}`
  if (waitUntilReady) await untilReady(daemon, url)
  return { ...daemon, url, adminUrl: `http://127.0.0.1:${adminPort}`, settings: complete }
}

async function untilReady(daemon: Daemon, url: string): Promise<void> {
  const answers = async () => !daemon.isRunning() || (await fetch(`${url}/health/ready`)).ok
  try {
    await waitFor(answers, { deadlineMs: READY_DEADLINE_MS, what: `${url}/health/ready` })
    if (!daemon.isRunning()) throw new Error('the server ended while starting')
  } catch (error) {
    await daemon.kill()
    throw new Error(`${(error as Error).message}\n${daemon.stdout()}${daemon.stderr()}`, { cause: error })
  }
}

function bringsDatabase({ DATABASE_URL, DATA_DIR }: TestSettings): boolean {
  return DATABASE_URL !== undefined || DATA_DIR !== undefined
}

function templateFor({ DEMO }: TestSettings): TemplateKind {
  return DEMO === 'false' ? 'migrated' : 'demo'
}

/** Fills in what a server of its own needs: free ports, an issuer that fits, a directory for data and one for keys. */
async function completeSettings(directory: string, given: TestSettings): Promise<TestSettings> {
  const port = given.PORT ?? String(await freePort())
  return {
    ISSUER: `http://localhost:${port}`,
    HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    DATA_DIR: join(directory, 'data'),
    KEYS_URL: `file:${join(directory, 'keys')}`,
    DEMO: 'true',
    ...given,
    PORT: port,
  }
}

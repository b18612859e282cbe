import { execFile } from 'node:child_process'
import { chownSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { backends, findPostgres } from './binaries.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { freePort } from './free-port.ts'
import { temporaryDirectory } from './run-directory.ts'
import { waitFor } from './wait-for.ts'

/** A private Postgres on a free port of 127.0.0.1, superuser `postgres`, no password. */
export type PostgresServer = {
  /** The `postgres` database: for maintenance, not for tests. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Makes an empty database, or a copy of the one at `templateUrl`, to which nobody is connected; returns its URL. */
  createDatabase(templateUrl?: string): Promise<string>
  /** `kill -9`, all its processes; `restart` brings it back on the same data and port. */
  kill(): Promise<void>
  /** Freezes every process of the server: connections stay open, nothing answers. */
  pause(): void
  resume(): void
  /** Ends a standby's following: it takes writes from here on. */
  promote(): Promise<void>
  /** Starts again on the same data and port, after a clean shutdown if it still runs. */
  restart(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

type Owner = { readonly uid?: number; readonly gid?: number }

const START_DEADLINE_MS = 120_000

/**
 * Starts a standby that follows `primary` by streaming replication, and lets the primary acknowledge nothing that the
 * standby does not have (`synchronous_standby_names`, with `synchronous_commit` as it is by default).
 */
export async function startSynchronousStandby(primary: PostgresServer): Promise<PostgresServer> {
  const standby = await startPostgres({}, primary)
  await query(primary.url, `alter system set synchronous_standby_names = '*'`)
  await query(primary.url, 'select pg_reload_conf()')
  const isFollowed = async () =>
    (await query(primary.url, `select 1 from pg_stat_replication where sync_state = 'sync'`)).rowCount === 1
  await waitFor(isFollowed, { deadlineMs: START_DEADLINE_MS, what: 'the standby to follow' })
  return standby
}

/**
 * Makes a data directory, or copies that of `primary` to follow it, and starts Postgres on it; `settings` are settings
 * of postgresql.conf.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  primary?: PostgresServer,
): Promise<PostgresServer> {
  const binaries = findPostgres()
  if (!binaries) throw new Error(backends.postgres.fix)
  const owner = unprivilegedUser()
  const directory = temporaryDirectory('postgres')
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(directory, owner.uid, owner.gid)
  if (primary) await copyDataDirectory(besides(join(binaries, 'postgres'), 'pg_basebackup'), directory, owner, primary)
  else await makeDataDirectory(join(binaries, 'initdb'), directory, owner)

  const port = await freePort()
  const args = serverArguments(join(directory, 'data'), port, settings)
  const start = () => startAndWait(join(binaries, 'postgres'), args, { cwd: directory, ...owner }, urlOf(port))
  let daemon = await start()
  let databases = 0

  return {
    url: urlOf(port),
    port,
    get pid() {
      return daemon.pid
    },
    async createDatabase(templateUrl) {
      const name = `test_${++databases}`
      const template = templateUrl ? new URL(templateUrl).pathname.slice(1) : 'template1'
      await query(urlOf(port), `create database ${name} template ${template}`)
      return urlOf(port, name)
    },
    promote: async () => void (await query(urlOf(port), 'select pg_promote()')),
    kill: async () => void (await daemon.kill()),
    pause: () => daemon.pause(),
    resume: () => daemon.resume(),
    async restart() {
      daemon.resume()
      await daemon.end('SIGINT')
      daemon = await start()
    },
    async stop() {
      daemon.resume()
      // SIGQUIT is the immediate shutdown: quick, and it gives shared memory back, which SIGKILL does not.
      await daemon.end('SIGQUIT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function makeDataDirectory(initdb: string, directory: string, owner: Owner): Promise<void> {
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C'
  await promisify(execFile)(
    initdb,
    ['-D', 'data', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', `--locale=${locale}`, '--no-sync'],
    { cwd: directory, ...owner },
  )
}

async function copyDataDirectory(command: string, cwd: string, owner: Owner, { port }: PostgresServer): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres']
  await promisify(execFile)(command, ['-D', 'data', '-R', '-c', 'fast', '--no-sync', ...from], { cwd, ...owner })
}

/** A program that is installed where another one really is, and may not be linked to from where that one is. */
function besides(program: string, name: string): string {
  return join(dirname(realpathSync(program)), name)
}

/** Durable against `kill -9`, not against a power cut: that is what `fsync=off` gives up for speed. */
function serverArguments(data: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
    max_connections: '200',
    ...settings,
  }
  return ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

async function startAndWait(
  command: string,
  args: readonly string[],
  options: Parameters<typeof startDaemon>[2],
  url: string,
): Promise<Daemon> {
  const daemon = await startDaemon(command, args, options)
  const answers = async () => !daemon.isRunning() || (await query(url, 'select 1'))
  await waitFor(answers, { deadlineMs: START_DEADLINE_MS, what: 'Postgres to answer' })
  if (!daemon.isRunning()) throw new Error(`Postgres ended while starting:\n${daemon.stderr()}`)
  return daemon
}

async function query(connectionString: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 })
  // A server killed under the connection is reported by the query; a second report would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

function urlOf(port: number, database = 'postgres'): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`
}

/** Postgres refuses to run as root; root runs it as the first of these users. */
function unprivilegedUser(): Owner {
  if (process.getuid?.() !== 0) return {}
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('Postgres refuses to run as root, and there is no user named postgres or nobody')
}

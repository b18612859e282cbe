/**
 * How long does a start take, and how much memory does a server hold that nobody asks anything? It reads /proc: Linux only.
 *
 * npm run bench:footprint [-- embedded|postgres+redis starts idle-seconds]
 */
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Daemon, startDaemon } from '../test/support/daemon.ts'
import { freePort } from '../test/support/free-port.ts'
import { basicAuth, postForm, postJson } from '../test/support/http.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { closeRunDirectory, openRunDirectory, temporaryDirectory } from '../test/support/run-directory.ts'
import type { TestSettings } from '../test/support/server.ts'
import { waitFor } from '../test/support/wait-for.ts'
import { startArguments } from './start-command.ts'

type Server = { readonly daemon: Daemon; readonly url: string; readonly adminUrl: string }
type Client = { readonly id: string; readonly secret: string }

const BACKENDS = process.argv[2] ?? 'embedded'
const STARTS = Number(process.argv[3] ?? 3)
const IDLE_MS = Number(process.argv[4] ?? 30) * 1000
const START_DEADLINE_MS = 120_000
/** Of each kind of request, one after the other: enough to bring in what only requests do. */
const REQUESTS = 200
const SIGN_INS = 40
const ADMIN_TOKEN = 'an-admin-token-that-only-measures'
const DEMO_CLIENT: Client = { id: 'orders-service', secret: 'orders-service-secret' }

const runDirectory = openRunDirectory()
const stops: (() => Promise<unknown>)[] = []
try {
  await (BACKENDS === 'embedded' ? measureEmbedded() : measureDistributed())
} finally {
  for (const stop of stops.reverse()) await stop()
  closeRunDirectory(runDirectory)
}

/** `npm start` in a fresh clone: no database, no keys, nothing in Node's cache of compiled code. */
async function measureEmbedded(): Promise<void> {
  let directory = ''
  for (let start = 0; start < STARTS; start++) {
    directory = temporaryDirectory('fresh')
    const first = await startServer(directory, {}, 'first start, with nothing in ./data')
    if (start === 0) await watchMemory(first, DEMO_CLIENT)
    await first.daemon.end('SIGTERM')
  }
  const again = await startServer(directory, {}, 'start on that database')
  await watchMemory(again, DEMO_CLIENT)
}

/** A node in production, on a database that has its tables. */
async function measureDistributed(): Promise<void> {
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const redis = await startRedis()
  stops.push(redis.stop)
  const directory = temporaryDirectory('node')
  const settings: TestSettings = {
    DATABASE_URL: await postgres.createDatabase(),
    REDIS_URL: redis.url,
    KEYS_URL: 'sql:',
    NODE_ENV: 'production',
    COOKIE_KEYS: 'a-cookie-key-that-only-measures',
    KEY_ENCRYPTION_KEY: 'a-key-for-keys-that-only-measures',
    ADMIN_TOKEN,
  }
  const first = await startServer(directory, settings, 'first start, migrations included')
  const client: Client = { id: 'measured', secret: 'a-secret-that-only-measures-0123' }
  const metadata = {
    client_id: client.id,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    first_party: true,
  }
  const authorization = `Bearer ${ADMIN_TOKEN}`
  const made = await postJson(`${first.adminUrl}/v1/clients`, { metadata, secret: client.secret }, { authorization })
  if (made.status !== 201) throw new Error(await made.text())
  await first.daemon.end('SIGTERM')
  for (let start = 1; start < STARTS; start++) {
    await (await startServer(directory, settings, 'start')).daemon.end('SIGTERM')
  }
  await watchMemory(await startServer(directory, settings, 'start'), client)
}

async function startServer(directory: string, settings: TestSettings, what: string): Promise<Server> {
  const PORT = String(await freePort())
  const ADMIN_PORT = String(await freePort())
  const url = `http://localhost:${PORT}`
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: directory,
    LOG_LEVEL: 'fatal',
    ...settings,
    PORT,
    ADMIN_PORT,
    ISSUER: url,
  }
  const startedMs = performance.now()
  const daemon = await startDaemon(process.execPath, startArguments(), { cwd: directory, env })
  stops.push(daemon.kill)
  const isReady = () => !daemon.isRunning() || daemon.stdout().includes('Vestibule is ready')
  await waitFor(isReady, { deadlineMs: START_DEADLINE_MS, what: 'the server to be ready' })
  if (!daemon.isRunning()) throw new Error(`${daemon.stdout()}${daemon.stderr()}`)
  const seconds = (performance.now() - startedMs) / 1000
  const load = (loadavg()[0] ?? 0).toFixed(1)
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${cpuSeconds(daemon).toFixed(1)} s of a core (load average ${load}), peak ${megabytes(daemon, 'VmHWM')} MB`,
  )
  return { daemon, url, adminUrl: `http://127.0.0.1:${ADMIN_PORT}` }
}

async function watchMemory(server: Server, client: Client): Promise<void> {
  await pause(IDLE_MS)
  console.log(`  idle for ${IDLE_MS / 1000} s: ${megabytes(server.daemon, 'VmRSS')} MB`)
  await askALittle(server, client)
  console.log(`  after some requests: ${megabytes(server.daemon, 'VmRSS')} MB`)
  await pause(IDLE_MS)
  console.log(`  and idle for ${IDLE_MS / 1000} s: ${megabytes(server.daemon, 'VmRSS')} MB`)
}

async function askALittle({ daemon, url }: Server, { id, secret }: Client): Promise<void> {
  const authorization = basicAuth(id, secret)
  const issue = () => postForm(`${url}/token`, { grant_type: 'client_credentials' }, authorization)
  const { access_token: token } = (await (await issue()).json()) as { access_token: string }
  // In production there is nobody to sign in: the check of an unknown login costs the same.
  const login = { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com', password: 'change123' }
  const kinds: Readonly<Record<string, [number, () => Promise<Response>]>> = {
    'client credentials': [REQUESTS, issue],
    introspection: [REQUESTS, () => postForm(`${url}/introspect`, { token }, authorization)],
    'key set': [REQUESTS, () => fetch(`${url}/jwks`)],
    'sign-in': [SIGN_INS, () => postForm(`${url}/token`, login)],
  }
  const costs: string[] = []
  for (const [name, [count, send]] of Object.entries(kinds)) {
    const before = cpuSeconds(daemon)
    for (let request = 0; request < count; request++) await (await send()).arrayBuffer()
    costs.push(`${name} ${(((cpuSeconds(daemon) - before) * 1000) / count).toFixed(1)}`)
  }
  console.log(`  milliseconds of a core for each request: ${costs.join(', ')}`)
}

/** The resident size of the process, or its peak: what the kernel counts, shared pages of the node binary included. */
function megabytes({ pid }: Daemon, counter: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] =
    new RegExp(`^${counter}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

/** User and system time of all threads, from clock ticks of 10 ms. */
function cpuSeconds({ pid }: Daemon): number {
  const fields =
    readFileSync(join('/proc', String(pid), 'stat'), 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

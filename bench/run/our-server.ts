import { join } from 'node:path'
import { startDaemon } from '../../test/support/daemon.ts'
import { freePort } from '../../test/support/free-port.ts'
import { basicAuth } from '../../test/support/http.ts'
import { temporaryDirectory } from '../../test/support/run-directory.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { startArguments } from '../start-command.ts'
import type { Cores, Pinning } from './cores.ts'
import type { OurStores } from './options.ts'
import type { Stores } from './stores.ts'
import { ask, askForTokens, form, type Target, type TokenKind } from './target.ts'

/** One way to run our server. */
export type OurSetup = { readonly stores: OurStores; readonly logLevel: string; readonly workers: number }

/** A server that takes turns. */
export type RunningServer = { readonly pid: number; readonly target: Target; stop(): Promise<void> }

type StartDeps = {
  readonly stores: Stores
  readonly pinning: Pinning
  readonly cores: Cores
  /** Further arguments of Node. */
  readonly nodeArguments?: readonly string[]
}

const SERVICE = { id: 'orders-service', secret: 'orders-service-secret' }
const APP = 'frontend'
const CUSTOMER = { login: 'ron@swanson.com', password: 'mysecretpassword' }
const PATHS = {
  jwks: '/jwks',
  discovery: '/.well-known/openid-configuration',
  token: '/token',
  introspection: '/introspect',
  revocation: '/revoke',
  userinfo: '/userinfo',
}

/**
 * Starts our server as `npm start` does, with the demo shop and every limit, audit and metric as they are by default.
 * Its log goes to a file: a pipe would make this process read it, on the core of the generator.
 */
export async function startOurServer(setup: OurSetup, deps: StartDeps): Promise<RunningServer> {
  const { stores, pinning, cores, nodeArguments = [] } = deps
  const directory = temporaryDirectory('ours')
  const port = await freePort()
  const command = pinning.on(cores, [process.execPath, ...nodeArguments, ...startArguments()])
  const daemon = await startDaemon('sh', ['-c', 'exec "$@" > server.log', 'sh', ...command], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...(await settingsOf(setup.stores, stores)),
      PORT: String(port),
      ADMIN_PORT: String(await freePort()),
      HOST: '127.0.0.1',
      ISSUER: `http://localhost:${port}`,
      KEYS_URL: `file:${join(directory, 'keys')}`,
      LOG_LEVEL: setup.logLevel,
      WORKERS: String(setup.workers),
    },
  })
  const isReady = async () => !daemon.isRunning() || (await fetch(`http://localhost:${port}/health/ready`)).ok
  await waitFor(isReady, { what: 'our server to be ready' })
  if (!daemon.isRunning()) throw new Error(`our server ended while starting: ${daemon.stderr()}`)
  return { pid: daemon.pid, target: targetAt(port), stop: async () => void (await daemon.end('SIGTERM')) }
}

async function settingsOf(kind: OurStores, stores: Stores): Promise<Record<string, string>> {
  switch (kind) {
    case 'embedded':
      return { DATA_DIR: await stores.dataDirectory() }
    case 'postgres':
      return { DATABASE_URL: await stores.demoDatabase() }
    case 'postgres+redis':
      return { DATABASE_URL: await stores.demoDatabase(), REDIS_URL: await stores.redisDatabase() }
  }
}

function targetAt(port: number): Target {
  const signIn = (scope: string) => () =>
    ask(
      port,
      form(PATHS.token, {
        grant_type: 'password',
        client_id: APP,
        username: CUSTOMER.login,
        password: CUSTOMER.password,
        scope,
      }),
    )
  const ofMachine = () =>
    ask(port, form(PATHS.token, { grant_type: 'client_credentials' }, basicAuth(SERVICE.id, SERVICE.secret)))
  const ways: Readonly<Record<TokenKind, (count: number) => Promise<string[]>>> = {
    machine: (count) => askForTokens(count, 'access_token', ofMachine),
    customer: (count) => askForTokens(count, 'access_token', signIn('customer')),
    'customer-openid': (count) => askForTokens(count, 'access_token', signIn('openid customer')),
    refresh: (count) => askForTokens(count, 'refresh_token', signIn('customer')),
    'refresh-openid': (count) => askForTokens(count, 'refresh_token', signIn('openid customer')),
  }
  return {
    port,
    paths: PATHS,
    service: SERVICE,
    app: APP,
    customer: CUSTOMER,
    tokens: (kind, count) => ways[kind](count),
  }
}

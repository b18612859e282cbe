/**
 * A customer is blocked: seconds until each service refuses the customer's token, by each of the ways a service can learn of it. The services
 * are those of docs/how-to/protect-a-service, each in a process of its own, beside an app that is told by back-channel logout. Ends with 1
 * where one of them never refuses.
 *
 * npm run tour:signed-out
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Receiver, startReceiver } from '../back-channel/receiver.ts'
import { type RunningStack, startStack } from '../docs/protect-a-service/running-stack.ts'
import { STACKS, type Stack } from '../docs/protect-a-service/stacks.ts'
import { obtainCode, RON_ID, redeem, ron, tokensOf } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { findJacksonJars, findPhp } from '../support/binaries.ts'
import { basicAuth } from '../support/http.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../support/run-directory.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { loadDemoInto } from '../support/templates.ts'

const RESOURCE = 'urn:example:tour'
const CALLBACK = 'https://rp.example/callback'
const TOKEN_SECONDS = 40
const FEED_TTL_SECONDS = 10
const DEADLINE_MS = 90_000
const SECRET = 'a-secret-that-is-long-enough-for-the-tour'

/** One way of one service; `isRefused` asks it once. */
type Way = { readonly service: string; readonly by: string; isRefused(): Promise<boolean> }

const directory = openRunDirectory()
const stops: (() => Promise<unknown>)[] = []
try {
  await walk()
} catch (error) {
  console.error(`\nThe tour broke off: ${(error as Error).stack}`)
  process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop()
  closeRunDirectory(directory)
}

async function walk(): Promise<void> {
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const DATABASE_URL = await postgres.createDatabase()
  await loadDemoInto(DATABASE_URL)
  const server = await startServerProcess({
    DATABASE_URL,
    ADMIN_TOKEN,
    LOG_LEVEL: 'warn',
    REVOCATION_FEED_TTL_SECONDS: String(FEED_TTL_SECONDS),
  })
  stops.push(() => server.end('SIGTERM'))
  const issuer = server.url
  const receiver = await startReceiver()
  stops.push(receiver.stop)
  await register(server, receiver)
  const services = await startServices(issuer)

  const app = basicAuth('tour-shop', SECRET)
  const login = { login: ron }
  const { code, verifier } = await obtainCode(
    server.url,
    { client_id: 'tour-shop', redirect_uri: CALLBACK, scope: 'openid' },
    login,
  )
  const signedIn = await redeem(issuer, code, verifier, { redirect_uri: CALLBACK }, app)
  if (signedIn.status !== 200) throw new Error(`not signed in: ${signedIn.status} ${await signedIn.text()}`)
  const asked = { ...ron, resource: RESOURCE, scope: 'orders:read orders:write' }
  const { access_token: token } = await tokensOf(issuer, asked, app)

  const ways = [...services.flatMap((service) => waysOf(service, token)), backChannel(receiver)]
  for (const { service, by, isRefused } of ways) {
    if (await isRefused()) throw new Error(`${service} (${by}) refuses a token that is good`)
  }
  const startedAt = performance.now()
  const blocked = await askAdmin(server, 'POST', `/v1/customers/${RON_ID}/block`, {})
  if (blocked.status >= 300) throw new Error(`not blocked: ${blocked.status}`)
  const seconds = await Promise.all(ways.map((way) => secondsUntilRefused(way, startedAt)))
  print(ways, seconds)
}

/** The resource server, the client of the services, and the app that the customer signs in to. */
async function register(server: ServerProcess, receiver: Receiver): Promise<void> {
  const resourceServer = {
    identifier: RESOURCE,
    scopes: ['orders:read', 'orders:write'],
    format: 'jwt',
    algorithm: 'ES256',
    accessTokenTtlSeconds: TOKEN_SECONDS,
  }
  const orders = {
    client_id: 'tour-orders',
    first_party: true,
    grant_types: ['client_credentials'],
    introspects: [RESOURCE],
  }
  const shop = {
    client_id: 'tour-shop',
    first_party: true,
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    resource_scopes: ['*'],
    backchannel_logout_uri: receiver.uri,
  }
  const made = [
    await askAdmin(server, 'POST', '/v1/resource-servers', resourceServer),
    await askAdmin(server, 'POST', '/v1/clients', { metadata: orders, secret: SECRET }),
    await askAdmin(server, 'POST', '/v1/clients', { metadata: shop, secret: SECRET }),
  ]
  const refused = made.find(({ status }) => status !== 201)
  if (refused) throw new Error(`not registered: ${JSON.stringify(refused.body)}`)
}

type Plan = readonly [name: string, read: string, stack: Stack]

type Service = { readonly name: string; readonly read: string; readonly running: RunningStack }

async function startServices(issuer: string): Promise<Service[]> {
  const settings = { ISSUER: issuer, AUDIENCE: RESOURCE, CLIENT_ID: 'tour-orders', CLIENT_SECRET: SECRET }
  const stack = (name: string) => STACKS.find((each) => each.name === name) as Stack
  const express = stack('Express')
  const waits = 'keys: { cooldownSeconds: 30 },'
  const planned: Plan[] = [
    ['Express with the package', `feed, a page each ${FEED_TTL_SECONDS} s`, express],
    [
      'Express with the package',
      'feed, the question held open',
      { ...express, changes: [[waits, `${waits}\n  revocations: { waitSeconds: 20 },`]] },
    ],
    ...(findJacksonJars() ? bothWays('Java, as Spring checks', stack('Java'), 'Revocations.refuseEnded(token);') : []),
    ...(findPhp() ? bothWays('PHP', stack('PHP'), '->refuseEnded($token)') : []),
  ]
  return Promise.all(
    planned.map(async ([name, read, each]) => {
      const running = await startStack(each, settings)
      stops.push(() => running.stop())
      return { name, read, running }
    }),
  )
}

/** As the page of the stack shows it, and without the line that asks what the feed said. */
function bothWays(name: string, stack: Stack, line: string): Plan[] {
  const deaf = { ...stack, changes: [...stack.changes, [line, '']] as const }
  return [
    [name, `feed, a page each ${FEED_TTL_SECONDS} s`, stack],
    [name, 'keys alone', deaf],
  ]
}

/** Reading checks the token as the service does for each request; writing asks introspection. */
function waysOf({ name, read, running }: Service, token: string): Way[] {
  const ask = (method: string) => async () => {
    const { status } = await fetch(`${running.url}/orders`, { method, headers: { authorization: `Bearer ${token}` } })
    if (status !== 200 && status !== 201 && status !== 401) throw new Error(`${name} answers ${status}`)
    return status === 401
  }
  const reads = { service: name, by: read, isRefused: ask('GET') }
  // Writing is the same in every variant of a service.
  return read === 'keys alone' || read.includes('held')
    ? [reads]
    : [reads, { service: name, by: 'introspection', isRefused: ask('POST') }]
}

/** An app with sessions of its own ends the customer's when it is told. */
function backChannel({ received }: Receiver): Way {
  return {
    service: 'An app with sessions of its own',
    by: 'back-channel logout',
    isRefused: async () => received.length > 0,
  }
}

async function secondsUntilRefused({ isRefused }: Way, startedAt: number): Promise<number | undefined> {
  while (performance.now() - startedAt < DEADLINE_MS) {
    if (await isRefused()) return (performance.now() - startedAt) / 1000
    await pause(100)
  }
  process.exitCode = 1
  return undefined
}

function print(ways: readonly Way[], seconds: readonly (number | undefined)[]): void {
  console.log(`A customer is blocked. Access tokens live ${TOKEN_SECONDS} s; this one was made moments before.\n`)
  console.log('| service | learns by | seconds until it refuses |\n|---|---|---|')
  const rows = ways.map(({ service, by }, index) => ({ service, by, took: seconds[index] }))
  for (const { service, by, took } of rows.sort((one, other) => (one.took ?? 1e9) - (other.took ?? 1e9))) {
    console.log(`| ${service} | ${by} | ${took === undefined ? 'never' : took.toFixed(1)} |`)
  }
}

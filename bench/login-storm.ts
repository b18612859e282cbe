/**
 * Does a storm of logins slow down everybody else? Token signing, introspection and JWKS are measured idle and with
 * 100 logins in flight, in turns within one run, and compared as ratios.
 *
 * node bench/login-storm.ts [rounds]
 */
import { basicAuth, postForm } from '../test/support/http.ts'
import { startServerProcess } from '../test/support/server.ts'
import { type Lane, type LaneFigures, runLanes } from './load.ts'

const ROUNDS = Number(process.argv[2] ?? 3)
const SECONDS = 5
const LOGINS_IN_FLIGHT = 100

const server = await startServerProcess({
  LOG_LEVEL: 'fatal',
  DATABASE_URL: process.env.DATABASE_URL,
  REDIS_URL: process.env.REDIS_URL,
} as never)
const service = basicAuth('orders-service', 'orders-service-secret')
const signIn = () =>
  postForm(`${server.url}/token`, {
    grant_type: 'password',
    client_id: 'frontend',
    username: 'ron@swanson.com',
    password: 'mysecretpassword',
  })
const { access_token } = (await (await signIn()).json()) as { access_token: string }

const quiet: Lane[] = [
  { name: 'jwks', connections: 2, send: () => fetch(`${server.url}/jwks`) },
  {
    name: 'introspection',
    connections: 2,
    send: () => postForm(`${server.url}/introspect`, { token: access_token }, service),
  },
  {
    name: 'client credentials',
    connections: 2,
    send: () => postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, service),
  },
]
const storm: Lane = { name: 'logins', connections: LOGINS_IN_FLIGHT, send: signIn }

try {
  await runLanes(quiet, 2)
  const idle: LaneFigures[][] = []
  const stormy: LaneFigures[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await runLanes(quiet, SECONDS))
    stormy.push(await runLanes([...quiet, storm], SECONDS))
  }
  console.log('lane                 idle p95 ms   storm p95 ms   ratio')
  for (const [index, { name }] of quiet.entries()) {
    const before = median(idle.map((figures) => figures[index]?.p95Ms ?? 0))
    const during = median(stormy.map((figures) => figures[index]?.p95Ms ?? 0))
    console.log(
      `${name.padEnd(20)} ${String(before).padStart(11)} ${String(during).padStart(14)} ${(during / before).toFixed(2).padStart(7)}`,
    )
  }
  const logins = stormy.map((figures) => figures.at(-1))
  console.log(`logins: ${logins.map((each) => `${each?.perSecond}/s (${each?.failures} refused)`).join(', ')}`)
} finally {
  await server.kill()
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

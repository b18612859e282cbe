/**
 * Does a storm of logins slow down everybody else? Token signing, introspection and JWKS are measured idle and with
 * 100 logins in flight, in turns within one run, and compared as ratios.
 *
 * npm run bench:logins [-- embedded|postgres+redis rounds]
 */
import { loadavg } from 'node:os'
import { basicAuth, postForm } from '../test/support/http.ts'
import { type Backends, withDemoServer } from './demo-server.ts'
import { runWorkloads, type Workload, type WorkloadFigures } from './load.ts'

const BACKENDS = (process.argv[2] ?? 'embedded') as Backends
const ROUNDS = Number(process.argv[3] ?? 3)
const SECONDS = 5
const LOGINS_IN_FLIGHT = 100
/** Between two requests of one of the quiet callers: they must not be a storm of their own. */
const PAUSE_MS = 20

await withDemoServer(BACKENDS, {}, async ({ url }) => {
  const service = basicAuth('orders-service', 'orders-service-secret')
  const signIn = () =>
    postForm(`${url}/token`, {
      grant_type: 'password',
      client_id: 'frontend',
      username: 'ron@swanson.com',
      password: 'mysecretpassword',
    })
  const { access_token } = (await (await signIn()).json()) as { access_token: string }
  const questions: Readonly<Record<string, () => Promise<Response>>> = {
    jwks: () => fetch(`${url}/jwks`),
    introspection: () => postForm(`${url}/introspect`, { token: access_token }, service),
    'client credentials': () => postForm(`${url}/token`, { grant_type: 'client_credentials' }, service),
  }
  const quiet = Object.entries(questions).map(
    ([name, send]): Workload => ({ name, send, connections: 2, pauseMs: PAUSE_MS }),
  )
  await compare(quiet, { name: 'logins', connections: LOGINS_IN_FLIGHT, send: signIn })
})

/** Idle and storm take turns, so that whatever else the machine does meets both alike. */
async function compare(quiet: readonly Workload[], storm: Workload): Promise<void> {
  await runWorkloads([...quiet, storm], 2)
  const idle: WorkloadFigures[][] = []
  const stormy: WorkloadFigures[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await runWorkloads(quiet, SECONDS))
    stormy.push(await runWorkloads([...quiet, storm], SECONDS))
  }
  console.log(`${BACKENDS}, ${ROUNDS} rounds, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  console.log('workload             idle p95 ms   storm p95 ms   ratio')
  for (const [index, { name }] of quiet.entries()) {
    const before = median(idle.map((figures) => figures[index]?.p95Ms ?? 0))
    const during = median(stormy.map((figures) => figures[index]?.p95Ms ?? 0))
    const ratio = (during / before).toFixed(2).padStart(7)
    console.log(`${name.padEnd(20)} ${String(before).padStart(11)} ${String(during).padStart(14)} ${ratio}`)
  }
  const logins = stormy.map((figures) => figures.at(-1))
  console.log(`logins: ${logins.map((each) => `${each?.perSecond}/s (${each?.failures} refused)`).join(', ')}`)
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/**
 * Does a storm of logins slow down everybody else? Token signing, introspection and JWKS are measured idle and with
 * 100 logins in flight, in turns within one run, and compared as ratios.
 *
 * npm run bench:logins [-- embedded|postgres+redis rounds seconds]
 */
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { basicAuth, postForm } from '../test/support/http.ts'
import { type Backends, withDemoServer } from './demo-server.ts'
import type { TurnFigures } from './generator/turn.ts'
import { startTurnProcess } from './generator/turn-process.ts'
import { runWorkloads, type Workload, type WorkloadFigures } from './load.ts'
import { ask, asText, form } from './run/target.ts'

const BACKENDS = (process.argv[2] ?? 'embedded') as Backends
const ROUNDS = Number(process.argv[3] ?? 3)
const SECONDS = Number(process.argv[4] ?? 5)
const LOGINS_IN_FLIGHT = 100
/** Between two requests of one of the quiet callers: they must not be a storm of their own. */
const PAUSE_MS = 20
const WARM_UP_SECONDS = 2

/** Sends the logins from a process of its own: what they cost it would lengthen the answers that are measured here. */
const GENERATOR = fileURLToPath(new URL('generator/generator.ts', import.meta.url))

await withDemoServer(BACKENDS, {}, async ({ url }) => {
  const service = basicAuth('orders-service', 'orders-service-secret')
  const port = Number(new URL(url).port)
  const login = form('/token', {
    grant_type: 'password',
    client_id: 'frontend',
    username: 'ron@swanson.com',
    password: 'mysecretpassword',
  })
  const { access_token } = JSON.parse(await ask(port, login)) as { access_token: string }
  const questions: Readonly<Record<string, () => Promise<Response>>> = {
    jwks: () => fetch(`${url}/jwks`),
    introspection: () => postForm(`${url}/introspect`, { token: access_token }, service),
    'client credentials': () => postForm(`${url}/token`, { grant_type: 'client_credentials' }, service),
  }
  const quiet = Object.entries(questions).map(
    ([name, send]): Workload => ({ name, send, connections: 2, pauseMs: PAUSE_MS }),
  )
  const generator = await startTurnProcess(GENERATOR, [process.execPath])
  const storm = (seconds: number): Promise<TurnFigures> =>
    generator.run({
      port,
      connections: LOGINS_IN_FLIGHT,
      plan: { kind: 'same', request: asText(login, port) },
      expects: 'access_token',
      warmUpSeconds: 0,
      seconds,
      server: [],
      stores: [],
    })
  await compare(quiet, storm).finally(generator.stop)
})

/** Idle and storm take turns, so that whatever else the machine does meets both alike. */
async function compare(quiet: readonly Workload[], storm: (seconds: number) => Promise<TurnFigures>): Promise<void> {
  console.log('measuring')
  await Promise.all([runWorkloads(quiet, WARM_UP_SECONDS), storm(WARM_UP_SECONDS)])
  const idle: WorkloadFigures[][] = []
  const stormy: WorkloadFigures[][] = []
  const logins: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await runWorkloads(quiet, SECONDS))
    const [figures, { requests, seconds, errors }] = await Promise.all([runWorkloads(quiet, SECONDS), storm(SECONDS)])
    stormy.push(figures)
    logins.push(`${Math.round(requests / seconds)}/s (${errors} refused)`)
  }
  console.log(`${BACKENDS}, ${ROUNDS} rounds, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  console.log('workload             idle p99 ms   storm p99 ms   ratio')
  for (const [index, { name }] of quiet.entries()) {
    const before = median(idle.map((figures) => figures[index]?.p99Ms ?? 0))
    const during = median(stormy.map((figures) => figures[index]?.p99Ms ?? 0))
    const ratio = (during / before).toFixed(2).padStart(7)
    console.log(`${name.padEnd(20)} ${String(before).padStart(11)} ${String(during).padStart(14)} ${ratio}`)
  }
  console.log(`logins: ${logins.join(', ')}`)
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

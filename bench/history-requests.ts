/**
 * What the history of tokens costs a request at `/token`: two servers, with it and without (`TOKEN_HISTORY_DAYS=0`), are
 * asked in turns, and the processor time of the server and of its Postgres is divided by the requests.
 *
 * npm run bench:history-requests [-- embedded|postgres+redis rounds]
 */
import { loadavg } from 'node:os'
import { basicAuth, postForm } from '../test/support/http.ts'
import type { ServerProcess } from '../test/support/server.ts'
import { type Backends, withDemoServer } from './demo-server.ts'
import { nanosecondsOf, postgresProcesses } from './processor-time.ts'

const BACKENDS = (process.argv[2] ?? 'postgres+redis') as Backends
const ROUNDS = Number(process.argv[3] ?? 40)
const CONNECTIONS = 4
/** Of each workload in a round. A password takes as long as fifty others. */
const REQUESTS = { 'client credentials': 200, refresh: 200, password: 25 }

type Name = keyof typeof REQUESTS
type Leg = { readonly server: ServerProcess; readonly send: Readonly<Record<Name, () => Promise<Response>>> }

await withDemoServer(BACKENDS, { TOKEN_HISTORY_DAYS: '30' }, async (withHistory) => {
  await withDemoServer(BACKENDS, { TOKEN_HISTORY_DAYS: '0' }, async (without) => {
    await compare({ without: await legOf(without), with: await legOf(withHistory) })
  })
})

async function legOf(server: ServerProcess): Promise<Leg> {
  const token = (fields: Record<string, string>, headers = {}) => postForm(`${server.url}/token`, fields, headers)
  const signIn = () =>
    token({ grant_type: 'password', client_id: 'frontend', username: 'ron@swanson.com', password: 'mysecretpassword' })
  const service = basicAuth('orders-service', 'orders-service-secret')
  const chains = await Promise.all(Array.from({ length: CONNECTIONS }, signIn))
  // Each refresh token is used once: those of one sign-in go one after another.
  const free = await Promise.all(chains.map(refreshTokenIn))
  return {
    server,
    send: {
      'client credentials': () => token({ grant_type: 'client_credentials' }, service),
      password: signIn,
      async refresh() {
        const refresh_token = String(free.pop())
        const answer = await token({ grant_type: 'refresh_token', client_id: 'frontend', refresh_token })
        free.push(await refreshTokenIn(answer.clone()))
        return answer
      },
    },
  }
}

async function refreshTokenIn(answer: Response): Promise<string> {
  return ((await answer.json()) as { refresh_token: string }).refresh_token
}

async function compare(legs: Readonly<Record<'without' | 'with', Leg>>): Promise<void> {
  console.log(`${BACKENDS}, ${ROUNDS} rounds, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  console.log('µs of processor         without   of it     with   of it     more   of a request: a quiet round')
  console.log('                            all  server      all  server              (half of all pairs of rounds)')
  for (const name of Object.keys(REQUESTS) as Name[]) {
    for (const leg of [legs.without, legs.with, legs.without, legs.with]) await measure(leg, name)
    const costs = { without: [] as Cost[], with: [] as Cost[] }
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)
      for (const which of order) costs[which].push(await measure(legs[which], name))
    }
    const more = costs.with.map((cost, round) => cost.all - (costs.without[round]?.all ?? 0))
    const columns = [quiet(costs.without), quiet(costs.with)].map(({ all, server }) => `${show(all)} ${show(server)}`)
    console.log(
      `${name.padEnd(20)} ${columns.join(' ')} ${show(quiet(costs.with).all - quiet(costs.without).all)}  ${spread(more)}`,
    )
  }
}

function show(value: number): string {
  return String(Math.round(value)).padStart(8)
}

/** Half of the values are between these. */
function spread(values: readonly number[]): string {
  return `(${Math.round(quantile(values, 0.25))} to ${Math.round(quantile(values, 0.75))})`
}

type Cost = { readonly server: number; readonly all: number }

async function measure({ server, send }: Leg, name: Name): Promise<Cost> {
  const [ownBefore, allBefore] = [nanosecondsOf([server.pid]), nanosecondsOf(family(server))]
  let left = REQUESTS[name]
  const connection = async () => {
    while (left-- > 0) {
      const response = await send[name]()
      if (response.status !== 200) throw new Error(`${name}: ${response.status} ${await response.text()}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  // What was noted is written in the background, five times a second: a moment after it would be counted elsewhere.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const [own, all] = [nanosecondsOf([server.pid]) - ownBefore, nanosecondsOf(family(server)) - allBefore]
  return { server: own / 1000 / REQUESTS[name], all: all / 1000 / REQUESTS[name] }
}

/** The server and every Postgres process below this one: those of the other server rest meanwhile. */
function family({ pid }: ServerProcess): number[] {
  return [pid, ...postgresProcesses()]
}

/** What else the machine does makes a round dearer, never cheaper: a quarter of the rounds are quieter than this. */
function quiet(costs: readonly Cost[]): Cost {
  const of = (name: keyof Cost) =>
    quantile(
      costs.map((cost) => cost[name]),
      0.25,
    )
  return { server: of('server'), all: of('all') }
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
}

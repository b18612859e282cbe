/**
 * Do requests fail, or tokens not verify, while keys rotate? Three server processes on one private Postgres and one
 * private Redis answer about 1,000 requests a second while 20 forced rotations of ES256 and RS256 go through them.
 * Each token is verified with jose by the key set of every node, fetched the moment the token is received; where nodes
 * publish the same text, once for all of them.
 *
 * npm run bench:rotation [-- requests-per-second]
 */
import { setTimeout as pause } from 'node:timers/promises'
import { closeKeptConnections } from '../test/keys/keep-alive.ts'
import { type RotationTimes, rotateByForce } from '../test/keys/rotate-nodes.ts'
import { startNodes } from '../test/keys/server-nodes.ts'
import { startTraffic, type TrafficFigures } from '../test/keys/traffic.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { loadDemoInto } from '../test/support/templates.ts'

const NODES = 3
const ROTATIONS = 20
const PER_SECOND = Number(process.argv[2] ?? 1000)
const CONNECTIONS = 24
const MAX_REQUESTS = 100_000

const directory = openRunDirectory()
const stops: (() => Promise<unknown>)[] = []
try {
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const redis = await startRedis()
  stops.push(redis.stop)
  const DATABASE_URL = await postgres.createDatabase()
  await loadDemoInto(DATABASE_URL)
  const nodes = await startNodes(NODES, { DATABASE_URL, REDIS_URL: redis.url, LOG_LEVEL: 'error' })
  stops.push(() => Promise.all(nodes.map((node) => node.end('SIGTERM'))))

  const traffic = await startTraffic({
    nodes,
    perSecond: PER_SECOND,
    connections: CONNECTIONS,
    maxRequests: MAX_REQUESTS,
  })
  while (traffic.total() < PER_SECOND) await pause(100)
  const times = await rotateByForce(nodes, { rotations: ROTATIONS, between: () => pause(250) })
  const figures = await traffic.stop()
  report(figures, times)
  for (const [index, node] of nodes.entries()) if (node.stderr()) console.log(`node ${index}: ${node.stderr()}`)
} finally {
  closeKeptConnections()
  for (const stop of stops.reverse()) await stop()
  closeRunDirectory(directory)
}

function report({ requests, failures, verified, signers, seconds, p99Ms }: TrafficFigures, times: RotationTimes[]) {
  const total = Object.values(requests).reduce((sum, count) => sum + count, 0)
  const longest = (of: keyof RotationTimes) => `${Math.round(Math.max(...times.map((each) => each[of])))} ms`
  const middle = (of: keyof RotationTimes) => {
    const sorted = times.map((each) => each[of]).sort((a, b) => a - b)
    return `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms`
  }
  const rows: [string, string][] = [
    ['nodes', String(NODES)],
    ['rotations, all algorithms at once', String(times.length)],
    ['seconds', seconds.toFixed(1)],
    ['requests', String(total)],
    ...Object.entries(requests).map(([kind, count]): [string, string] => [`  ${kind}`, String(count)]),
    ['requests a second, reached', Math.round(total / seconds).toString()],
    ['requests a second, asked for', String(PER_SECOND)],
    ['99th percentile', `${Math.round(p99Ms)} ms`],
    ['failed requests and tokens', String(failures.length)],
    ...Object.entries(verified).map(([alg, count]): [string, string] => [`${alg} tokens, on all nodes`, String(count)]),
    ['keys that signed', String(signers.size)],
    ['rotation answered, median', middle('answeredMs')],
    ['rotation answered, longest', longest('answeredMs')],
    ['then live on every node, median', middle('liveMs')],
    ['then live on every node, longest', longest('liveMs')],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value.padStart(9)}`)
  for (const failure of failures.slice(0, 10)) console.log(`! ${failure}`)
  if (failures.length > 0) process.exitCode = 1
}

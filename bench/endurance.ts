/**
 * Does a server's memory grow with the requests that it answers? A mix of requests, in which every token is another one, is
 * sent in legs. After each the resident size is read, and then the heap that is left when garbage has been collected.
 *
 * npm run bench:endurance [-- embedded|postgres+redis requests]
 */
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { freePort } from '../test/support/free-port.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { type LiveHeap, openLiveHeap } from './endurance/live-heap.ts'
import { runTurn } from './generator/run-turn.ts'
import { growth } from './report/growth.ts'
import { startStores } from './run/stores.ts'
import { asText, get } from './run/target.ts'
import { scenarios } from './scale/measure.ts'
import { openShop, type Shop } from './scale/shop.ts'

const BACKENDS = process.argv[2] ?? 'postgres+redis'
const REQUESTS = Number(process.argv[3] ?? 1_000_000)
const LEGS = 20
const CONNECTIONS = 16
const CUSTOMERS = 25_000
/** Shares of a leg. */
const MIX = { introspection: 0.5, 'client credentials': 0.2, refresh: 0.05, jwks: 0.25 }
const HOUR_SECONDS = 3600
const MIB = 1024 * 1024
const SIZES = ['resident', 'heap'] as const

/** MiB: what the kernel counts, and what of the heap is still in use. */
type Sizes = Readonly<Record<(typeof SIZES)[number], number>>

const directory = openRunDirectory()
const stores = await startStores()
try {
  const addresses =
    BACKENDS === 'embedded'
      ? { DATA_DIR: await stores.dataDirectory() }
      : { DATABASE_URL: await stores.demoDatabase(), REDIS_URL: await stores.redisDatabase() }
  const each = Math.round(REQUESTS / LEGS)
  const inspectorPort = await freePort()
  const shop = await openShop(addresses, {
    customers: Math.min(CUSTOMERS, each),
    sampled: each * MIX.refresh,
    nodeArguments: [`--inspect=127.0.0.1:${inspectorPort}`],
  })
  const heap = await openLiveHeap(inspectorPort)
  console.log(`${BACKENDS}, ${REQUESTS} requests, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  const sizes: Sizes[] = []
  try {
    for (let leg = 0; leg <= LEGS; leg++) {
      const refused = leg > 0 ? await runLeg(shop, each) : 0
      sizes.push(await sizesOf(shop, heap))
      const after = SIZES.map((size) => said(size, sizes)).join(', ')
      console.log(`${String(leg * each).padStart(9)} requests: ${after}${refused > 0 ? `, ${refused} refused` : ''}`)
    }
  } finally {
    heap.close()
    await shop.stop()
  }
  for (const size of SIZES) {
    const { by, isFlat } = growth(sizes.slice(1).map((each) => each[size]))
    console.log(
      `${size}: middle of the second half beside the first: ${by.toFixed(1)} MiB more: ${isFlat ? 'flat' : 'it grows'}`,
    )
    if (!isFlat) process.exitCode = 1
  }
} finally {
  await stores.stop()
  closeRunDirectory(directory)
}

/**
 * Returns how many requests were refused: a busy machine leaves a store without an answer in time. Each ends its connection,
 * and the others go on.
 *
 * @throws when no connection is left.
 */
async function runLeg(shop: Shop, count: number): Promise<number> {
  const requests = mixed(shop, count)
  const { errors, firstError, collected } = await runTurn({
    port: shop.port,
    connections: CONNECTIONS,
    plan: { kind: 'once', requests },
    expects: '',
    warmUpSeconds: 0,
    seconds: HOUR_SECONDS,
    collects: 'refresh_token',
    server: [],
    stores: [],
  })
  if (errors >= CONNECTIONS) throw new Error(firstError)
  shop.refreshTokens.push(...collected)
  return errors
}

/** The kinds in turns, each as often as its share says. */
function mixed(shop: Shop, count: number): string[] {
  const jwks = Array.from({ length: count * MIX.jwks }, () => asText(get('/jwks'), shop.port))
  const others = scenarios
    .filter((scenario) => scenario.name in MIX)
    .flatMap((scenario) => scenario.requests(shop, count * MIX[scenario.name as keyof typeof MIX])) // filtered above
  const all = [...jwks, ...others].map((request, index, { length }) => ({ request, at: (index * 7919) % length }))
  return all.sort((a, b) => a.at - b.at).map(({ request }) => request)
}

async function sizesOf({ pid }: Shop, heap: LiveHeap): Promise<Sizes> {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return { resident: Number(kilobytes) / 1024, heap: (await heap.bytes()) / MIB }
}

function said(size: keyof Sizes, sizes: readonly Sizes[]): string {
  return `${size} ${(sizes.at(-1)?.[size] ?? 0).toFixed(1)} MiB`
}

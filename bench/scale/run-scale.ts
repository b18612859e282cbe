import { fileURLToPath } from 'node:url'
import { startTurnProcess } from '../generator/turn-process.ts'
import type { OwnStores, Stores } from '../run/stores.ts'
import { measureTurn, scenarios } from './measure.ts'
import type { Point } from './points.ts'
import { makeRealTime } from './real-time.ts'
import { openShop, type Shop, type ShopStores } from './shop.ts'

export type ScaleOptions = {
  readonly backends: 'embedded' | 'postgres+redis'
  readonly sizes: readonly number[]
  readonly rounds: number
  /** Different customers in a turn; no more than the smallest size. */
  readonly requests: number
  /** Measures at real-time priority; shops are filled without. */
  readonly isRealTime: boolean
}

/** Told what happens while it happens. */
type Listeners = { onPoint(point: Point): void; say?(line: string): void }

const GENERATOR = fileURLToPath(new URL('../generator/generator.ts', import.meta.url))

/** Fills a shop of each size, then asks all of them in turns. */
export async function runScale(
  options: ScaleOptions,
  stores: Stores & Partial<OwnStores>,
  { onPoint, say = () => {} }: Listeners,
): Promise<void> {
  const { backends, sizes, rounds, requests } = options
  const storesPids = backends === 'embedded' ? [] : stores.pids
  const generator = await startTurnProcess(GENERATOR, [process.execPath])
  const shops: Shop[] = []
  try {
    for (const customers of sizes) {
      const startedMs = performance.now()
      shops.push(await openShop(await addresses(backends, stores), { customers, sampled: requests }))
      const seconds = Math.round((performance.now() - startedMs) / 1000)
      say(`${customers} customers and sign-ins filled in ${seconds} s`)
    }
    if (options.isRealTime) makeRealTime([process.pid])
    for (let round = 0; round < rounds; round++) {
      for (const scenario of scenarios) {
        const count = Math.max(10, Math.round(requests * scenario.share))
        for (const shop of round % 2 === 0 ? shops : shops.toReversed()) {
          const cost = await measureTurn(shop, scenario, { generator, stores: storesPids, count })
          onPoint({ scenario: scenario.name, customers: shop.customers, ...cost })
        }
      }
      say(`round ${round + 1} of ${rounds} is over`)
    }
  } finally {
    await generator.stop()
    for (const shop of shops) await shop.stop()
  }
}

async function addresses(backends: ScaleOptions['backends'], stores: Stores): Promise<ShopStores> {
  if (backends === 'embedded') return { DATA_DIR: await stores.dataDirectory() }
  return { DATABASE_URL: await stores.demoDatabase(), REDIS_URL: await stores.redisDatabase() }
}

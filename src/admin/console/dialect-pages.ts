import type { DialectUse } from '../../clients/dialect-uses.ts'
import type { Listing } from './listing.ts'
import type { ConsolePage } from './page.ts'

/** What a client asked of a dialect in the last 30 days. */
export type DialectSum = {
  readonly dialect: string
  readonly clientId: string
  readonly count: number
  /** A day, UTC. */
  readonly lastDay: string
}

/** Who still comes through which dialect's endpoints: whom a sunset would hit. */
export const dialectPages: readonly ConsolePage[] = [
  {
    path: '/dialects',
    async open(request) {
      const { items } = await request.api.get<Listing<DialectUse>>('/v1/dialects/uses')
      request.show('dialects', { title: 'Dialect use', sums: sumUses(items) })
    },
  },
]

/** One line a dialect and client, the busiest first; the API lists them by day. */
export function sumUses(uses: readonly DialectUse[]): DialectSum[] {
  const sums = new Map<string, DialectSum>()
  for (const { dialect, clientId, day, count } of uses) {
    const key = JSON.stringify([dialect, clientId])
    const known = sums.get(key)
    const lastDay = known && known.lastDay > day ? known.lastDay : day
    sums.set(key, { dialect, clientId, count: (known?.count ?? 0) + count, lastDay })
  }
  return [...sums.values()].sort((a, b) => b.count - a.count)
}

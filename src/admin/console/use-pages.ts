import type { ListedClient } from '../../clients/registry.ts'
import type { DialectUse, GrantTypeUse } from '../routes/use-routes.ts'
import type { Listing } from './listing.ts'
import type { ConsolePage } from './page.ts'

/** What a client asked of a dialect, or by a grant type, in the last 30 days. */
export type UseSum = {
  readonly what: string
  readonly clientId: string
  readonly count: number
  /** A day, UTC. */
  readonly lastDay: string
}

/** Who still comes through which dialect's endpoints, and who by the password grant: whom a sunset would hit. */
export const usePages: readonly ConsolePage[] = [
  {
    path: '/dialects',
    async open(request) {
      const [dialects, grantTypes, clients] = await Promise.all([
        request.api.get<Listing<DialectUse>>('/v1/dialects/uses'),
        request.api.get<Listing<GrantTypeUse>>('/v1/grant-types/uses'),
        request.api.get<Listing<ListedClient>>('/v1/clients'),
      ])
      const passwords = grantTypes.items.filter(({ grantType }) => grantType === 'password')
      const sunsets = new Map(
        clients.items.map(({ metadata }) => [metadata.client_id, metadata.grants_sunset?.password]),
      )
      request.show('uses', {
        title: 'Dialect use',
        dialects: sumDialectUses(dialects.items),
        passwords: sum(passwords.map(({ grantType: what, ...use }) => ({ what, ...use }))).map((use) => ({
          ...use,
          sunset: sunsets.get(use.clientId),
        })),
      })
    },
  },
]

/** One line a dialect and client, the busiest first; the API lists them by day. */
export function sumDialectUses(uses: readonly DialectUse[]): UseSum[] {
  return sum(uses.map(({ dialect: what, ...use }) => ({ what, ...use })))
}

type Use = { readonly what: string; readonly clientId: string; readonly day: string; readonly count: number }

function sum(uses: readonly Use[]): UseSum[] {
  const sums = new Map<string, UseSum>()
  for (const { what, clientId, day, count } of uses) {
    const key = JSON.stringify([what, clientId])
    const known = sums.get(key)
    const lastDay = known && known.lastDay > day ? known.lastDay : day
    sums.set(key, { what, clientId, count: (known?.count ?? 0) + count, lastDay })
  }
  return [...sums.values()].sort((a, b) => b.count - a.count)
}

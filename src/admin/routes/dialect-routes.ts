import { z } from 'zod'
import type { DialectUse } from '../../clients/dialect-uses.ts'
import { type Route, route } from './route.ts'
import { pageOf, whole } from './shapes.ts'

const DAY_MS = 86_400_000

/** Postgres knows no year 0. */
const day = z.iso.date().refine((date) => date > '0001', 'must be a date of our era')
const use = z
  .object({ dialect: z.string(), clientId: z.string(), day: z.iso.date(), count: z.int() })
  .meta({ id: 'DialectUse' })

/** Which clients still come through which dialect's endpoints. */
export function dialectRoutes({
  dialectUses,
}: {
  readonly dialectUses: { list(since: string): Promise<DialectUse[]> }
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/dialects/uses',
      summary: 'Uses of dialects by client and day (UTC), newest first; by default of the last 30 days',
      permission: 'dialects:read',
      query: z.strictObject({ since: day.optional() }),
      result: pageOf(use),
      handle: async ({ query: { since = new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 10) } }) =>
        whole(await dialectUses.list(since)),
    }),
  ]
}

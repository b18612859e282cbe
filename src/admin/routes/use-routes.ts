import { z } from 'zod'
import type { DailyUses } from '../../clients/daily-uses.ts'
import { clientId } from './fields.ts'
import { type Route, route } from './route.ts'
import { pageOf, whole } from './shapes.ts'

const DAY_MS = 86_400_000

/** Postgres knows no year 0. */
const day = z.iso
  .date()
  .refine((date) => date > '0001', 'must be a date of our era')
  .describe('The first day to list (UTC); 30 days ago unless given.')
const query = z.strictObject({ since: day.optional() })

const use = {
  clientId,
  day: z.iso.date().describe('The day (UTC).'),
  count: z.int().describe('How often.'),
}
const dialectUse = z.object({ dialect: z.string().describe('The dialect.'), ...use }).meta({ id: 'DialectUse' })
const grantTypeUse = z
  .object({ grantType: z.string().describe('The grant type that tokens were issued by.'), ...use })
  .meta({ id: 'GrantTypeUse' })

export type DialectUse = z.output<typeof dialectUse>
export type GrantTypeUse = z.output<typeof grantTypeUse>

type UseDeps = { readonly dialectUses: DailyUses; readonly grantTypeUses: DailyUses }

/** Which clients still come through which dialect's endpoints, and which get tokens by which grant type. */
export function useRoutes({ dialectUses, grantTypeUses }: UseDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/dialects/uses',
      summary: 'Uses of dialects by client and day (UTC), newest first; by default of the last 30 days',
      permission: 'dialects:read',
      query,
      result: pageOf(dialectUse),
      handle: async ({ query: { since = aMonthAgo() } }) =>
        whole((await dialectUses.list(since)).map(({ what: dialect, ...rest }) => ({ dialect, ...rest }))),
    }),
    route({
      method: 'GET',
      path: '/v1/grant-types/uses',
      summary: 'Tokens issued by grant type, client and day (UTC), newest first; by default of the last 30 days',
      permission: 'clients:read',
      query,
      result: pageOf(grantTypeUse),
      handle: async ({ query: { since = aMonthAgo() } }) =>
        whole((await grantTypeUses.list(since)).map(({ what: grantType, ...rest }) => ({ grantType, ...rest }))),
    }),
  ]
}

function aMonthAgo(): string {
  return new Date(Date.now() - 30 * DAY_MS).toISOString().slice(0, 10)
}

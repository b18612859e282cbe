import type { Knex } from 'knex'

type Bindings = readonly Knex.RawBinding[] | Knex.ValueDict

/**
 * A statement of the way of every request: Postgres plans it once for each connection, which for a join of many tables takes five times
 * as long as running it. The text is fixed; what differs is bound.
 */
export function prepared<Answer>(knex: Knex, sql: string, bindings: Bindings): Knex.Raw<Answer> {
  // `postgres-client.ts` reads it.
  return knex.raw<Answer>(sql, bindings).options({ isPlannedOnce: true })
}

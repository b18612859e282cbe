import type { Knex } from 'knex'
import { createCache } from '../cache.ts'

export type ChallengeOrigins = {
  /** Whether a client that shows sign-in screens of its own lists a web origin. */
  isListed(origin: string): Promise<boolean>
}

/** How long a change may go unnoticed: browsers remember the answer longer. */
const CACHE_SECONDS = 10
const EVERY_CLIENT = ''

/** The web origins of all such clients together: a preflight names no client. The answer to the request itself goes by the client's own. */
export function createChallengeOrigins({ knex }: { readonly knex: Knex }): ChallengeOrigins {
  async function load(): Promise<ReadonlySet<string>> {
    const rows: { metadata: { authorization_challenge_origins?: readonly string[] } }[] = await knex('clients')
      .select('metadata')
      .where({ is_enabled: true })
      .whereRaw(`metadata::jsonb @> '{"authorization_challenge": true}'::jsonb`)
    return new Set(rows.flatMap(({ metadata }) => metadata.authorization_challenge_origins ?? []))
  }

  const cache = createCache(load, { ttlSeconds: CACHE_SECONDS, limit: 1 })
  return { isListed: async (origin) => (await cache.get(EVERY_CLIENT)).has(origin) }
}

import type { Knex } from 'knex'
import { createCache } from '../cache.ts'
import type { Storage } from '../storage/storage.ts'

/** A commerce service, or a group of them, that accepts tokens made for its audience. */
export type ResourceServer = {
  /** An absolute URI: what clients send as `resource` (RFC 8707 §2). */
  readonly identifier: string
  /** `aud` in tokens; the identifier unless given. */
  readonly audience?: string
  readonly scopes: readonly string[]
  /** What visitors who have not signed in may be given; absent: it does not serve them. */
  readonly anonymousScopes?: readonly string[]
  readonly format: 'jwt' | 'opaque'
  readonly algorithm?: 'ES256' | 'RS256' | 'PS256' | 'EdDSA'
  readonly accessTokenTtlSeconds?: number
  /** Its clients send a refused password again by themselves: a few identical sends count as one. */
  readonly hasResendingClients?: boolean
  /** Wrong passwords its own doors bear for one login, and for how long after the last they bear no more. */
  readonly throttle?: { readonly attempts: number; readonly seconds: number }
  /** Opaque tokens are 32 characters of a–z and 0–9, for clients that know no others. */
  readonly hasShortTokens?: boolean
  /** Puts permissions with their configurations into the token, not only their keys. */
  readonly hasFullPermissions?: boolean
}

export type ResourceServerRegistry = ReturnType<typeof createResourceServerRegistry>

const TOPIC = 'resource-servers'
const CACHE_SECONDS = 10

/** The resource servers tokens can be made for: those in the database and those `builtIn` dialects bring along. */
export function createResourceServerRegistry({
  knex,
  storage,
  builtIn,
}: {
  knex: Knex
  storage: Storage
  builtIn: readonly ResourceServer[]
}) {
  const cache = createCache((identifier) => load(knex, identifier), { ttlSeconds: CACHE_SECONDS, limit: 1000 })
  storage.subscribe(TOPIC, () => cache.clear())
  const byIdentifier = new Map(builtIn.map((server) => [server.identifier, server]))

  return {
    async find(identifier: string): Promise<ResourceServer | undefined> {
      return byIdentifier.get(identifier) ?? (await cache.get(identifier))
    },
    /** Only what dialects bring along can ask for them: an id is made without a look at the database. */
    hasShortTokens: (identifier: string): boolean => byIdentifier.get(identifier)?.hasShortTokens === true,
    async save(server: ResourceServer): Promise<void> {
      const { identifier, ...settings } = server
      await knex('resource_servers')
        .insert({ identifier, settings: JSON.stringify(settings) })
        .onConflict('identifier')
        .merge(['settings'])
      cache.clear()
      await storage.publish(TOPIC)
    },
  }
}

async function load(knex: Knex, identifier: string): Promise<ResourceServer | undefined> {
  // Postgres keeps no NUL in a text, and would fail on one instead of finding nothing.
  if (identifier.includes('\0')) return undefined
  const row = await knex<{ identifier: string; settings: Omit<ResourceServer, 'identifier'> }>('resource_servers')
    .where({ identifier })
    .first()
  return row && { identifier: row.identifier, ...row.settings }
}

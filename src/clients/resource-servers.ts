import type { Knex } from 'knex'
import type { z } from 'zod'
import { createCache } from '../cache.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import { isStorable } from '../database/storable.ts'
import type { Storage } from '../storage/storage.ts'
import type { REFRESH_POLICIES } from './client-schema.ts'
import { createOfferedScopes } from './offered-scopes.ts'
import type { resourceServer } from './resource-server-schema.ts'

/** A commerce service, or a group of them, that accepts tokens made for its audience. */
export type ResourceServer = Readonly<z.output<typeof resourceServer>> & OfDialects

/** What only the shop systems of dialects need, and this server itself. */
type OfDialects = {
  /** Wrong passwords its own endpoints bear for one login, and for how long after the last they bear no more. */
  readonly throttle?: { readonly attempts: number; readonly seconds: number }
  /** What its clients expect of a refresh token that is used, unless a client says otherwise. */
  readonly refreshPolicy?: (typeof REFRESH_POLICIES)[number]
  /** Rights over everybody, among its scopes: only a client's own tokens have them, where `resource_scopes` names them. */
  readonly machineScopes?: readonly string[]
  /** No token for it lives longer, whatever its client says. */
  readonly longestTokenSeconds?: number
  /** Opaque tokens are 32 characters of a–z and 0–9, for clients that know no others. */
  readonly hasShortTokens?: boolean
  /** The client that the dialect acts for: it may always have tokens for it. */
  readonly ownClient?: string
  /** The resource server whose agents' own tokens let them act for customers here. */
  readonly agentsFrom?: string
  /** The key of a letter that resets a password signs in as well, once, in place of a code. */
  readonly takesResetKeys?: boolean
  /** Clients whose own token for another resource server has this scope say which customer has signed in with them. */
  readonly vouching?: { readonly resource: string; readonly scope: string }
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
  const offeredScopes = createOfferedScopes(knex, builtIn)
  storage.subscribe(TOPIC, () => {
    cache.clear()
    void offeredScopes.look()
  })
  const byIdentifier = new Map(builtIn.map((server) => [server.identifier, server]))

  async function changed(): Promise<void> {
    cache.clear()
    await offeredScopes.look()
    await storage.publish(TOPIC)
  }

  return {
    async find(identifier: string): Promise<ResourceServer | undefined> {
      return byIdentifier.get(identifier) ?? (await cache.get(identifier))
    },
    /** The same where this node knows it already; undefined also where it would have to ask. */
    peek: (identifier: string): ResourceServer | undefined => byIdentifier.get(identifier) ?? cache.peek(identifier),
    /** The scopes of all that are offered to software of others. */
    offeredScopes: offeredScopes.current,
    /** The same of those in the database alone. */
    offeredScopesOfOperators: offeredScopes.ofOperators,
    /** The same where this node knows them already. */
    peekOfferedScopes: offeredScopes.peek,
    /** Only what dialects bring along can ask for them: an id is made without a look at the database. */
    hasShortTokens: (identifier: string): boolean => byIdentifier.get(identifier)?.hasShortTokens === true,
    /** Those in the database, by identifier; dialects' own are no one's to change. */
    async list({ limit, cursor }: PageRequest): Promise<Page<ResourceServer>> {
      const rows: Row[] = await knex('resource_servers')
        .where('identifier', '>', keyOfCursor(cursor))
        .orderBy('identifier')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.identifier, toResourceServer)
    },
    /** As the database has it now. */
    get: (identifier: string): Promise<ResourceServer | undefined> => load(knex, identifier),
    /** Undefined when there is one of this identifier, in the database or of a dialect. */
    async create(server: ResourceServer): Promise<ResourceServer | undefined> {
      if (byIdentifier.has(server.identifier)) return undefined
      const { identifier, ...settings } = server
      const made = await knex('resource_servers')
        .insert({ identifier, settings: JSON.stringify(settings) })
        .onConflict('identifier')
        .ignore()
        .returning('identifier')
      await changed()
      return made.length > 0 ? load(knex, identifier) : undefined
    },
    /** Puts other settings in place of those seen; without any it is removed. */
    async replace(
      identifier: string,
      seen: string,
      next: ResourceServer | undefined,
    ): Promise<Changed<ResourceServer>> {
      const outcome = await knex.transaction(async (transaction): Promise<Changed<ResourceServer>> => {
        const before = await load(transaction, identifier, true)
        if (!before) return { outcome: 'unknown' }
        if (!isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
        const { identifier: _identifier, ...settings } = next ?? before
        const row = transaction('resource_servers').where({ identifier })
        await (next ? row.update({ settings: JSON.stringify(settings) }) : row.delete())
        return { outcome: 'changed', now: next ?? before, before }
      })
      await changed()
      return outcome
    },
    async save(server: ResourceServer): Promise<void> {
      const { identifier, ...settings } = server
      await knex('resource_servers')
        .insert({ identifier, settings: JSON.stringify(settings) })
        .onConflict('identifier')
        .merge(['settings'])
      await changed()
    },
  }
}

type Row = { readonly identifier: string; readonly settings: Omit<ResourceServer, 'identifier'> }

async function load(knex: Knex, identifier: string, isLocked = false): Promise<ResourceServer | undefined> {
  if (!isStorable(identifier)) return undefined
  const rows = knex<Row>('resource_servers').where({ identifier })
  const row: Row | undefined = await (isLocked ? rows.forUpdate() : rows).first()
  return row && toResourceServer(row)
}

function toResourceServer({ identifier, settings }: Row): ResourceServer {
  return { identifier, ...settings }
}

import type { Knex } from 'knex'
import { createCache } from '../cache.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import { isStorable } from '../database/storable.ts'
import type { Storage } from '../storage/storage.ts'
import type { Client, ClientMetadata, ClientSecret } from './client.ts'
import { digestSecret, matchesSecret } from './secrets.ts'

export type ClientRegistry = ReturnType<typeof createClientRegistry>

/** A client as operators see it. */
export type ListedClient = Pick<Client, 'metadata' | 'isEnabled'>

export type ClientState = 'enabled' | 'disabled' | 'gone'

const TOPIC = 'clients'
/** How long a node may not notice a change when the message about it was lost. */
const CACHE_SECONDS = 10
const CACHE_LIMIT = 10_000
const MOST_NAMES = 1000

type Row = {
  metadata: ClientMetadata
  is_enabled: boolean
  secrets: { name: string; sha256: string; expires_at: number | null }[]
}

export type ClientRegistryDeps = {
  readonly knex: Knex
  readonly storage: Storage
  /** Clients that the server itself is: always there, in no list, and not to be changed. */
  readonly builtIn?: readonly ClientMetadata[]
  /** Clients that are in no table of this registry: asked where there is none of an id. */
  readonly findElse?: (clientId: string) => Promise<Client | undefined>
}

/** Who may ask for tokens. Reads are cached on every node; a write tells all nodes to forget. */
export function createClientRegistry({ knex, storage, builtIn = [], findElse }: ClientRegistryDeps) {
  const own = new Map(
    builtIn.map((metadata): [string, Client] => [metadata.client_id, { metadata, isEnabled: true, secrets: [] }]),
  )
  const find = async (clientId: string) =>
    own.get(clientId) ?? (await load(knex, clientId)) ?? (await findElse?.(clientId))
  const cache = createCache(find, { ttlSeconds: CACHE_SECONDS, limit: CACHE_LIMIT })
  const forget = (clientId: string) => (clientId === '' ? cache.clear() : cache.forget(clientId))
  storage.subscribe(TOPIC, forget)

  /** Of one client, or of all. Software that registers itself costs no node what it knows of others. */
  async function changed(clientId = ''): Promise<void> {
    forget(clientId)
    await storage.publish(TOPIC, clientId)
  }

  /** Under a lock, so that it does not change between the comparison and the change. */
  const changeSeen = (
    clientId: string,
    seen: string,
    change: (transaction: Knex.Transaction, client: ListedClient) => Promise<ListedClient>,
  ): Promise<Changed<ListedClient>> =>
    knex.transaction(async (transaction) => {
      const client = await look(transaction('clients').forUpdate(), clientId)
      if (!client) return { outcome: 'unknown' }
      if (!isRevision(seen, client)) return { outcome: 'changed-meanwhile' }
      return { outcome: 'changed', now: await change(transaction, client), before: client }
    })

  return {
    /** Looks again at one client, or at all. */
    forget: (clientId = ''): void => forget(clientId),

    /** The enabled client with this id. */
    async find(clientId: string): Promise<Client | undefined> {
      const client = await cache.get(clientId)
      return client?.isEnabled ? client : undefined
    },

    /** The same where this node knows it already; undefined also where it would have to ask. */
    peek(clientId: string): Client | undefined {
      const client = cache.peek(clientId)
      return client?.isEnabled ? client : undefined
    },

    /** Answered from the cache, as `find` is. */
    async stateOf(clientId: string): Promise<ClientState> {
      const client = await cache.get(clientId)
      if (!client) return 'gone'
      return client.isEnabled ? 'enabled' : 'disabled'
    },

    async verifySecret(clientId: string, presented: string): Promise<boolean> {
      const client = await cache.get(clientId)
      return client !== undefined && matchesSecret(client.secrets, presented, Date.now() / 1000)
    },

    /** Creates or replaces a client; `secret` is stored as its digest under the name `default`. */
    async save(metadata: ClientMetadata, secret?: string): Promise<void> {
      await knex.transaction(async (transaction) => {
        await transaction('clients')
          .insert({ client_id: metadata.client_id, metadata: JSON.stringify(metadata) })
          .onConflict('client_id')
          .merge({ metadata: JSON.stringify(metadata), updated_at: transaction.fn.now() })
        if (secret !== undefined) await setDefaultSecret(transaction, metadata.client_id, secret)
      })
      await changed()
    },

    /** The names of clients that operators registered, so that others do not take them. One agent may register itself for each person. */
    async names(): Promise<string[]> {
      const rows: { name: string | null }[] = await knex('clients')
        .select(knex.raw(`metadata ->> 'client_name' as name`))
        .whereNotIn('client_id', knex('client_registrations').select('client_id'))
        .limit(MOST_NAMES)
      return rows.flatMap(({ name }) => name ?? [])
    },

    /** Every client without its secrets. */
    async all(): Promise<ListedClient[]> {
      return (await knex<Row>('clients').select('metadata', 'is_enabled')).map(toListed)
    },

    /** By id, without their secrets. */
    async list({ limit, cursor }: PageRequest): Promise<Page<ListedClient>> {
      const rows: (Row & { client_id: string })[] = await knex('clients')
        .where('client_id', '>', keyOfCursor(cursor))
        .orderBy('client_id')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.client_id, toListed)
    },

    /** Also a disabled one. */
    get: (clientId: string): Promise<ListedClient | undefined> => look(knex('clients'), clientId),

    /** Undefined when there is one with this id. What is stored `alongside` is stored with it, or neither is. */
    async create(
      metadata: ClientMetadata,
      secret?: string,
      alongside?: (transaction: Knex.Transaction) => Promise<void>,
    ): Promise<ListedClient | undefined> {
      if (own.has(metadata.client_id)) return undefined
      const created = await knex.transaction(async (transaction) => {
        const rows = await transaction('clients')
          .insert({ client_id: metadata.client_id, metadata: JSON.stringify(metadata) })
          .onConflict('client_id')
          .ignore()
          .returning('client_id')
        if (rows.length === 0) return false
        if (secret !== undefined) await setDefaultSecret(transaction, metadata.client_id, secret)
        await alongside?.(transaction)
        return true
      })
      await changed(metadata.client_id)
      return created ? { metadata, isEnabled: true } : undefined
    },

    /** Puts other metadata in place of those seen; `secret` takes the place of the one named `default`. */
    async replace(seen: string, metadata: ClientMetadata, secret?: string): Promise<Changed<ListedClient>> {
      const { client_id } = metadata
      const outcome = await changeSeen(client_id, seen, async (transaction, { isEnabled }) => {
        const row = { metadata: JSON.stringify(metadata), updated_at: transaction.fn.now() }
        await transaction('clients').where({ client_id }).update(row)
        if (secret !== undefined) await setDefaultSecret(transaction, client_id, secret)
        return { metadata, isEnabled }
      })
      await changed(client_id)
      return outcome
    },

    /** Its secrets go with it; what it was granted is for the caller to end. */
    async remove(clientId: string, seen: string): Promise<Changed<ListedClient>> {
      const outcome = await changeSeen(clientId, seen, async (transaction, client) => {
        await transaction('clients').where({ client_id: clientId }).delete()
        return client
      })
      await changed(clientId)
      return outcome
    },

    /** Tells every node that clients were changed in the database. */
    changed: (): Promise<void> => changed(),

    /** Names and expiries; a secret itself cannot be shown again. */
    async listSecrets(clientId: string): Promise<Omit<ClientSecret, 'sha256'>[]> {
      const secrets = (await load(knex, clientId))?.secrets ?? []
      return secrets.map(({ sha256: _sha256, ...shown }) => shown)
    },

    /** @returns false when there is no such client or the name is taken. */
    async addSecret(clientId: string, added: { name: string; secret: string; expiresAt?: number }): Promise<boolean> {
      const { rowCount } = await knex.raw<{ rowCount: number }>(
        `insert into client_secrets (client_id, name, sha256, expires_at)
         select client_id, :name, :sha256, to_timestamp(:expiresAt) from clients where client_id = :clientId
         on conflict do nothing`,
        { clientId, name: added.name, sha256: digestSecret(added.secret), expiresAt: added.expiresAt ?? null },
      )
      await changed()
      return rowCount === 1
    },

    /** Lets a secret end at `expiresAt` (epoch seconds); false when the client has none of that name. */
    async expireSecret(clientId: string, name: string, expiresAt: number): Promise<boolean> {
      const count = await knex('client_secrets')
        .where({ client_id: clientId, name })
        .update({ expires_at: knex.raw('to_timestamp(?)', [expiresAt]) })
      await changed()
      return count === 1
    },

    async setEnabled(clientId: string, isEnabled: boolean): Promise<boolean> {
      const count = await knex('clients').where({ client_id: clientId }).update({ is_enabled: isEnabled })
      await changed()
      return count === 1
    },
  }
}

async function setDefaultSecret(transaction: Knex.Transaction, clientId: string, secret: string): Promise<void> {
  await transaction('client_secrets')
    .insert({ client_id: clientId, name: 'default', sha256: digestSecret(secret) })
    .onConflict(['client_id', 'name'])
    .merge(['sha256'])
}

async function look(clients: Knex.QueryBuilder, clientId: string): Promise<ListedClient | undefined> {
  const row: Row | undefined = !isStorable(clientId) ? undefined : await clients.where({ client_id: clientId }).first()
  return row && toListed(row)
}

function toListed({ metadata, is_enabled: isEnabled }: Pick<Row, 'metadata' | 'is_enabled'>): ListedClient {
  return { metadata, isEnabled }
}

async function load(knex: Knex, clientId: string): Promise<Client | undefined> {
  if (!isStorable(clientId)) return undefined
  const { rows } = await knex.raw<{ rows: Row[] }>(
    `select c.metadata, c.is_enabled,
       coalesce((select json_agg(json_build_object('name', s.name, 'sha256', s.sha256,
         'expires_at', extract(epoch from s.expires_at)))
         from client_secrets s where s.client_id = c.client_id), '[]') as secrets
     from clients c where c.client_id = ?`,
    [clientId],
  )
  const row = rows[0]
  if (!row) return undefined
  const secrets = row.secrets.map(
    ({ name, sha256, expires_at }): ClientSecret => ({
      name,
      sha256,
      ...(expires_at !== null && { expiresAt: expires_at }),
    }),
  )
  return { metadata: row.metadata, isEnabled: row.is_enabled, secrets }
}

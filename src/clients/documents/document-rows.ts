import type { Knex } from 'knex'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../../database/page.ts'
import type { ClientMetadata } from '../client-schema.ts'
import { redirectHost } from './redirects.ts'

const TABLE = 'client_documents'
const BLOCKS = 'client_document_blocks'

/** The table is pruned of documents that nobody consented to within two hours, and of those that nobody used for 400 days. */
export const PRUNED_DOCUMENTS = { name: TABLE } as const
const UNUSED_SECONDS = 7200
const USED_SECONDS = 400 * 86_400

/** So that listing a popular app costs no more than that. */
const MOST_RECORDS_COUNTED = 10_000

/** Epoch seconds. */
export type StoredDocument = {
  readonly clientId: string
  readonly host: string
  readonly metadata: ClientMetadata
  readonly digest: string
  readonly freshUntil: number
  readonly firstSeenAt: number
  readonly lastUsedAt: number
  readonly consentedAt?: number
  readonly isBlocked: boolean
}

/** A document as operators see it: `links` are people with tokens on record that have not expired. */
export type ListedDocument = StoredDocument & { readonly links: number; readonly redirectHosts: string[] }

export type DocumentBlock = {
  /** A host or a whole address. */
  readonly target: string
  readonly blockedBy: string
  readonly createdAt: number
  readonly reason?: string
}

type Row = {
  readonly client_id: string
  readonly host: string
  readonly metadata: ClientMetadata
  readonly digest: string
  readonly is_blocked: boolean
  readonly links?: string | number
} & Readonly<Record<'fresh_until' | 'first_seen_at' | 'last_used_at', string | number>> & {
    readonly consented_at: string | number | null
  }

const IS_BLOCKED = `exists (select 1 from ${BLOCKS} b where b.target in (d.client_id, d.host)) as is_blocked`

export type DocumentRows = ReturnType<typeof createDocumentRows>

/** The last good version of each document, shared by all nodes, and what operators blocked. Instants are epoch seconds. */
export function createDocumentRows(knex: Knex) {
  return {
    async find(clientId: string): Promise<StoredDocument | undefined> {
      const { rows } = await knex.raw<{ rows: Row[] }>(
        `select d.*, ${IS_BLOCKED} from ${TABLE} d where d.client_id = ?`,
        [clientId],
      )
      return rows[0] && toDocument(rows[0])
    },

    async save(
      document: Pick<StoredDocument, 'clientId' | 'host' | 'metadata' | 'digest' | 'freshUntil'>,
      now: number,
    ): Promise<void> {
      const { clientId, host, metadata, digest, freshUntil } = document
      await knex.raw(
        `insert into ${TABLE} (client_id, host, metadata, digest, fresh_until, first_seen_at, last_used_at, expires_at)
         values (:clientId, :host, :metadata, :digest, :freshUntil, :now, :now, :now + ${UNUSED_SECONDS})
         on conflict (client_id) do update set metadata = excluded.metadata, digest = excluded.digest,
           fresh_until = excluded.fresh_until, last_used_at = excluded.last_used_at,
           expires_at = greatest(${TABLE}.expires_at, excluded.expires_at)`,
        { clientId, host, metadata: JSON.stringify(metadata), digest, freshUntil, now },
      )
    },

    /** A sign-in begins with a document that is known. */
    async noteUse(clientId: string, now: number): Promise<void> {
      await knex.raw(
        `update ${TABLE} set last_used_at = :now, expires_at = greatest(expires_at, :now +
           case when consented_at is null then ${UNUSED_SECONDS} else ${USED_SECONDS} end)
         where client_id = :clientId`,
        { clientId, now },
      )
    },

    /** Somebody let the app in: it is kept for as long as a link can live. */
    async noteConsent(clientId: string, now: number): Promise<void> {
      await knex.raw(
        `update ${TABLE} set consented_at = :now, last_used_at = :now, expires_at = :now + ${USED_SECONDS}
         where client_id = :clientId`,
        { clientId, now },
      )
    },

    async list({ limit, cursor }: PageRequest, now: number): Promise<Page<ListedDocument>> {
      const { rows } = await knex.raw<{ rows: Row[] }>(
        `select d.*, ${IS_BLOCKED}, (select count(distinct t.account_id) from (
           select account_id from token_records where client_id = d.client_id and expires_at > :now
           order by seq desc limit ${MOST_RECORDS_COUNTED}) t) as links
         from ${TABLE} d where d.client_id > :after order by d.client_id limit :limit`,
        { after: keyOfCursor(cursor), limit: limit + 1, now },
      )
      return toPage(rows, limit, ({ client_id }) => client_id, toListed)
    },

    /** Names of documents that are on record, for look-alikes. */
    async namesOf(hosts: readonly string[], most: number): Promise<{ host: string; name: string }[]> {
      const rows: Row[] = await knex(TABLE)
        .whereIn('host', [...hosts])
        .limit(most)
      return rows.map(({ host, metadata }) => ({ host, name: metadata.client_name ?? '' }))
    },

    async isBlocked({ host, href }: URL): Promise<boolean> {
      return (await knex(BLOCKS).whereIn('target', [host, href]).first('target')) !== undefined
    },

    /** False where it is blocked already. */
    async block({ target, blockedBy, reason }: Omit<DocumentBlock, 'createdAt'>, now: number): Promise<boolean> {
      const made = await knex(BLOCKS)
        .insert({ target, blocked_by: blockedBy, created_at: now, reason: reason ?? null })
        .onConflict('target')
        .ignore()
        .returning('target')
      return made.length > 0
    },

    async unblock(target: string): Promise<boolean> {
      return (await knex(BLOCKS).where({ target }).delete()) > 0
    },

    async blocks({ limit, cursor }: PageRequest): Promise<Page<DocumentBlock>> {
      const rows: BlockRow[] = await knex(BLOCKS)
        .where('target', '>', keyOfCursor(cursor))
        .orderBy('target')
        .limit(limit + 1)
      return toPage(rows, limit, ({ target }) => target, toBlock)
    },

    /** The ids of documents at a host, or of one address, that people let in. */
    async consentedAt(target: string, after: string, limit: number): Promise<string[]> {
      const rows: Pick<Row, 'client_id'>[] = await knex(TABLE)
        .where((where) => where.where({ host: target }).orWhere({ client_id: target }))
        .whereNotNull('consented_at')
        .where('client_id', '>', after)
        .orderBy('client_id')
        .limit(limit)
        .select('client_id')
      return rows.map(({ client_id }) => client_id)
    },
  }
}

type BlockRow = {
  readonly target: string
  readonly blocked_by: string
  readonly created_at: string | number
  readonly reason: string | null
}

function toBlock({ target, blocked_by, created_at, reason }: BlockRow): DocumentBlock {
  return { target, blockedBy: blocked_by, createdAt: Number(created_at), ...(reason !== null && { reason }) }
}

function toListed(row: Row): ListedDocument {
  const redirectHosts = [...new Set((row.metadata.redirect_uris ?? []).map(redirectHost))]
  return { ...toDocument(row), links: Number(row.links), redirectHosts }
}

function toDocument(row: Row): StoredDocument {
  return {
    clientId: row.client_id,
    host: row.host,
    metadata: row.metadata,
    digest: row.digest,
    freshUntil: Number(row.fresh_until),
    firstSeenAt: Number(row.first_seen_at),
    lastUsedAt: Number(row.last_used_at),
    ...(row.consented_at !== null && { consentedAt: Number(row.consented_at) }),
    isBlocked: row.is_blocked,
  }
}

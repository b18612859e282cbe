import type { Knex } from 'knex'
import type { AuditEntry, Link } from './chain.ts'
import { type AuditEventType, outcomeOf } from './events.ts'

export type AuditFilter = {
  readonly types?: readonly AuditEventType[]
  readonly customerId?: string
  readonly clientId?: string
  readonly actor?: string
  readonly ip?: string
  readonly requestId?: string
  /** The keyed digest of a sign-in. */
  readonly signIn?: string
  /** ISO 8601. */
  readonly since?: string
  readonly until?: string
  /** Entries before this place: the cursor of the page before. */
  readonly before?: number
  readonly limit?: number
}

export type AuditCounts = Readonly<Partial<Record<AuditEventType, number>>>

type Row = {
  seq: string | number
  at: Date
  type: AuditEventType
  actor: string | null
  customer_id: string | null
  client_id: string | null
  grant_id: string | null
  ip: string | null
  request_id: string | null
  sign_in: string | null
  reason: string | null
  hash: string
}

type Head = { seq: string | number; hash: string; kept_after_seq: string | number; kept_after_hash: string }

const MAX_PAGE = 1000

/** A page of entries, newest first. */
export async function findEntries(knex: Knex, filter: AuditFilter): Promise<AuditEntry[]> {
  const rows = await knex<Row>('audit_entries')
    .modify((query) => {
      if (filter.types?.length) query.whereIn('type', filter.types)
      if (filter.customerId) query.where('customer_id', filter.customerId)
      if (filter.clientId) query.where('client_id', filter.clientId)
      if (filter.actor) query.where('actor', filter.actor)
      if (filter.ip) query.where('ip', filter.ip)
      if (filter.requestId) query.where('request_id', filter.requestId)
      if (filter.signIn) query.where('sign_in', filter.signIn)
      if (filter.since) query.where('at', '>=', filter.since)
      if (filter.until) query.where('at', '<', filter.until)
      if (filter.before) query.where('seq', '<', filter.before)
    })
    .orderBy('seq', 'desc')
    .limit(Math.min(filter.limit ?? 100, MAX_PAGE))
  return rows.map(toEntry)
}

/** How many entries of each type there are since an instant (ISO 8601); a type without any is absent. */
export async function countEntries(knex: Knex, since: string): Promise<AuditCounts> {
  const rows: { type: AuditEventType; count: string | number }[] = await knex('audit_entries')
    .where('at', '>=', since)
    .groupBy('type')
    .select('type')
    .count('* as count')
  return Object.fromEntries(rows.map(({ type, count }) => [type, Number(count)]))
}

/** At most `limit` entries after a place, oldest first. */
export async function entriesAfter(knex: Knex, seq: number, limit: number): Promise<AuditEntry[]> {
  return (await knex<Row>('audit_entries').where('seq', '>', seq).orderBy('seq').limit(limit)).map(toEntry)
}

/** All kept entries after a place, oldest first, read in pages. */
export async function* readEntries(knex: Knex, afterSeq: number): AsyncGenerator<AuditEntry> {
  let page = await entriesAfter(knex, afterSeq, MAX_PAGE)
  while (page.length > 0) {
    yield* page
    page = await entriesAfter(knex, page.at(-1)?.seq ?? afterSeq, MAX_PAGE)
  }
}

export type ChainEnds = { readonly start: Link; readonly head: Link }

export async function chainEnds(knex: Knex): Promise<ChainEnds> {
  const head = await knex<Head>('audit_head').first()
  if (!head) throw new Error('the audit head is missing')
  return {
    start: { seq: Number(head.kept_after_seq), hash: head.kept_after_hash },
    head: { seq: Number(head.seq), hash: head.hash },
  }
}

function toEntry(row: Row): AuditEntry {
  return {
    seq: Number(row.seq),
    at: row.at.toISOString(),
    type: row.type,
    outcome: outcomeOf(row.type),
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.customer_id !== null && { customerId: row.customer_id }),
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.grant_id !== null && { grantId: row.grant_id }),
    ...(row.ip !== null && { ip: row.ip }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.sign_in !== null && { signIn: row.sign_in }),
    ...(row.reason !== null && { reason: row.reason }),
    hash: row.hash,
  }
}

import type { Knex } from 'knex'
import { type AuditEntry, linkHash } from './chain.ts'
import type { AuditEvent, AuditEventType } from './events.ts'

export type AuditFilter = {
  readonly types?: readonly AuditEventType[]
  readonly customerId?: string
  readonly clientId?: string
  /** ISO 8601. */
  readonly since?: string
  readonly until?: string
  /** Entries before this place: the cursor of the page before. */
  readonly before?: number
  readonly limit?: number
}

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
  reason: string | null
  hash: string
}

type Head = { seq: string | number; hash: string; kept_after_seq: string | number; kept_after_hash: string }

const MAX_PAGE = 1000

/** Appends events in one transaction; the head row gives the chain one order however many nodes write. */
export async function appendEntries(knex: Knex, events: readonly { at: string; event: AuditEvent }[]): Promise<void> {
  await knex.transaction(async (transaction) => {
    const head = await transaction<Head>('audit_head').forUpdate().first()
    if (!head) throw new Error('the audit head is missing')
    let seq = Number(head.seq)
    let hash = head.hash
    const rows = events.map(({ at, event }) => {
      seq += 1
      hash = linkHash(hash, seq, at, event)
      return toRow(seq, at, hash, event)
    })
    await transaction.batchInsert('audit_entries', rows, 500)
    await transaction('audit_head').update({ seq, hash })
  })
}

/** A page of entries, newest first. */
export async function findEntries(knex: Knex, filter: AuditFilter): Promise<AuditEntry[]> {
  const rows = await knex<Row>('audit_entries')
    .modify((query) => {
      if (filter.types?.length) query.whereIn('type', filter.types)
      if (filter.customerId) query.where('customer_id', filter.customerId)
      if (filter.clientId) query.where('client_id', filter.clientId)
      if (filter.since) query.where('at', '>=', filter.since)
      if (filter.until) query.where('at', '<', filter.until)
      if (filter.before) query.where('seq', '<', filter.before)
    })
    .orderBy('seq', 'desc')
    .limit(Math.min(filter.limit ?? 100, MAX_PAGE))
  return rows.map(toEntry)
}

/** All kept entries, oldest first, read in pages. */
export async function* readEntries(knex: Knex, afterSeq: number): AsyncGenerator<AuditEntry> {
  let after = afterSeq
  for (;;) {
    const rows = await knex<Row>('audit_entries').where('seq', '>', after).orderBy('seq').limit(MAX_PAGE)
    for (const row of rows) yield toEntry(row)
    const last = rows.at(-1)
    if (!last) return
    after = Number(last.seq)
  }
}

export type ChainEnds = {
  readonly start: { readonly seq: number; readonly hash: string }
  readonly head: { readonly seq: number; readonly hash: string }
}

export async function chainEnds(knex: Knex): Promise<ChainEnds> {
  const head = await knex<Head>('audit_head').first()
  if (!head) throw new Error('the audit head is missing')
  return {
    start: { seq: Number(head.kept_after_seq), hash: head.kept_after_hash },
    head: { seq: Number(head.seq), hash: head.hash },
  }
}

/** Removes entries older than `before` (ISO 8601) and remembers where the chain starts now; returns how many. */
export async function pruneEntries(knex: Knex, before: string): Promise<number> {
  return knex.transaction(async (transaction) => {
    await transaction('audit_head').forUpdate().first()
    const last = await transaction<Row>('audit_entries').where('at', '<', before).orderBy('seq', 'desc').first()
    if (!last) return 0
    const count = await transaction('audit_entries').where('seq', '<=', last.seq).delete()
    await transaction('audit_head').update({ kept_after_seq: last.seq, kept_after_hash: last.hash })
    return count
  })
}

function toRow(seq: number, at: string, hash: string, event: AuditEvent): Record<string, unknown> {
  return {
    seq,
    at,
    type: event.type,
    actor: event.actor ?? null,
    customer_id: event.customerId ?? null,
    client_id: event.clientId ?? null,
    grant_id: event.grantId ?? null,
    ip: event.ip ?? null,
    request_id: event.requestId ?? null,
    reason: event.reason ?? null,
    hash,
  }
}

function toEntry(row: Row): AuditEntry {
  return {
    seq: Number(row.seq),
    at: row.at.toISOString(),
    type: row.type,
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.customer_id !== null && { customerId: row.customer_id }),
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.grant_id !== null && { grantId: row.grant_id }),
    ...(row.ip !== null && { ip: row.ip }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.reason !== null && { reason: row.reason }),
    hash: row.hash,
  }
}

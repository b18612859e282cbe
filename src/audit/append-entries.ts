import type { Knex } from 'knex'
import { prepared } from '../database/prepared.ts'
import { type AuditEntry, type Link, linkHash } from './chain.ts'
import { type AuditEvent, outcomeOf } from './events.ts'

/** An event on its way into the chain; `at` is ISO 8601 in milliseconds. */
export type Appended = { readonly at: string; readonly event: AuditEvent }

type Head = { seq: string | number; hash: string }

/**
 * Moves the head and adds the entries behind it, or does nothing where the head is not where the entries begin. One statement for any
 * number of entries, with few bindings: what the driver and the query builder do with many is dear.
 */
const APPEND = `
  with moved as (update audit_head set seq = :seq, hash = :hash where seq = :fromSeq and hash = :fromHash returning id)
  insert into audit_entries
    (seq, at, type, actor, customer_id, client_id, grant_id, ip, request_id, sign_in, reason, hash)
  select entry.seq, at, type, actor, "customerId", "clientId", "grantId", ip, "requestId", "signIn", reason, hash
  from moved, json_to_recordset(:entries::json) as entry (seq bigint, at timestamptz, type text, actor text,
    "customerId" text, "clientId" text, "grantId" text, ip text, "requestId" text, "signIn" text, reason text, hash text)`

/**
 * Appends events, all or none, and returns them as entries. A node that finds the chain as it left it writes in one trip, and holds the
 * head for no longer than that; where others write as well it waits for its turn first.
 */
export function createAppend(knex: Knex): (events: readonly Appended[]) => Promise<AuditEntry[]> {
  let left: Link | undefined
  let isAlone = false

  async function appendAlone(from: Link, events: readonly Appended[]): Promise<AuditEntry[] | undefined> {
    // Until it is known to be written.
    isAlone = false
    const entries = chain(from, events)
    isAlone = await write(from, entries, (bindings) => prepared(knex, APPEND, bindings))
    return isAlone ? entries : undefined
  }

  async function appendInTurn(events: readonly Appended[]): Promise<AuditEntry[]> {
    const { from, entries } = await knex.transaction((transaction) => extend(transaction, events))
    isAlone = left === undefined || from.hash === left.hash
    return entries
  }

  return async (events) => {
    const entries = (left && isAlone && (await appendAlone(left, events))) || (await appendInTurn(events))
    left = entries.at(-1)
    return entries
  }
}

/** Within a transaction. It holds the head row until its end, which gives the chain one order however many nodes write. */
export async function extendChain(transaction: Knex.Transaction, events: readonly Appended[]): Promise<AuditEntry[]> {
  return (await extend(transaction, events)).entries
}

async function extend(transaction: Knex.Transaction, events: readonly Appended[]) {
  const head = await transaction<Head>('audit_head').forUpdate().first('seq', 'hash')
  if (!head) throw new Error('the audit head is missing')
  const from: Link = { seq: Number(head.seq), hash: head.hash }
  const entries = chain(from, events)
  await write(from, entries, (bindings) => transaction.raw(APPEND, bindings))
  return { from, entries }
}

function chain(from: Link, events: readonly Appended[]): AuditEntry[] {
  let { seq, hash } = from
  return events.map(({ at, event }) => {
    seq += 1
    hash = linkHash(hash, seq, at, event)
    return { ...event, seq, at, outcome: outcomeOf(event.type), hash }
  })
}

type Ask = (bindings: Knex.ValueDict) => PromiseLike<{ rowCount: number | null }>

/** False where the head is elsewhere, and nothing was written. */
async function write(from: Link, entries: readonly AuditEntry[], ask: Ask): Promise<boolean> {
  const { seq, hash } = entries.at(-1) ?? from
  const bindings = { seq, hash, fromSeq: from.seq, fromHash: from.hash, entries: JSON.stringify(entries) }
  return (await ask(bindings)).rowCount === entries.length
}

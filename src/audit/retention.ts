import type { Knex } from 'knex'
import { extendChain } from './append-entries.ts'
import type { AuditEntry } from './chain.ts'

/** Writers wait while entries are removed. */
const BATCH = 10_000

/**
 * Removes entries older than `before` (ISO 8601), so many at a time, and says so in the chain, in one step: a
 * beginning that is missing without such an entry was removed from outside. Returns what was written; nothing
 * when none is left.
 */
export async function pruneEntries(knex: Knex, before: string, limit = BATCH): Promise<AuditEntry[]> {
  return knex.transaction(async (transaction) => {
    await transaction('audit_head').forUpdate().first()
    const old = transaction('audit_entries').where('at', '<', before).select('seq', 'hash')
    const [last] = await transaction.from(old.orderBy('seq').limit(limit).as('old')).orderBy('seq', 'desc').limit(1)
    if (!last) return []
    const count = await transaction('audit_entries').where('seq', '<=', last.seq).delete()
    await transaction('audit_head').update({ kept_after_seq: last.seq, kept_after_hash: last.hash })
    const reason = `${count} entries, up to ${last.seq}`
    return extendChain(transaction, [
      { at: new Date().toISOString(), event: { type: 'audit.pruned', actor: 'server', reason } },
    ])
  })
}

/** The place up to which an `audit.pruned` entry says that entries were removed. */
export function prunedUpTo({ reason }: AuditEntry): number | undefined {
  const place = /, up to (\d+)$/.exec(reason ?? '')?.[1]
  return place === undefined ? undefined : Number(place)
}

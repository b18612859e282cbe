import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { type AuditFilter, appendEntries, chainEnds, findEntries, pruneEntries, readEntries } from './audit-rows.ts'
import { type AuditEntry, type ChainProblem, createChainCheck } from './chain.ts'
import type { Audit, AuditEvent } from './events.ts'

export type Verdict = { readonly entries: number; readonly problem?: ChainProblem | { readonly problem: 'cut off' } }

export type AuditTrail = {
  readonly append: Audit
  /** Waits until everything appended so far is written. */
  flush(): Promise<void>
  find(filter: AuditFilter): Promise<AuditEntry[]>
  /** Follows the whole chain; a change, a gap or a missing end is a problem. */
  verify(): Promise<Verdict>
  exportAll(): AsyncGenerator<AuditEntry>
  close(): Promise<void>
}

const FLUSH_EVERY_MS = 200
const MAX_WAITING = 20_000
const MAX_REASON = 300
const PRUNE_EVERY_MS = 3_600_000

/**
 * The audit trail: append-only, each entry tied to the one before by its hash. Events go to the log at once and to the
 * database in batches; while the database is away they wait, and what does not fit is counted in an `audit.gap`.
 */
export function openAuditTrail({
  knex,
  log,
  retentionDays,
}: {
  knex: Knex
  log: Pick<Log, 'info' | 'warn'>
  retentionDays: number
}): AuditTrail {
  const waiting: { at: string; event: AuditEvent }[] = []
  let lost = 0
  let writing: Promise<void> = Promise.resolve()

  function append(event: AuditEvent): void {
    const safe = event.reason === undefined ? event : { ...event, reason: event.reason.slice(0, MAX_REASON) }
    log.info({ audit: safe }, `audit: ${safe.type}`)
    if (waiting.length < MAX_WAITING) waiting.push({ at: new Date().toISOString(), event: safe })
    else lost += 1
  }

  async function write(): Promise<void> {
    if (lost > 0 && waiting.length < MAX_WAITING) {
      waiting.push({
        at: new Date().toISOString(),
        event: { type: 'audit.gap', actor: 'server', reason: `${lost} entries` },
      })
      lost = 0
    }
    const batch = waiting.splice(0)
    if (batch.length === 0) return
    try {
      await appendEntries(knex, batch)
    } catch (error) {
      waiting.unshift(...batch)
      log.warn({ err: error }, 'audit entries wait until the database takes them')
    }
  }

  async function prune(): Promise<void> {
    const before = new Date(Date.now() - retentionDays * 86_400_000).toISOString()
    const count = await pruneEntries(knex, before)
    if (count > 0) append({ type: 'audit.pruned', actor: 'server', reason: `${count} entries` })
  }

  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const flusher = setInterval(flush, FLUSH_EVERY_MS)
  const pruner = setInterval(
    () => prune().catch((error) => log.warn({ err: error }, 'audit retention')),
    PRUNE_EVERY_MS,
  )
  for (const timer of [flusher, pruner]) timer.unref()

  return {
    append,
    flush,
    find: (filter) => findEntries(knex, filter),
    verify: () => verify(knex),
    async *exportAll() {
      yield* readEntries(knex, 0)
    },
    async close() {
      clearInterval(flusher)
      clearInterval(pruner)
      await flush()
    },
  }
}

async function verify(knex: Knex): Promise<Verdict> {
  const { start, head } = await chainEnds(knex)
  const check = createChainCheck(start)
  let entries = 0
  let last = start
  for await (const entry of readEntries(knex, start.seq)) {
    if (entry.seq > head.seq) break
    const problem = check(entry)
    if (problem) return { entries, problem }
    entries += 1
    last = entry
  }
  return last.seq === head.seq && last.hash === head.hash ? { entries } : { entries, problem: { problem: 'cut off' } }
}

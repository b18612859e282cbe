import type { Knex } from 'knex'
import { isIndexable, toIndexable, toStorable } from '../database/storable.ts'
import { openWriteBehind } from '../database/write-behind.ts'
import type { Log } from '../log.ts'
import { type Appended, createAppend } from './append-entries.ts'
import { type AuditCounts, type AuditFilter, chainEnds, countEntries, findEntries, readEntries } from './audit-rows.ts'
import type { AuditEntry, Link } from './chain.ts'
import type { Audit, AuditEvent } from './events.ts'
import { pruneEntries } from './retention.ts'
import { type Verdict, verifyTrail } from './verify.ts'

export type AuditTrail = {
  readonly append: Audit
  /** Waits until everything appended so far is written. */
  flush(): Promise<void>
  find(filter: AuditFilter): Promise<AuditEntry[]>
  /** Entries by type since an instant, ISO 8601. */
  count(since: string): Promise<AuditCounts>
  /** Follows the whole chain, and past a witness if one is given. */
  verify(witness?: Link): Promise<Verdict>
  /** Where the chain ends now: kept elsewhere, a witness. */
  head(): Promise<Link>
  exportAll(): AsyncGenerator<AuditEntry>
  /** Events that are not written yet: for metrics. */
  waiting(): number
  /** Removes what is older than the retention; happens by itself every hour. */
  prune(): Promise<void>
  close(): Promise<void>
}

export type AuditTrailDeps = {
  readonly knex: Knex
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly retentionDays: number
  /** Told of every event at once, before it has a place in the chain. */
  readonly onEvent?: (event: AuditEvent) => void
  /** Told of entries when they are written, in the order of the chain as far as this node wrote them. */
  readonly onWritten?: (entries: readonly AuditEntry[]) => void
  /** Told of every event for which there was no room: the database is away for too long. */
  readonly onLost?: () => void
  /** Of the request an event is appended in. */
  readonly currentRequest?: () => Pick<AuditEvent, 'requestId' | 'ip' | 'signIn'> | undefined
}

const MAX_REASON = 1000
const PRUNE_EVERY_MS = 3_600_000

/**
 * The audit trail: append-only, each entry tied to the one before by its hash. Events go to the database in batches;
 * while it is away they wait, and what does not fit is counted in an `audit.gap`.
 */
export function openAuditTrail(deps: AuditTrailDeps): AuditTrail {
  const {
    knex,
    log,
    retentionDays,
    onEvent,
    onWritten = () => {},
    onLost = () => {},
    currentRequest = () => undefined,
  } = deps
  let lost = 0
  const appendEntries = createAppend(knex)
  const queue = openWriteBehind<Appended>({
    write: async (batch) => onWritten(await appendEntries(batch)),
    onFailed: (error) => log.warn({ event: 'audit.write-failed', err: error }),
    complete: gap,
  })

  function append(event: AuditEvent): void {
    const complete = storable({ ...currentRequest(), ...event })
    onEvent?.(complete)
    if (queue.add({ at: new Date().toISOString(), event: complete })) return
    lost += 1
    onLost()
  }

  /** The entry that says how many were lost, once there is room for it. */
  function gap(): Appended | undefined {
    if (lost === 0) return undefined
    const reason = `${lost} entries`
    lost = 0
    return { at: new Date().toISOString(), event: { type: 'audit.gap', actor: 'server', reason } }
  }

  async function prune(): Promise<void> {
    const before = new Date(Date.now() - retentionDays * 86_400_000).toISOString()
    for (;;) {
      const written = await pruneEntries(knex, before)
      if (written.length === 0) return
      onWritten(written)
    }
  }

  const warn = (error: unknown) => log.warn({ event: 'audit.prune-failed', err: error })
  const timer = setInterval(() => prune().catch(warn), PRUNE_EVERY_MS)
  timer.unref()

  return {
    append,
    flush: queue.flush,
    prune,
    find: (filter) => findEntries(knex, filter),
    count: (since) => countEntries(knex, since),
    verify: (witness) => verifyTrail(knex, witness),
    head: async () => (await chainEnds(knex)).head,
    async *exportAll() {
      yield* readEntries(knex, 0)
    },
    waiting: queue.waiting,
    async close() {
      clearInterval(timer)
      await queue.close()
    },
  }
}

/**
 * The event as the database gives it back, or its hash would not fit what is read: parts of it come from clients, and
 * cutting a reason can split a character.
 */
function storable(event: AuditEvent): AuditEvent {
  if (Object.values(event).every((value) => value === undefined || isIndexable(value))) return event
  const members = Object.entries(event).map(([name, value]) => {
    if (value === undefined) return [name, undefined]
    return [name, name === 'reason' ? toStorable(value.slice(0, MAX_REASON)) : toIndexable(value)]
  })
  // The members and their types are those of `event`.
  return Object.fromEntries(members) as AuditEvent
}

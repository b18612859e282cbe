import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { type Database, QUERY_LIMIT_MS } from '../database/database.ts'
import { createOneWriter } from '../database/one-writer.ts'
import type { Log } from '../log.ts'
import { seal } from '../storage/seal.ts'
import {
  type Announcement,
  type EndingRow,
  insertRows,
  type LoggedEnding,
  pruneRows,
  raiseHead,
  readHead,
  rowsAfter,
  type Settled,
  settleRows,
  unsettledRows,
} from './ending-rows.ts'
import type { KeepUnlogged } from './unlogged.ts'

/** What `announce` gives back, for `settle`. */
export type Announced = { readonly id: string }

/** Every ending of a sign-in, in order. */
export type EndingLog = {
  /**
   * Writes down an ending that is about to take effect; in a transaction of its cause if one is given. While the database is away the
   * announcement is kept in storage.
   *
   * @throws when neither the database nor storage takes it.
   */
  announce(ending: Announcement, transaction?: Knex.Transaction): Promise<Announced>
  /**
   * The ending took effect: gives it its place. Where that fails, a node does it later.
   *
   * @returns whether this call did.
   */
  settle(announced: Announced, cutOffMs?: number): Promise<boolean>
  /** Endings that took effect, in their order, after a place. What is read once is never followed by an earlier place. */
  after(seq: number, limit: number): Promise<LoggedEnding[]>
  /** The last place. */
  head(): Promise<number>
  /** Up to which place endings may have been removed, because nothing they ended can be alive. */
  floor(): Promise<number>
  /**
   * Leaves places out: after a restore, those that readers may have seen since the backup. They would take what is new there for what
   * they know.
   */
  leavePlacesOut(): Promise<void>
  /** Calls when there may be new endings, of this process at once and of other nodes within a second. @returns what ends it. */
  onNew(listener: () => void): () => void
  /** Announced, and without a place for longer than `olderThanMs`. */
  unsettled(olderThanMs: number, limit: number): Promise<EndingRow[]>
  /** Writes announcements that were kept elsewhere. */
  write(rows: readonly EndingRow[]): Promise<void>
  /** Removes what is over, as far as everybody read. @returns how many. */
  prune(upTo: number): Promise<number>
  close(): Promise<void>
}

export type EndingLogDeps = {
  readonly database: Pick<Database, 'knex' | 'answeringWithin'>
  readonly log: Pick<Log, 'warn'>
  /** The first seals ids of stored tokens and sessions. */
  readonly sealKeys: readonly [string, ...string[]]
  readonly keepUnlogged: KeepUnlogged
  /** How long an access token can live; seconds. */
  readonly longestTokenSeconds: () => number
  readonly lookEveryMs?: number
}

/** In which context ids are sealed. */
export const SEALED = 'what an ending ends'

const MOST_WRITTEN = 500
const LOOK_EVERY_MS = 1000
/** For clocks of verifiers, as their libraries tolerate. */
const TOLERANCE_MS = 60_000
/** Readers that are behind by less never find that rows are gone. */
const KEPT_MS = 86_400_000
const PRUNED_AT_ONCE = 1000
/** More than end between a backup and its restore. */
const PLACES_LEFT_OUT = 1_000_000_000

/** Opens the log. Announcements and settlements that are asked for meanwhile are written together: one trip each, however many wait. */
export function openEndingLog(deps: EndingLogDeps): EndingLog {
  const { database, log, sealKeys, keepUnlogged, longestTokenSeconds, lookEveryMs = LOOK_EVERY_MS } = deps
  const { knex } = database
  const listeners = new Set<() => void>()
  let seen = -1
  let timer: NodeJS.Timeout | undefined

  const inserts = createOneWriter<EndingRow, undefined>(
    async (rows) => {
      await database.answeringWithin(QUERY_LIMIT_MS, () => insertRows(knex, rows))
      return rows.map(() => undefined)
    },
    { most: MOST_WRITTEN },
  )
  const settlements = createOneWriter<Settled, boolean>(
    async (settled) => {
      const placed = await database.answeringWithin(QUERY_LIMIT_MS, () => settleRows(knex, settled))
      if (placed.size > 0) tell()
      return settled.map(({ id }) => placed.has(id))
    },
    { most: MOST_WRITTEN },
  )

  function tell(): void {
    for (const listener of listeners) listener()
  }

  async function look(): Promise<void> {
    const { seq } = await readHead(knex)
    if (seq !== seen) tell()
    seen = seq
  }

  function toRow({ expiresAtMs, bearer, ...event }: Announcement): EndingRow {
    const atMs = Date.now()
    const lastMs = expiresAtMs ?? Math.max(atMs, event.cutOffMs ?? 0) + longestTokenSeconds() * 1000
    const sealed = bearer === undefined ? {} : { sealed: seal(sealKeys[0], SEALED, bearer) }
    return { id: randomUUID(), event, atMs, untilMs: lastMs + TOLERANCE_MS, ...sealed }
  }

  return {
    async announce(ending, transaction) {
      const row = toRow(ending)
      if (transaction) await insertRows(transaction, [row])
      else {
        try {
          await inserts.add(row)
        } catch (error) {
          await keepUnlogged(row)
          log.warn({ event: 'sign-in-endings.unlogged', id: row.id, err: error })
        }
      }
      return { id: row.id }
    },
    async settle({ id }, cutOffMs) {
      try {
        return await settlements.add({ id, cutOffMs })
      } catch (error) {
        log.warn({ event: 'sign-in-endings.unsettled', id, err: error })
        return false
      }
    },
    after: (seq, limit) => rowsAfter(knex, seq, limit),
    head: async () => (await readHead(knex)).seq,
    floor: async () => (await readHead(knex)).floor,
    leavePlacesOut: () => raiseHead(knex, PLACES_LEFT_OUT),
    onNew(listener) {
      listeners.add(listener)
      // What it cannot tell now, it tells at the next look.
      timer ??= setInterval(() => void look().catch(() => {}), lookEveryMs).unref()
      return () => listeners.delete(listener)
    },
    unsettled: (olderThanMs, limit) => unsettledRows(knex, olderThanMs, limit),
    write: (rows) => insertRows(knex, rows),
    async prune(upTo) {
      let removed = 0
      for (let last = PRUNED_AT_ONCE; last === PRUNED_AT_ONCE; removed += last)
        last = await pruneRows(knex, { beforeMs: Date.now() - KEPT_MS, upTo, limit: PRUNED_AT_ONCE })
      return removed
    },
    async close() {
      clearInterval(timer)
      listeners.clear()
      await inserts.flush()
      await settlements.flush()
    },
  }
}

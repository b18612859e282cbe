import type { Knex } from 'knex'

/** How often a client used something on a day (UTC). */
export type DailyUse = {
  readonly what: string
  readonly clientId: string
  readonly day: string
  readonly count: number
}

export type DailyUses = {
  note(what: string, clientId: string, now?: Date): void
  /** Days not before `since` (`2026-11-01`), newest first; what was counted until now included. */
  list(since: string): Promise<DailyUse[]>
  close(): Promise<void>
}

/** Where uses are counted: the dialects that clients come through, and the grant types they get tokens by. */
const TABLES = {
  dialects: { table: 'dialect_uses', column: 'dialect' },
  grantTypes: { table: 'grant_type_uses', column: 'grant_type' },
} as const

type Table = (typeof TABLES)[keyof typeof TABLES]

const FLUSH_MS = 10_000

/**
 * Counts which clients still use what, so that an operator knows whom a sunset would hit. Counts are kept in memory and
 * written together: a node that is killed loses a few seconds of them.
 */
export function openDailyUses({
  knex,
  of,
  onError,
  flushMs = FLUSH_MS,
}: {
  readonly knex: Knex
  readonly of: keyof typeof TABLES
  readonly onError: (error: unknown) => void
  readonly flushMs?: number
}): DailyUses {
  const table = TABLES[of]
  let pending = new Map<string, DailyUse>()
  let writing = Promise.resolve()
  const timer = setInterval(() => void flush(), flushMs)
  timer.unref()

  function flush(): Promise<void> {
    const batch = [...pending.values()]
    pending = new Map()
    if (batch.length > 0) writing = writing.then(() => write(knex, table, batch)).catch(onError)
    return writing
  }

  return {
    note(what, clientId, now = new Date()) {
      const day = now.toISOString().slice(0, 10)
      const key = JSON.stringify([what, clientId, day])
      pending.set(key, { what, clientId, day, count: (pending.get(key)?.count ?? 0) + 1 })
    },

    async list(since) {
      await flush()
      return read(knex, table, since)
    },

    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

async function read(knex: Knex, { table, column }: Table, since: string): Promise<DailyUse[]> {
  const { rows } = await knex.raw<{ rows: (Omit<DailyUse, 'clientId'> & { client_id: string })[] }>(
    `select ${column} as what, client_id, to_char(day, 'YYYY-MM-DD') as day, count::integer as count
     from ${table} where day >= ? order by day desc, what, client_id`,
    [since],
  )
  return rows.map(({ client_id: clientId, ...use }) => ({ ...use, clientId }))
}

async function write(knex: Knex, { table, column }: Table, batch: readonly DailyUse[]): Promise<void> {
  const rows = batch.map(({ what, clientId, day, count }) => ({ [column]: what, client_id: clientId, day, count }))
  await knex(table)
    .insert(rows)
    .onConflict([column, 'client_id', 'day'])
    .merge({ count: knex.raw('??.count + excluded.count', [table]) })
}

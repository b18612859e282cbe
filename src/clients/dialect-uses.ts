import type { Knex } from 'knex'

/** How often a client came through a dialect's endpoints on a day (UTC). */
export type DialectUse = {
  readonly dialect: string
  readonly clientId: string
  readonly day: string
  readonly count: number
}

export type DialectUses = {
  note(dialect: string, clientId: string, now?: Date): void
  /** Days not before `since` (`2026-11-01`), newest first; what was counted until now included. */
  list(since: string): Promise<DialectUse[]>
  close(): Promise<void>
}

const FLUSH_MS = 10_000

/**
 * Counts which clients still use which dialect, so that an operator knows whom a sunset would hit. Counts are kept in
 * memory and written together: a node that is killed loses a few seconds of them.
 */
export function openDialectUses({
  knex,
  onError,
  flushMs = FLUSH_MS,
}: {
  readonly knex: Knex
  readonly onError: (error: unknown) => void
  readonly flushMs?: number
}): DialectUses {
  let pending = new Map<string, DialectUse>()
  let writing = Promise.resolve()
  const timer = setInterval(() => void flush(), flushMs)
  timer.unref()

  function flush(): Promise<void> {
    const batch = [...pending.values()]
    pending = new Map()
    if (batch.length > 0) writing = writing.then(() => write(knex, batch)).catch(onError)
    return writing
  }

  return {
    note(dialect, clientId, now = new Date()) {
      const day = now.toISOString().slice(0, 10)
      const key = JSON.stringify([dialect, clientId, day])
      pending.set(key, { dialect, clientId, day, count: (pending.get(key)?.count ?? 0) + 1 })
    },

    async list(since) {
      await flush()
      return read(knex, since)
    },

    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

async function read(knex: Knex, since: string): Promise<DialectUse[]> {
  const { rows } = await knex.raw<{ rows: (Omit<DialectUse, 'clientId'> & { client_id: string })[] }>(
    `select dialect, client_id, to_char(day, 'YYYY-MM-DD') as day, count::integer as count
     from dialect_uses where day >= ? order by day desc, dialect, client_id`,
    [since],
  )
  return rows.map(({ client_id: clientId, ...use }) => ({ ...use, clientId }))
}

async function write(knex: Knex, batch: readonly DialectUse[]): Promise<void> {
  const rows = batch.map(({ clientId: client_id, ...use }) => ({ ...use, client_id }))
  await knex('dialect_uses')
    .insert(rows)
    .onConflict(['dialect', 'client_id', 'day'])
    .merge({ count: knex.raw('dialect_uses.count + excluded.count') })
}

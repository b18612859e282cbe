import type { Knex } from 'knex'

/** How long a request waits for the database before it answers 503. */
export const QUERY_LIMIT_MS = 1000

export type Database = {
  readonly knex: Knex
  readonly isEmbedded: boolean
  /**
   * What `run` asks of the database is answered within `limitMs`, or is `Unavailable`. The embedded database is in this
   * process and knows no limit.
   */
  answeringWithin<T>(limitMs: number, run: () => T): T
  close(): Promise<void>
}

/** A database that cannot be used, said in one sentence that names the setting and the fix. */
export class DatabaseError extends Error {}

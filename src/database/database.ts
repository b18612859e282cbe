import type { Knex } from 'knex'

export type Database = {
  readonly knex: Knex
  readonly isEmbedded: boolean
  close(): Promise<void>
}

/** A database that cannot be used, said in one sentence that names the setting and the fix. */
export class DatabaseError extends Error {}

import type { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire } from 'node:module'
import type { Knex } from 'knex'
import { answerWithin } from '../http/unavailable.ts'

type Connection = { __knex__disposed?: unknown }
type PostgresDialect = new (
  config: Knex.Config,
) => Knex.Client & {
  acquireConnection(): Promise<Connection>
  releaseConnection(connection: Connection): Promise<void>
  _query(connection: Connection, query: unknown): Promise<unknown>
}

// knex types its dialects' main classes nowhere; the file is part of its documented way to make a custom client.
const PostgresClient = createRequire(import.meta.url)('knex/lib/dialects/postgres/index.js') as PostgresDialect

/** Longer than any statement of a request takes, shorter than anybody waits: for work outside of requests, none. */
const NO_LIMIT_MS = 2 ** 31 - 1
/** Classes of SQLSTATE that say "not now": connection, resources, operator, system; and a server that only reads. */
const OUTAGE_STATES = /^(08|53|57|58|25006)/
const OUTAGE_WORDS = /connection|timeout|terminat|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN/i

/**
 * knex's Postgres client whose outages are `Unavailable`, and whose answers come within `limitMs` where there is one.
 * A connection whose answer was given up is not used again.
 */
export function postgresClient(limitMs: AsyncLocalStorage<number>): typeof Knex.Client {
  const bounded = <T>(run: () => Promise<T>): Promise<T> =>
    answerWithin(limitMs.getStore() ?? NO_LIMIT_MS, 'database', run, isOutage)

  return class BoundedPostgres extends PostgresClient {
    override acquireConnection(): Promise<Connection> {
      const acquiring: Promise<Connection> = super.acquireConnection()
      return bounded(() => acquiring).catch((error) => {
        // Given up, not gone: what still comes goes back to the pool.
        acquiring.then((connection: Connection) => this.releaseConnection(connection)).catch(() => {})
        throw error
      })
    }

    override async _query(connection: Connection, query: unknown): Promise<unknown> {
      let isAnswered = false
      const answered = super._query(connection, query).finally(() => {
        isAnswered = true
      })
      return bounded(() => answered).catch((error) => {
        if (!isAnswered) connection.__knex__disposed = error
        throw error
      })
    }
  } as unknown as typeof Knex.Client
}

function isOutage(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (code && /^[0-9A-Z]{5}$/.test(code)) return OUTAGE_STATES.test(code)
  return OUTAGE_WORDS.test(`${code ?? ''} ${message ?? ''}`)
}

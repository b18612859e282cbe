import type { AsyncLocalStorage } from 'node:async_hooks'
import { hash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Knex } from 'knex'
import { answerWithin } from '../http/unavailable.ts'
import { causeOf, codeOf, messageOf } from '../thrown.ts'
import { isOutage } from './outages.ts'

type Connection = {
  __knex__disposed?: unknown
  query(sql: string): Promise<{ rows: { is_read_only: string }[] }>
  end(): Promise<void>
}
type PostgresDialect = new (
  config: Knex.Config,
) => Knex.Client & {
  connectionSettings: { connectionString?: string }
  _acquireOnlyConnection(): Promise<Connection>
  acquireConnection(): Promise<Connection>
  releaseConnection(connection: Connection): Promise<void>
  _query(connection: Connection, query: Query): Promise<unknown>
}
/** The driver gives a query with a name to Postgres to be planned once for each connection. */
type Query = { readonly sql: string; options?: { readonly isPlannedOnce?: true; readonly name?: string } | undefined }

// knex types its dialects' main classes nowhere; the file is part of its documented way to make a custom client.
const PostgresClient = createRequire(import.meta.url)('knex/lib/dialects/postgres/index.js') as PostgresDialect

/** Longer than any statement of a request takes, shorter than a client waits; work outside of requests has no limit. */
const NO_LIMIT_MS = 2 ** 31 - 1
/** SQLSTATE of a write to a server that only reads: a standby, or a primary that became one. */
const READ_ONLY = '25006'
/**
 * SQLSTATE of a plan that a migration made old, that the server does not have, and that it has already: the last two come from a pooler
 * that puts another connection behind ours.
 */
const LOST_PLAN: ReadonlySet<string> = new Set(['0A000', '26000', '42P05'])

/**
 * knex's Postgres client whose outages are `Unavailable`, and whose answers come within `limitMs` where there is one.
 * A connection whose answer was given up is not used again. Of several `urls` the one that takes writes is connected
 * to, the last good one first; a connection to one that no longer does is left.
 */
export function postgresClient(limitMs: AsyncLocalStorage<number>, urls: readonly string[]): typeof Knex.Client {
  let lastGood = 0
  /** By text: few, because what is planned once is a text of the source. */
  const names = new Map<string, string>()

  const nameOf = (sql: string): string => {
    const name = names.get(sql) ?? hash('sha256', sql, 'base64url').slice(0, 24)
    names.set(sql, name)
    return name
  }

  const bounded = <T>(run: () => Promise<T>): Promise<T> =>
    answerWithin(limitMs.getStore() ?? NO_LIMIT_MS, 'database', run, isOutage)

  return class BoundedPostgres extends PostgresClient {
    override async _acquireOnlyConnection(): Promise<Connection> {
      if (urls.length === 1) return super._acquireOnlyConnection()
      const refusals: string[] = []
      for (let turn = 0; turn < urls.length; turn++) {
        const index = (lastGood + turn) % urls.length
        try {
          // Read before anything is waited for.
          this.connectionSettings.connectionString = urls[index] as string
          const connection = await super._acquireOnlyConnection()
          if (await takesWrites(connection)) {
            lastGood = index
            return connection
          }
          await connection.end()
          refusals.push('it only reads')
        } catch (error) {
          refusals.push(messageOf(error))
        }
      }
      throw new Error(`no connection to a host that accepts writes: ${refusals.join('; ')}`)
    }

    override acquireConnection(): Promise<Connection> {
      const acquiring: Promise<Connection> = super.acquireConnection()
      return bounded(() => acquiring).catch((error) => {
        // Given up, not gone: what still comes goes back to the pool.
        acquiring.then((connection: Connection) => this.releaseConnection(connection)).catch(() => {})
        throw error
      })
    }

    override async _query(connection: Connection, query: Query): Promise<unknown> {
      let isAnswered = false
      if (query.options?.isPlannedOnce) query.options = { name: nameOf(query.sql) }
      const answered = askByPlan(connection, query, () => super._query(connection, query)).finally(() => {
        isAnswered = true
      })
      return bounded(() => answered).catch((error) => {
        if (!isAnswered || (urls.length > 1 && isReadOnly(error))) connection.__knex__disposed = error
        throw error
      })
    }
  } as unknown as typeof Knex.Client // a client is a class that knex extends untyped
}

/** Asks by the text where the plan is gone or old: a refused plan has done nothing. The connection may have more of them. */
async function askByPlan(connection: Connection, query: Query, ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask()
  } catch (error) {
    if (query.options?.name === undefined || !LOST_PLAN.has(codeOf(error) ?? '')) throw error
    connection.__knex__disposed = error
    query.options = undefined
    return ask()
  }
}

async function takesWrites(connection: Connection): Promise<boolean> {
  const { rows } = await connection.query(`select current_setting('transaction_read_only') as is_read_only`)
  return rows[0]?.is_read_only === 'off'
}

function isReadOnly(error: unknown): boolean {
  return codeOf(causeOf(error)) === READ_ONLY
}

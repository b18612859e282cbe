import { createRequire } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import type { PGlite, Results } from '@electric-sql/pglite'
import type { Knex } from 'knex'
import type { EmbeddedInstance } from './embedded-instance.ts'
import { createPreparedQueries, type PreparedQueries } from './prepared-queries.ts'

/**
 * knex's Postgres dialect over a PGlite instance. PGlite is one connection in this process, so the pool is pinned
 * to one: transactions queue instead of interleaving.
 */
type PostgresDialect = new (
  config: Knex.Config,
) => Knex.Client & { processResponse(query: Query, runner: unknown): unknown }
/** Disposed: knex makes another one for the next query. */
type Connection = { readonly pglite: PGlite; __knex__disposed?: unknown }
type Query = { sql: string; bindings: unknown[]; method?: string; response?: unknown }

// knex types its dialects' main classes nowhere; the file is part of its documented way to make a custom client.
const PostgresClient = createRequire(import.meta.url)('knex/lib/dialects/postgres/index.js') as PostgresDialect

const SEVERAL_STATEMENTS = /;\s*\S/

/** A knex client class bound to `instance`. Closing knex leaves it open; the code that opened it closes it. */
export function pgliteClient(instance: EmbeddedInstance): typeof Knex.Client {
  const prepared = new WeakMap<PGlite, PreparedQueries>()
  class PgliteClient extends PostgresClient {
    constructor(config: Knex.Config) {
      super({ ...config, pool: { min: 1, max: 1 } })
    }

    _driver(): unknown {
      return instance
    }

    override async acquireRawConnection(): Promise<Connection> {
      // knex marks connections with fields of its own; a fresh object keeps them off the shared instance.
      return { pglite: await instance.current() }
    }

    override async destroyRawConnection(): Promise<void> {}

    async _query(connection: Connection, query: Query): Promise<Query> {
      const { pglite } = connection
      const result = await instance
        .ask(pglite, query.sql, () => execute(pglite, query))
        .catch((error) => {
          if (instance.isBroken(pglite)) connection.__knex__disposed = error
          throw error
        })
      // PGlite works on this thread and begins the next query in the same turn: requests that need none would starve.
      await setImmediate()
      query.response = { ...result, rowCount: result.affectedRows ?? result.rows.length, command: commandOf(query.sql) }
      return query
    }
  }
  /**
   * A migration's script holds several statements, which only the simple protocol takes; it has no bindings. After a
   * panic of the database the simple protocol never returns, so nothing else is asked by it.
   */
  async function execute(pglite: PGlite, { sql, bindings, method }: Query): Promise<Results> {
    const isScript = method === 'raw' && !(bindings?.length > 0) && SEVERAL_STATEMENTS.test(sql)
    if (!isScript) return preparedOf(pglite).query(sql, bindings)
    const results = await pglite.exec(sql)
    await preparedOf(pglite).forgetAll()
    return results.at(-1) ?? { rows: [], fields: [] }
  }

  function preparedOf(pglite: PGlite): PreparedQueries {
    const known = prepared.get(pglite) ?? createPreparedQueries(pglite)
    prepared.set(pglite, known)
    return known
  }
  return PgliteClient as unknown as typeof Knex.Client // a client is a class that knex extends untyped
}

function commandOf(sql: string): string {
  return sql.trimStart().split(/\s/, 1)[0]?.toUpperCase() ?? ''
}

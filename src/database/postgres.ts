import { AsyncLocalStorage } from 'node:async_hooks'
import knexFactory, { type Knex } from 'knex'
import { causeOf, codeOf, messageOf } from '../thrown.ts'
import { type Database, DatabaseError } from './database.ts'
import { postgresClient } from './postgres-client.ts'
import { urlsOfHosts, withoutCredentials } from './postgres-hosts.ts'

const CONNECT_TIMEOUT_MS = 5000
/** Of several hosts one may be gone without a word: the next is asked soon. */
const CONNECT_TIMEOUT_EACH_MS = 2000

/** @throws {DatabaseError} when Postgres does not answer at `url`. */
export async function openPostgres(url: string): Promise<Database> {
  const limits = new AsyncLocalStorage<number>()
  const urls = urlsOfHosts(url)
  const connectionTimeoutMillis = urls.length > 1 ? CONNECT_TIMEOUT_EACH_MS : CONNECT_TIMEOUT_MS
  const knex: Knex = knexFactory({
    client: postgresClient(limits, urls),
    connection: { connectionString: urls[0], connectionTimeoutMillis, keepAlive: true },
    pool: { min: 0, max: 10 },
    acquireConnectionTimeout: urls.length * connectionTimeoutMillis,
    // Who asked gets the error and logs it; knex would write it to standard output as well.
    log: { warn() {}, error() {} },
  })
  try {
    await knex.raw('select 1')
  } catch (error) {
    await knex.destroy()
    const reason = causeOf(error) ?? error
    throw new DatabaseError(
      `DATABASE_URL does not answer at ${withoutCredentials(url)} (${codeOf(reason) ?? messageOf(reason)}). ` +
        'Start Postgres or correct the address and credentials, or unset DATABASE_URL to run embedded.',
    )
  }
  return {
    knex,
    isEmbedded: false,
    answeringWithin: (limitMs, run) => limits.run(limitMs, run),
    close: () => knex.destroy(),
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import knexFactory, { type Knex } from 'knex'
import { causeOf, codeOf, messageOf } from '../thrown.ts'
import { type Database, DatabaseError } from './database.ts'
import { postgresClient } from './postgres-client.ts'
import { urlsOfHosts, withoutCredentials } from './postgres-hosts.ts'

const CONNECT_TIMEOUT_MS = 5000
/** Of several hosts one may be gone without a word: the next is asked soon. */
const CONNECT_TIMEOUT_EACH_MS = 2000

/** @throws {DatabaseError} when Postgres does not answer at `url`, or refuses it. */
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
    throw new DatabaseError(whyClosed(url, causeOf(error) ?? error))
  }
  return {
    knex,
    isEmbedded: false,
    answeringWithin: (limitMs, run) => limits.run(limitMs, run),
    close: () => knex.destroy(),
  }
}

/** What Postgres says when it answers and refuses the connection: the user, the password, or no such database. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong, or there is no such user. Correct the credentials',
  '28000': 'there is no such user, or it may not connect from here. Correct the user, or pg_hba.conf of Postgres',
  '3D000': 'there is no such database. Create it, or correct its name',
}

function whyClosed(url: string, reason: unknown): string {
  const [where, code = messageOf(reason)] = [withoutCredentials(url), codeOf(reason)]
  const refusal = REFUSALS[code]
  if (refusal) return `Postgres at ${where} refuses DATABASE_URL (${code}): ${refusal}.`
  const fix = 'Start Postgres or correct the address, or unset DATABASE_URL to run embedded.'
  return `DATABASE_URL does not answer at ${where} (${code}). ${fix}`
}

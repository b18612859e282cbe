import { join } from 'node:path'
import type { Knex } from 'knex'
import { createAppend } from '../src/audit/append-entries.ts'
import { type AuditFilter, findEntries } from '../src/audit/audit-rows.ts'
import { openDatabase } from '../src/database/index.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'

/**
 * What the indexes of the trail's searches cost and save, on Postgres: how long they take to make on a trail of that size, during which
 * entries wait in memory; each search without and with them; and the writing of entries without and with them.
 */
const ENTRIES = Number(process.argv[2] ?? 200_000)
const INDEXES: Readonly<Record<string, string>> = {
  audit_entries_by_actor: 'actor',
  audit_entries_by_ip: 'ip',
  audit_entries_by_request: 'request_id',
  audit_entries_by_sign_in: 'sign_in',
}
const ROUNDS = 20
const WRITTEN = 20_000
const BATCH = 500

const directory = openRunDirectory()
const postgres = await startPostgres()
const database = await openDatabase({
  DATABASE_URL: await postgres.createDatabase(),
  DATA_DIR: join(directory, 'data'),
})
const { knex } = database
try {
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index ${name}`)
  await fill(knex)
  const [searchesWithout, writesWithout] = [await searches(knex), await writes(knex)]
  const made = await milliseconds(async () => {
    for (const [name, column] of Object.entries(INDEXES))
      await knex.raw(`create index ${name} on audit_entries (${column}, seq) where ${column} is not null`)
  })
  await knex.raw('analyze audit_entries')
  const [searchesWith, writesWith] = [await searches(knex), await writes(knex)]
  console.log(`${ENTRIES} entries; the four indexes are made in ${made.toFixed(0)} ms`)
  console.table(
    Object.fromEntries(
      Object.keys(searchesWith).map((name) => [
        name,
        { 'without, ms': searchesWithout[name]?.toFixed(2), 'with, ms': searchesWith[name]?.toFixed(2) },
      ]),
    ),
  )
  console.log(`entries written a second, in batches of ${BATCH}: ${writesWithout} without, ${writesWith} with`)
} finally {
  await database.close()
  await postgres.stop()
  closeRunDirectory(directory)
}

/** A trail as it grows: a tenth of the entries are parts of sign-ins in a browser, and addresses and actors come again. */
async function fill(into: Knex): Promise<void> {
  await into.raw(
    `insert into audit_entries (seq, at, type, actor, customer_id, client_id, grant_id, ip, request_id, sign_in, reason, hash)
     select n, now() - (? - n) * interval '1 second', 'token.issued', case when n % 50 = 0 then 'administrator:' || n % 997 end,
       'customer-' || n % 20011, 'frontend', 'grant-' || n, '198.51.' || n % 251 || '.' || n % 241, md5(n::text),
       case when n % 10 = 0 then md5('s' || n / 30) end, 'password', md5('h' || n)
     from generate_series(1, ?::integer) n`,
    [ENTRIES, ENTRIES],
  )
  await into('audit_head').update({ seq: ENTRIES, hash: 'hash' })
  await into.raw('analyze audit_entries')
}

async function searches(from: Knex): Promise<Record<string, number>> {
  const { rows } = await from.raw<{ rows: Record<string, string>[] }>(
    'select actor, customer_id, ip, request_id, sign_in from audit_entries where seq = ?',
    [Math.floor(ENTRIES / 100) * 50],
  )
  const [entry] = rows
  if (!entry) throw new Error('there is no such entry')
  const filters: Record<string, AuditFilter> = {
    customer: { customerId: String(entry.customer_id) },
    actor: { actor: String(entry.actor) },
    address: { ip: String(entry.ip) },
    request: { requestId: String(entry.request_id) },
    'sign-in': { signIn: String(entry.sign_in) },
  }
  const measured: Record<string, number> = {}
  for (const [name, filter] of Object.entries(filters)) {
    const all = await milliseconds(async () => {
      for (let round = 0; round < ROUNDS; round++) await findEntries(from, filter)
    })
    measured[name] = all / ROUNDS
  }
  return measured
}

async function writes(into: Knex): Promise<number> {
  const at = new Date().toISOString()
  const append = createAppend(into)
  const took = await milliseconds(async () => {
    for (let written = 0; written < WRITTEN; written += BATCH) {
      const events = Array.from({ length: BATCH }, (_, index) => ({
        at,
        event: {
          type: 'token.issued' as const,
          customerId: `customer-${written + index}`,
          ip: `203.0.113.${index % 250}`,
          requestId: crypto.randomUUID(),
          ...(index % 10 === 0 && { signIn: crypto.randomUUID() }),
        },
      }))
      await append(events)
    }
  })
  return Math.round(WRITTEN / (took / 1000))
}

async function milliseconds(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await act()
  return performance.now() - startedMs
}

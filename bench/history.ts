/**
 * A million ended tokens on record: their size, what a look-up takes, and how fast they are pruned. Half of them are of
 * machines, half of sign-ins with refreshes.
 *
 * npm run bench:history [-- tokens]
 */
import { loadavg } from 'node:os'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/index.ts'
import { prune } from '../src/storage/sql-pruning.ts'
import { writeHistory } from '../src/token-history/history-rows.ts'
import { historyTables, openTokenHistory } from '../src/token-history/token-history.ts'
import type { TokenRecord } from '../src/token-history/token-record.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { nanosecondsOf, postgresProcesses } from './processor-time.ts'

const TOKENS = Number(process.argv[2] ?? 1_000_000)
const HALF = TOKENS / 2
const YEAR_SECONDS = 31_536_000
const BATCH = 1000
const LOOK_UPS = 200

/** One machine in ten thousand tokens; they ended in the last 29 days. */
const MACHINES = `
  insert into token_records (expires_at, issued_at_ms, kind, token_id, client_id)
  select expires_at, (expires_at - 28800) * 1000, 'client-credentials', gen_random_uuid()::text,
    'machine-' || n % ${Math.max(1, Math.round(HALF / 10_000))}
  from (select n, (extract(epoch from now()) - 29 * 86400 * (1 - n / ${HALF}.0))::bigint as expires_at
    from generate_series(1, ${HALF}) n) given`
/** A customer has two sign-ins of ten tokens; each ended by a sign-out, which is on record too. */
const SIGN_INS = `
  insert into token_records (expires_at, issued_at_ms, granted_at_ms, kind, place, replaced_place, token_id, client_id,
    account_id, grant_id)
  select expires_at, (expires_at - 28800) * 1000, (expires_at - 28800) * 1000,
    case n % 2 when 0 then 'access-token' else 'refresh-token' end,
    case n % 2 when 1 then n / 2 % 5 end, case when n % 2 = 1 and n / 2 % 5 > 0 then n / 2 % 5 - 1 end,
    case n % 2 when 0 then gen_random_uuid()::text else ${digest('family', 'n / 10')} end,
    'shop-' || n / 20 % 4, ${uuid('n / 20')}, ${digest('grant', 'n / 10')}
  from (select n, (extract(epoch from now()) - 29 * 86400 * (1 - n / ${HALF}.0))::bigint as expires_at
    from generate_series(0, ${HALF - 1}) n) given`
const ENDINGS = `
  insert into token_endings (expires_at, at_ms, subject, cause)
  select extract(epoch from now())::bigint, (extract(epoch from now()) * 1000)::bigint - 86400000,
    'grant:' || ${digest('grant', 'n')}, 'sign-out'
  from generate_series(0, ${HALF / 10 - 1}) n`

const directory = openRunDirectory()
const postgres = await startPostgres()
const database = await openDatabase({ DATABASE_URL: await postgres.createDatabase(), DATA_DIR: '' })
try {
  console.log(`${TOKENS} tokens, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  await fill()
  await writeSome()
  await database.knex.raw('vacuum analyze')
  await lookUp()
  await pruneAll()
} finally {
  await database.close()
  await postgres.stop()
  closeRunDirectory(directory)
}

/** 43 characters, as digests are. */
function digest(of: string, key: string): string {
  return `translate(left(encode(sha256(('${of} ' || (${key}))::bytea), 'base64'), 43), '+/', '-_')`
}

function uuid(key: string): string {
  return `md5((${key})::text)::uuid::text`
}

async function fill(): Promise<void> {
  const bytes = [await size('token_records')]
  for (const statement of [MACHINES, SIGN_INS]) {
    await database.knex.raw(statement)
    bytes.push(await size('token_records'))
  }
  await database.knex.raw(ENDINGS)
  const [none = 0, machines = 0, all = 0] = bytes
  console.table({
    'a token of a machine': { bytes: Math.round((machines - none) / HALF) },
    'a token of a sign-in': { bytes: Math.round((all - machines) / HALF) },
    'an ending': { bytes: Math.round((await size('token_endings')) / (HALF / 10)) },
  })
  const { rows } = await database.knex.raw<{ rows: { name: string; bytes: string }[] }>(
    `select relname as name, pg_relation_size(oid) as bytes from pg_class
     where relname like 'token_records%' and relkind in ('r', 'i') order by 2 desc`,
  )
  for (const row of rows) console.log(`  ${row.name.padEnd(28)} ${(Number(row.bytes) / 1e6).toFixed(1)} MB`)
}

async function size(table: string): Promise<number> {
  const { rows } = await database.knex.raw<{ rows: { bytes: string }[] }>('select pg_total_relation_size(?) as bytes', [
    table,
  ])
  return Number(rows[0]?.bytes)
}

/** As the server writes them: in batches, each a transaction. */
async function writeSome(): Promise<void> {
  const nowMs = Date.now()
  const some = (batch: number): TokenRecord[] =>
    Array.from({ length: BATCH }, (_, index) => ({
      tokenId: crypto.randomUUID(),
      kind: 'access-token',
      clientId: 'written-here',
      accountId: crypto.randomUUID(),
      grantId: `a-grant-of-as-many-characters-as-${String(batch * BATCH + index).padStart(10, '0')}`,
      grantedAtMs: nowMs,
      issuedAtMs: nowMs,
      expiresAt: Math.floor(nowMs / 1000) - 10,
    }))
  for (const size of [10, 100, BATCH]) {
    const batches = Array.from({ length: 20_000 / size }, (_, batch) => some(batch).slice(0, size))
    const spent = stopwatch()
    for (const batch of batches) await writeHistory(database.knex, batch, YEAR_SECONDS)
    console.log(`written, ${String(size).padStart(4)} at once: ${spent(20_000)}`)
  }
}

async function lookUp(): Promise<void> {
  const history = openTokenHistory({
    knex: database.knex,
    log: console,
    historyDays: 30,
    longestTokenSeconds: YEAR_SECONDS,
  })
  const sample = await database.knex.raw<{ rows: Record<'token_id' | 'grant_id' | 'account_id', string>[] }>(
    `select token_id, grant_id, account_id from token_records where kind = 'access-token' and client_id like 'shop%'
     order by random() limit ${LOOK_UPS}`,
  )
  for (const [name, filterOf] of Object.entries({
    jti: (row) => ({ tokenId: row.token_id }),
    grant: (row) => ({ grantId: row.grant_id }),
    customer: (row) => ({ accountId: row.account_id }),
    'client, newest 100': () => ({ clientId: 'shop-1' }),
    'machine, newest 100': () => ({ clientId: 'machine-7' }),
  } satisfies Record<string, (row: (typeof sample.rows)[number]) => object>)) {
    const timesMs: number[] = []
    let found = 0
    for (const row of sample.rows) {
      const startedMs = performance.now()
      found += (await history.find({ ...filterOf(row), limit: 101 })).length
      timesMs.push(performance.now() - startedMs)
    }
    timesMs.sort((a, b) => a - b)
    const at = (share: number) => timesMs[Math.floor(timesMs.length * share)]?.toFixed(1)
    const each = Math.round(found / sample.rows.length)
    console.log(`by ${name.padEnd(20)} ${each} tokens, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`)
    await explain(() => history.find({ ...filterOf(sample.rows[0] as never), limit: 101 }))
  }
  await history.close()
}

/** Prints which index each statement of a look-up uses. */
async function explain(look: () => Promise<unknown>): Promise<void> {
  const asked: { sql: string; bindings: readonly unknown[] }[] = []
  const note = (query: { sql: string; bindings: readonly unknown[] }) => void asked.push(query)
  database.knex.on('query', note)
  await look()
  database.knex.removeListener('query', note)
  for (const { sql, bindings } of asked) {
    const statement = sql.replaceAll(/\$\d+/g, '?')
    const { rows } = await database.knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain analyze ${statement}`, [
      ...bindings,
    ] as string[])
    const scans = rows.map((row) => row['QUERY PLAN'].trim()).filter((line) => /Scan|Execution/.test(line))
    console.log(scans.map((line) => `    ${line.replace(/\(cost[^)]*\) /, '')}`).join('\n'))
  }
}

/** Every record is over, and goes in the batches of the background. */
async function pruneAll(): Promise<void> {
  const tables = historyTables(1).map((table) => ({ ...table, keptSeconds: 0 }))
  const { knex }: Database = database
  const spent = stopwatch()
  const deleted = await prune(knex, tables)
  console.log(`pruned ${deleted} rows: ${spent(deleted)}; left: ${(await knex('token_records').count())[0]?.count}`)
}

/** Says what so many rows took since it was started. */
function stopwatch(): (rows: number) => string {
  const [startedMs, own, theirs] = [performance.now(), nanosecondsOf([process.pid]), nanosecondsOf(postgresProcesses())]
  return (rows) => {
    const seconds = (performance.now() - startedMs) / 1000
    const each = (before: number, pids: readonly number[]) => ((nanosecondsOf(pids) - before) / 1000 / rows).toFixed(1)
    const cost = `${each(own, [process.pid])} µs of processor here and ${each(theirs, postgresProcesses())} µs in Postgres each`
    return `${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} a second, ${cost}`
  }
}

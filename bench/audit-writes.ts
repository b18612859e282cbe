import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { openAuditTrail } from '../src/audit/trail.ts'
import { openDatabase } from '../src/database/index.ts'
import { openTokenHistory } from '../src/token-history/token-history.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { nanosecondsOf, postgresProcesses } from './processor-time.ts'

/**
 * What an audit entry and a token on record take of the processor, in the server and in Postgres, while so many are made in a second:
 * three quarters by refreshes of customers, one by machines. What the clock of this program takes by itself is taken off.
 *
 * npm run bench:audit-writes [-- 2000 4]
 */
const RATE = Number(process.argv[2] ?? 2000)
const SECONDS = Number(process.argv[3] ?? 4)
const ROUNDS = 3
const TICK_MS = 5
/** So many are there before: an index that is empty costs less. */
const ENTRIES = 200_000

const directory = openRunDirectory()
const postgres = await startPostgres()
const database = await openDatabase({ DATABASE_URL: await postgres.createDatabase(), DATA_DIR: '' })
const { knex } = database
const nothing = { info() {}, warn: console.error }
try {
  await fill()
  const trail = openAuditTrail({
    knex,
    log: nothing,
    retentionDays: 400,
    currentRequest: () => ({ requestId: crypto.randomUUID(), ip: `198.51.${random(250)}.${random(250)}` }),
  })
  const historyDeps = { knex, log: nothing, historyDays: 30, longestTokenSeconds: 31_536_000 }
  const history = openTokenHistory(historyDeps)
  const kinds = {
    'audit entry': { act: (n: number) => trail.append(eventOf(n)), flush: trail.flush },
    'token on record': { act: (n: number) => history.noteIssued([recordOf(n)]), flush: history.flush },
  }
  const measured = new Map<string, Cost[]>(Object.keys(kinds).map((name) => [name, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { act, flush }] of Object.entries(kinds)) {
      const cost = await costOf(act, flush)
      // The first round is for the compilers.
      if (round > 0) measured.get(name)?.push(cost)
    }
  }
  console.log(`${RATE} a second, the least of ${ROUNDS} rounds of ${SECONDS} s, µs of processor each:`)
  console.table(Object.fromEntries([...measured].map(([name, costs]) => [name, leastOf(costs)])))
  await trail.close()
  await history.close()
} finally {
  await database.close()
  await postgres.stop()
  closeRunDirectory(directory)
}

function eventOf(n: number) {
  const base = { type: 'token.issued', clientId: 'frontend' } as const
  if (n % 4 === 0) return { ...base, clientId: `service-${n % 50}`, reason: 'client_credentials' }
  const customerId = uuidOf(random(50_000))
  return { ...base, customerId, grantId: digestOf(random(100_000)), reason: 'refresh_token' }
}

function recordOf(n: number) {
  const issuedAtMs = Date.now()
  const base = { tokenId: crypto.randomUUID(), issuedAtMs, expiresAt: Math.floor(issuedAtMs / 1000) + 3600 }
  if (n % 4 === 0) return { ...base, kind: 'client-credentials', clientId: `service-${n % 50}` } as const
  const [accountId, grantId] = [uuidOf(random(50_000)), digestOf(random(100_000))]
  return { ...base, kind: 'access-token', clientId: 'frontend', accountId, grantId, grantedAtMs: issuedAtMs } as const
}

type Cost = Record<'server' | 'Postgres, connections' | 'Postgres, background', number>

/** Runs nothing at the clock of this program, and then `act` at the rate. */
async function costOf(act: (n: number) => void, flush: () => Promise<void>): Promise<Cost> {
  const idle = await spent(() => paced(SECONDS, () => {}))
  const busy = await spent(async () => {
    await paced(SECONDS, act)
    await flush()
  })
  const each = (nanoseconds: number) => Number((nanoseconds / 1000 / (RATE * SECONDS)).toFixed(1))
  return {
    server: each(busy.own - idle.own),
    'Postgres, connections': each(busy.connections),
    'Postgres, background': each(busy.background),
  }
}

/** What else the machine does makes a round dearer, never cheaper. */
function leastOf(costs: readonly Cost[]): Cost {
  const least = (name: keyof Cost) => Math.min(...costs.map((cost) => cost[name]))
  return {
    server: least('server'),
    'Postgres, connections': least('Postgres, connections'),
    'Postgres, background': least('Postgres, background'),
  }
}

async function paced(seconds: number, act: (n: number) => void): Promise<void> {
  const startedMs = performance.now()
  for (let done = 0; done < seconds * RATE; ) {
    const due = Math.min(seconds * RATE, Math.floor(((performance.now() - startedMs) / 1000) * RATE))
    for (; done < due; done++) act(done)
    await wait(TICK_MS)
  }
}

type Spent = { readonly own: number; readonly connections: number; readonly background: number }

async function spent(run: () => Promise<void>): Promise<Spent> {
  const [own, before] = [nanosecondsOf([process.pid]), byProcess()]
  await run()
  const sum = { connections: 0, background: 0 }
  for (const [pid, { kind, nanoseconds }] of byProcess()) sum[kind] += nanoseconds - (before.get(pid)?.nanoseconds ?? 0)
  return { own: nanosecondsOf([process.pid]) - own, ...sum }
}

/** A connection is named after its database. */
function byProcess() {
  return new Map(
    postgresProcesses().map((pid) => {
      const isConnection = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('127.0.0.1(')
      const kind: keyof Omit<Spent, 'own'> = isConnection ? 'connections' : 'background'
      return [pid, { kind, nanoseconds: nanosecondsOf([pid]) }] as const
    }),
  )
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}

function uuidOf(n: number): string {
  const digits = n.toString(16).padStart(8, '0')
  return `${digits}-${digits.slice(4)}-4${digits.slice(5)}-8${digits.slice(5)}-${digits}${digits.slice(4)}`
}

function digestOf(n: number): string {
  return `${n.toString(36).padStart(6, '0').split('').reverse().join('')}-a-grant-of-as-many-characters-as-it`
}

async function fill(): Promise<void> {
  await knex.raw(
    `insert into audit_entries (seq, at, type, customer_id, client_id, grant_id, ip, request_id, reason, hash)
     select n, now() - (? - n) * interval '1 second', 'token.issued', md5((n % 50000)::text)::uuid::text, 'frontend',
       'grant-' || n, '198.51.' || n % 251 || '.' || n % 241, md5(n::text)::uuid::text, 'refresh_token', md5('h' || n)
     from generate_series(1, ?::integer) n`,
    [ENTRIES, ENTRIES],
  )
  await knex('audit_head').update({ seq: ENTRIES, hash: 'hash' })
  await knex.raw(
    `insert into token_records (expires_at, issued_at_ms, kind, token_id, client_id, account_id, grant_id)
     select n, n, 'access-token', md5('t' || n)::uuid::text, 'frontend', md5((n % 50000)::text)::uuid::text, md5(n::text)
     from generate_series(1, ?::integer) n`,
    [ENTRIES],
  )
  await knex.raw('vacuum analyze')
}

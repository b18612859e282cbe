/**
 * What it costs a service with a million live tokens to learn that one in a hundred ended: by the feed of revocations, token by token and sign-in by
 * sign-in, and by a status list.
 *
 * npm run bench:revocations [-- tokens]: a minute on a quiet machine, at most.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { Agent, get } from 'node:http'
import { loadavg } from 'node:os'
import { gzipSync } from 'node:zlib'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/index.ts'
import { createRevocationFeed } from '../src/oauth/revocation-feed/feed.ts'
import { createStatusLists } from '../src/oauth/status-lists/status-lists.ts'
import { reserveBlock } from '../src/oauth/status-lists/status-rows.ts'
import type { FoundToken } from '../src/oauth/tokens/found-token.ts'
import { createJwtSigner } from '../src/oauth/tokens/sign-jwt.ts'
import { openEndingLog } from '../src/sign-in-endings/ending-log.ts'
import { makeKey } from '../test/oauth/revocation-feed/fake-ending-log.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { startTestServer } from '../test/support/server.ts'

const TOKENS = Number(process.argv[2] ?? 1_000_000)
const REVOKED = Math.round(TOKENS / 100)
/** Access tokens of one sign-in: eight hours of a quarter of an hour each are more. */
const TOKENS_OF_A_GRANT = 10
const LIFETIME_SECONDS = 3600
const ISSUED = 2000
const POLLS = 300
/** The best of so many counts: the first are of a process that is not warm. */
const ROUNDS = 8
const issuer = 'https://id.shop.example'

const directory = openRunDirectory()
const postgres = await startPostgres()
const database = await openDatabase({ DATABASE_URL: await postgres.createDatabase(), DATA_DIR: '' })
const signer = createJwtSigner(() => [key])
const key = makeKey('ES256')
const endingLog = openEndingLog({
  database,
  log: console,
  sealKeys: ['a key that seals nothing of worth'],
  keepUnlogged: async () => {},
  longestTokenSeconds: () => LIFETIME_SECONDS,
})
const newLists = () => createStatusLists({ database, endingLog, signer, issuer, ttlSeconds: 60 })
const lists = newLists()
try {
  console.log(`${TOKENS} live tokens, ${REVOKED} of them revoked, load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
  await issue()
  const listId = await fill(database)
  await byToken()
  await readFeed('feed, token by token')
  await readList(listId, 'status list, marked by jti')
  const from = await endingLog.head()
  await bySignIn()
  await readFeed('feed, sign-in by sign-in', from)
  await readList(listId, 'status list, marked by sign-in as well')
  await poll()
} finally {
  await endingLog.close()
  await database.close()
  await postgres.stop()
  closeRunDirectory(directory)
}

/** Requests one after the other, with what asking costs: the key set, and the feed when nothing is new. */
async function poll(): Promise<void> {
  const server = await startTestServer({ DATABASE_URL: await postgres.createDatabase(), DEMO: 'false' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (path: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      get(`${server.url}${path}`, { agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve(Number(answer.statusCode)))
      }).once('error', reject)
    })
  const requests = [
    ['/jwks, from the fast path', '/jwks', {}],
    ['/jwks, unchanged', '/jwks', { 'if-none-match': '*' }],
    ['/revocations without news', '/revocations?after=0', {}],
    ['/revocations, unchanged', '/revocations?after=0', { 'if-none-match': '*' }],
  ] as const
  const taken = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, path, headers] of requests) {
      const cpu = process.cpuUsage()
      for (let count = 0; count < POLLS; count++) await ask(path, headers)
      const { user, system } = process.cpuUsage(cpu)
      taken.set(name, [...(taken.get(name) ?? []), (user + system) / POLLS])
    }
  }
  for (const [name, rounds] of taken)
    console.log(`${name}: ${Math.min(...rounds).toFixed(0)} µs of processor each, that of the asker included`)
  agent.destroy()
  await server.stop()
}

/** What a place costs at the moment of issuing, one after the other and sixteen at a time. */
async function issue(): Promise<void> {
  for (const [name, atOnce] of [
    ['one at a time', 1],
    ['16 at a time', 16],
  ] as const) {
    const startedMs = performance.now()
    const next = async (left: number): Promise<void> => {
      for (let count = 0; count < left; count++) await lists.place(someToken())
    }
    await Promise.all(Array.from({ length: atOnce }, () => next(ISSUED / atOnce)))
    const each = (performance.now() - startedMs) / ISSUED
    console.log(`a place for a token, ${name}: ${(each * 1000).toFixed(0)} µs of time each`)
  }
}

function someToken(): FoundToken {
  const iat = Math.floor(Date.now() / 1000)
  return {
    kind: 'access-token',
    isStructured: true,
    jti: randomUUID(),
    clientId: 'shop',
    grantId: randomUUID(),
    accountId: randomUUID(),
    iat,
    issuedAtMs: iat * 1000,
    exp: iat + LIFETIME_SECONDS,
    claims: {},
  }
}

/** The places of all tokens in one list, as they would be after an hour. */
async function fill({ knex }: Database): Promise<string> {
  const expiresAt = Math.ceil(Date.now() / 1000 / 86_400 + 2) * 86_400
  const { listId } = await reserveBlock(knex, { expiresAt, size: TOKENS, capacity: 2 ** 20 })
  const startedMs = performance.now()
  const indexes = await knex.raw<{ rows: { name: string; made: string }[] }>(
    `select indexname as name, indexdef as made from pg_indexes
     where tablename = 'status_list_tokens' and indexname not like '%pkey'`,
  )
  for (const { name } of indexes.rows) await knex.raw(`drop index ${name}`)
  await knex.raw(
    `insert into status_list_tokens (list_id, place, issued_at, jti, client_id, grant_id, account_id)
     select ?, n, extract(epoch from now())::bigint, md5('j' || n)::uuid::text, 'shop-' || n % 4,
       md5('g' || n / ${TOKENS_OF_A_GRANT})::uuid::text, md5('a' || n / ${2 * TOKENS_OF_A_GRANT})::uuid::text
     from generate_series(0, ${TOKENS - 1}) n`,
    [listId],
  )
  for (const { made } of indexes.rows) await knex.raw(made)
  await knex.raw('analyze status_list_tokens')
  const { rows } = await knex.raw<{ rows: { bytes: string }[] }>(
    `select pg_total_relation_size('status_list_tokens') as bytes`,
  )
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(
    `rows of ${TOKENS} tokens: ${(Number(rows[0]?.bytes) / 1e6).toFixed(0)} MB with indexes, written in ${seconds} s`,
  )
  return listId
}

async function byToken(): Promise<void> {
  const jtis = await names('j', someNumbers(TOKENS, REVOKED))
  await end(jtis.map((jti) => ({ what: 'access-token', why: 'revoked-by-client', jti }) as const))
}

async function bySignIn(): Promise<void> {
  const grants = await names('g', someNumbers(TOKENS / TOKENS_OF_A_GRANT, REVOKED / TOKENS_OF_A_GRANT))
  await end(grants.map((grantId) => ({ what: 'grant', why: 'sign-out', grantId }) as const))
}

/** Different numbers below a limit, without an order: regular ones would be packed too well. */
function someNumbers(below: number, count: number): number[] {
  const numbers = new Set<number>()
  while (numbers.size < count) numbers.add(randomInt(below))
  return [...numbers]
}

/** The ids that `fill` made of numbers. */
async function names(prefix: string, numbers: readonly number[]): Promise<string[]> {
  const { rows } = await database.knex.raw<{ rows: { id: string }[] }>(
    `select md5(? || n)::uuid::text as id from json_array_elements_text(?::json) with ordinality as each (n, place) order by place`,
    [prefix, JSON.stringify(numbers)],
  )
  return rows.map(({ id }) => id)
}

async function end(endings: readonly Parameters<typeof endingLog.announce>[0][]): Promise<void> {
  const startedMs = performance.now()
  await Promise.all(endings.map(async (ending) => endingLog.settle(await endingLog.announce(ending))))
  console.log(`${endings.length} endings written down: ${((performance.now() - startedMs) / 1000).toFixed(2)} s`)
}

/** All pages behind a cursor, as a reader that starts takes them. */
async function readFeed(name: string, after = 0): Promise<void> {
  const feed = createRevocationFeed({ endingLog, signer, issuer, ttlSeconds: 10 })
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
  let [bytes, packed, entries, pages] = [0, 0, 0, 0]
  const texts: string[] = []
  for (let [cursor, isCut] = [after, true]; isCut; ) {
    const page = await feed.page(cursor === 0 ? undefined : cursor)
    texts.push(page.jwt)
    entries += page.entries
    pages++
    ;[cursor, isCut] = [page.to, page.isCut]
  }
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  for (const text of texts) {
    bytes += text.length
    packed += gzipSync(text).length
  }
  const cpuMs = ((user + system) / 1000).toFixed(0)
  console.log(
    `${name}: ${entries} entries in ${pages} pages, ${bytes} bytes, ${packed} by gzip, ` +
      `${seconds.toFixed(2)} s (${cpuMs} ms of processor) to make them`,
  )
  const again = performance.now()
  const head = await endingLog.head()
  for (let count = 0; count < 10_000; count++) await feed.page(head)
  console.log(`  a poll without news: ${((performance.now() - again) / 10).toFixed(1)} µs within the process`)
  feed.close()
}

async function readList(listId: string, name: string): Promise<void> {
  const startedMs = performance.now()
  // One that has no list yet.
  const list = await newLists().list(listId)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(2)
  if (!list) throw new Error('there is no list')
  console.log(
    `${name}: ${list.jwt.length} bytes, ${gzipSync(list.jwt).length} by gzip, ${seconds} s to mark the tokens and make the list`,
  )
}

import type { Knex } from 'knex'
import { bounded } from './bounded.ts'
import { hashId } from './hash-id.ts'
import { type PrunedTable, startPruning } from './sql-pruning.ts'
import { createSharedTopics } from './sql-topics.ts'
import { type Artifact, STORAGE_INDEXES, type Storage, type StoredArtifact } from './storage.ts'

type Row = { kind: string; id: string; artifact: Artifact; version: number; consumed_at: string | number | null }

/** What the storage of a database keeps. */
export const STORAGE_TABLES: readonly PrunedTable[] = [{ name: 'artifacts' }, { name: 'counters' }]

const ANSWER_LIMIT_MS = 1000
const NOW = 'floor(extract(epoch from now()))::bigint'
/** Whole seconds, rounded so that nothing ends early. */
const FROM_NOW = 'ceil(extract(epoch from now()))::bigint'
const ANEW = `artifact = excluded.artifact, version = 0, consumed_at = null, expires_at = excluded.expires_at,
  uid = excluded.uid, user_code = excluded.user_code, receipt = null, receipt_expires_at = null`
const IS_RAISED = `artifacts.expires_at <= ${NOW} or (artifacts.artifact ->> 'atMs')::numeric < (excluded.artifact ->> 'atMs')::numeric`
const IS_OVER = `counters.expires_at <= ${NOW} or counters.count = 0`

/**
 * Artifacts as rows of a Postgres that other nodes use as well. Expiry is judged by the database's clock, so nodes with
 * different clocks agree. Expired rows are pruned in small batches in the background.
 */
export function createSqlStorage(knex: Knex, onError: (error: unknown) => void = () => {}): Storage {
  const stopPruning = startPruning(knex, STORAGE_TABLES, onError)
  const { close: closeTopics, ...topics } = createSharedTopics(knex, onError)
  const storage: Storage = {
    ...artifactStatements(knex),
    ...topics,
    keepsOrder: false,
    partitions: 1,
    onReturn: () => {},
    async ping() {
      await knex.raw('select 1')
    },
    async close() {
      stopPruning()
      await closeTopics()
    },
  }
  return bounded(storage, ANSWER_LIMIT_MS)
}

/** What the driver says of a statement that writes. */
type Result = { readonly rowCount?: number | null }

type Connected = 'onReturn' | 'keepsOrder' | 'partitions' | 'publish' | 'subscribe' | 'ping' | 'close'

type Written = {
  readonly kind: string
  readonly id: string
  readonly artifact: Artifact
  readonly ttlSeconds: number
}

function artifactStatements(knex: Knex): Omit<Storage, Connected> {
  async function write({ kind, id, artifact, ttlSeconds }: Written, onConflict: string): Promise<number> {
    const result = await prepared<Result>(
      knex,
      `insert into artifacts (kind, id, artifact, expires_at, uid, user_code)
       values (:kind, :id, :artifact, ${FROM_NOW} + :ttlSeconds, :uid, :userCode)
       on conflict (kind, id) ${onConflict}`,
      { kind, id: hashId(id), artifact: JSON.stringify(artifact), ttlSeconds: whole(ttlSeconds), ...indexes(artifact) },
    )
    return affected(result)
  }

  return {
    async put(kind, id, artifact, ttlSeconds) {
      await write({ kind, id, artifact, ttlSeconds }, `do update set ${ANEW}`)
    },
    async putOnce(kind, id, artifact, ttlSeconds) {
      const written = await write(
        { kind, id, artifact, ttlSeconds },
        `do update set ${ANEW} where artifacts.expires_at <= ${NOW}`,
      )
      return written === 1
    },
    async get(kind, id) {
      const rows = await select(knex, 'kind = ? and id = ?', [kind, hashId(id)])
      return toStored(rows[0])
    },
    async getMany(keys) {
      if (keys.length === 0) return []
      const hashed = keys.map(({ kind, id }) => ({ kind, id: hashId(id) }))
      // One text for any number of keys.
      const columns = [hashed.map(({ kind }) => kind), hashed.map(({ id }) => id)]
      const rows = await select(knex, '(kind, id) in (select * from unnest(?::text[], ?::text[]))', columns)
      return hashed.map(({ kind, id }) => toStored(rows.find((row) => row.kind === kind && row.id === id)))
    },
    async findBy(kind, index, value) {
      const column = index === 'uid' ? 'uid' : 'user_code'
      const rows = await select(
        knex,
        `kind = ? and ${column} = ?`,
        [kind, hashId(value)],
        'order by expires_at desc limit 1',
      )
      return toStored(rows[0])
    },
    async list(kind, { limit, after = '' }) {
      const rows = await select(knex, 'kind = ? and id > ?', [kind, after, limit + 1], 'order by id limit ?')
      const part = rows.slice(0, limit)
      return {
        found: part.map(toStored).filter((stored) => stored !== undefined),
        ...(rows.length > limit && { next: part.at(-1)?.id ?? after }),
      }
    },
    async consume(kind, id) {
      const result = await prepared<Result>(
        knex,
        `update artifacts set consumed_at = ${NOW}
         where kind = ? and id = ? and consumed_at is null and expires_at > ${NOW}`,
        [kind, hashId(id)],
      )
      return affected(result) === 1
    },
    async swap(kind, id, expected, { artifact, ttlSeconds, receipt }) {
      const result = await prepared<Result>(
        knex,
        `update artifacts set artifact = :artifact, version = version + 1, expires_at = ${FROM_NOW} + :ttlSeconds,
           receipt = :receipt, receipt_expires_at = ${FROM_NOW} + :receiptTtlSeconds
         where kind = :kind and id = :id and version = :expected and expires_at > ${NOW}`,
        {
          kind,
          id: hashId(id),
          expected,
          artifact: JSON.stringify(artifact),
          ttlSeconds: whole(ttlSeconds),
          receipt: receipt?.body ?? null,
          receiptTtlSeconds: whole(receipt?.ttlSeconds ?? 0),
        },
      )
      return affected(result) === 1
    },
    async receipt(kind, id) {
      const { rows } = await prepared<{ rows: { receipt: string | null }[] }>(
        knex,
        `select receipt from artifacts
         where kind = ? and id = ? and expires_at > ${NOW} and receipt_expires_at > ${NOW}`,
        [kind, hashId(id)],
      )
      return rows[0]?.receipt ?? undefined
    },
    async extend(kind, id, ttlSeconds) {
      await prepared<Result>(
        knex,
        `update artifacts set expires_at = greatest(expires_at, ${FROM_NOW} + ?)
         where kind = ? and id = ? and expires_at > ${NOW}`,
        [whole(ttlSeconds), kind, hashId(id)],
      )
    },
    async remove(kind, id) {
      await prepared(knex, 'delete from artifacts where kind = ? and id = ?', [kind, hashId(id)])
    },
    async raise(kind, id, atMs, ttlSeconds) {
      await write(
        { kind, id, artifact: { atMs }, ttlSeconds },
        `do update set artifact = case when ${IS_RAISED} then excluded.artifact else artifacts.artifact end,
           expires_at = greatest(artifacts.expires_at, excluded.expires_at)`,
      )
    },
    async increment(key, windowSeconds, by = 1) {
      const { rows } = await prepared<{ rows: { count: number }[] }>(
        knex,
        `insert into counters (key, count, expires_at) values (:key, greatest(0, :by::integer), ${FROM_NOW} + :windowSeconds)
         on conflict (key) do update set
           count = case when ${IS_OVER} then excluded.count else greatest(0, counters.count + :by) end,
           expires_at = case when ${IS_OVER} then excluded.expires_at else counters.expires_at end
         returning count`,
        { key: hashId(key), windowSeconds: whole(windowSeconds), by },
      )
      return Number(rows[0]?.count)
    },
  }
}

async function select(knex: Knex, where: string, bindings: Knex.RawBinding[], order = ''): Promise<Row[]> {
  const { rows } = await prepared<{ rows: Row[] }>(
    knex,
    `select kind, id, artifact, version, consumed_at from artifacts where ${where} and expires_at > ${NOW} ${order}`,
    bindings,
  )
  return rows
}

function toStored(row: Row | undefined): StoredArtifact | undefined {
  if (!row) return undefined
  return {
    artifact: row.artifact,
    version: row.version,
    ...(row.consumed_at !== null && { consumedAt: Number(row.consumed_at) }),
  }
}

/** Second names are looked up by digest, for the same reason as ids: a user code is a bearer value. */
function indexes(artifact: Artifact): Record<'uid' | 'userCode', string | null> {
  const [uid, userCode] = STORAGE_INDEXES.map((index) => {
    const value = artifact[index]
    return typeof value === 'string' ? hashId(value) : null
  })
  return { uid: uid ?? null, userCode: userCode ?? null }
}

function affected(result: Result): number {
  return result.rowCount ?? 0
}

function whole(seconds: number): number {
  return Math.max(0, Math.ceil(seconds))
}

/** As `database/prepared.ts`, which is beside this folder and not below it: Postgres plans it once for each connection. */
function prepared<Answer>(knex: Knex, sql: string, bindings: Knex.RawBinding[] | Knex.ValueDict): Knex.Raw<Answer> {
  return knex.raw<Answer>(sql, bindings).options({ isPlannedOnce: true })
}

import type { DatabaseSync } from 'node:sqlite'
import { hashId } from '../hash-id.ts'
import { type Artifact, STORAGE_INDEXES, type Storage, type StorageIndex, type StoredArtifact } from '../storage.ts'
import { asUnavailable, type CommitWrite } from './group-commit.ts'

type Row = {
  readonly id: string
  readonly artifact: string
  readonly version: number
  readonly consumed_at: number | null
}
type Connected = 'onReturn' | 'keepsOrder' | 'partitions' | 'publish' | 'subscribe' | 'ping' | 'close'

const COLUMNS = 'id, artifact, version, consumed_at'
const INSERT = `insert into artifacts (kind, id, artifact, expires_at, uid, user_code)
  values (:kind, :id, :artifact, :expiresAt, :uid, :userCode) on conflict (kind, id)`
const ANEW = `artifact = excluded.artifact, version = 0, consumed_at = null, expires_at = excluded.expires_at,
  uid = excluded.uid, user_code = excluded.user_code, receipt = null, receipt_expires_at = null`
const IS_RAISED = `artifacts.expires_at <= :now or artifacts.artifact ->> 'atMs' < excluded.artifact ->> 'atMs'`
const IS_OVER = 'counters.expires_at <= :now or counters.count = 0'

/** Everything the port does with rows. Reads are answered at once; writes go through `commitWrite`. */
export function artifactStatements(file: DatabaseSync, commitWrite: CommitWrite): Omit<Storage, Connected> {
  const find = file.prepare(`select ${COLUMNS} from artifacts where kind = ? and id = ? and expires_at > ?`)
  const findBy: Readonly<Record<StorageIndex, ReturnType<typeof finder>>> = {
    uid: finder('uid'),
    userCode: finder('user_code'),
  }
  const list = file.prepare(
    `select ${COLUMNS} from artifacts where kind = ? and id > ? and expires_at > ? order by id limit ?`,
  )
  const receipt = file.prepare(
    `select receipt from artifacts where kind = :kind and id = :id and expires_at > :now and receipt_expires_at > :now`,
  )
  const put = file.prepare(`${INSERT} do update set ${ANEW}`)
  const putOnce = file.prepare(`${INSERT} do update set ${ANEW} where artifacts.expires_at <= :now`)
  const raise = file.prepare(
    `${INSERT} do update set artifact = iif(${IS_RAISED}, excluded.artifact, artifacts.artifact),
       expires_at = max(artifacts.expires_at, excluded.expires_at)`,
  )
  const consume = file.prepare(
    `update artifacts set consumed_at = :now
     where kind = :kind and id = :id and consumed_at is null and expires_at > :now`,
  )
  const swap = file.prepare(
    `update artifacts set artifact = :artifact, version = version + 1, expires_at = :expiresAt, receipt = :receipt,
       receipt_expires_at = :receiptExpiresAt
     where kind = :kind and id = :id and version = :expected and expires_at > :now`,
  )
  const extend = file.prepare(
    `update artifacts set expires_at = max(expires_at, :expiresAt) where kind = :kind and id = :id and expires_at > :now`,
  )
  const remove = file.prepare('delete from artifacts where kind = ? and id = ?')
  const increment = file.prepare(
    `insert into counters (key, count, expires_at) values (:key, max(0, :by), :expiresAt)
     on conflict (key) do update set
       count = iif(${IS_OVER}, excluded.count, max(0, counters.count + :by)),
       expires_at = iif(${IS_OVER}, excluded.expires_at, counters.expires_at)
     returning count`,
  )

  function finder(column: 'uid' | 'user_code') {
    return file.prepare(
      `select ${COLUMNS} from artifacts where kind = ? and ${column} = ? and expires_at > ?
       order by expires_at desc limit 1`,
    )
  }

  function read(kind: string, id: string): StoredArtifact | undefined {
    return toStored(find.get(kind, hashId(id), now()))
  }

  return {
    async put(kind, id, artifact, ttlSeconds) {
      const row = toRow(kind, id, artifact)
      await commitWrite(() => put.run({ ...row, expiresAt: fromNow(ttlSeconds) }))
    },
    putOnce(kind, id, artifact, ttlSeconds) {
      const row = toRow(kind, id, artifact)
      return commitWrite(() => putOnce.run({ ...row, expiresAt: fromNow(ttlSeconds), now: now() }).changes === 1)
    },
    get: async (kind, id) => answered(() => read(kind, id)),
    getMany: async (keys) => answered(() => keys.map(({ kind, id }) => read(kind, id))),
    findBy: async (kind, index, value) => answered(() => toStored(findBy[index].get(kind, hashId(value), now()))),
    async list(kind, { limit, after = '' }) {
      const rows = answered(() => list.all(kind, after, now(), limit + 1)) as Row[] // the columns of COLUMNS
      const part = rows.slice(0, limit)
      return {
        found: part.map(toStored).filter((stored) => stored !== undefined),
        ...(rows.length > limit && { next: part.at(-1)?.id ?? after }),
      }
    },
    consume: (kind, id) => commitWrite(() => consume.run({ kind, id: hashId(id), now: now() }).changes === 1),
    swap(kind, id, expected, { artifact, ttlSeconds, receipt: kept }) {
      const [hashed, text] = [hashId(id), JSON.stringify(artifact)]
      return commitWrite(() => {
        const { changes } = swap.run({
          kind,
          id: hashed,
          expected,
          artifact: text,
          expiresAt: fromNow(ttlSeconds),
          receipt: kept?.body ?? null,
          receiptExpiresAt: fromNow(kept?.ttlSeconds ?? 0),
          now: now(),
        })
        return changes === 1
      })
    },
    async receipt(kind, id) {
      const row = answered(() => receipt.get({ kind, id: hashId(id), now: now() }))
      return (row as { receipt: string | null } | undefined)?.receipt ?? undefined // the one column
    },
    async extend(kind, id, ttlSeconds) {
      await commitWrite(() => extend.run({ kind, id: hashId(id), expiresAt: fromNow(ttlSeconds), now: now() }))
    },
    async remove(kind, id) {
      await commitWrite(() => remove.run(kind, hashId(id)))
    },
    async raise(kind, id, atMs, ttlSeconds) {
      const row = toRow(kind, id, { atMs })
      await commitWrite(() => raise.run({ ...row, expiresAt: fromNow(ttlSeconds), now: now() }))
    },
    increment(key, windowSeconds, by = 1) {
      const hashed = hashId(key)
      return commitWrite(() => {
        const row = increment.get({ key: hashed, by, expiresAt: fromNow(windowSeconds), now: now() })
        return (row as { count: number }).count // the one column; the statement always returns a row
      })
    },
  }
}

function toRow(kind: string, id: string, artifact: Artifact) {
  const [uid, userCode] = STORAGE_INDEXES.map((index) => {
    const value = artifact[index]
    // Second names are looked up by digest, for the same reason as ids: a user code is a bearer value.
    return typeof value === 'string' ? hashId(value) : null
  })
  return { kind, id: hashId(id), artifact: JSON.stringify(artifact), uid: uid ?? null, userCode: userCode ?? null }
}

function toStored(found: unknown): StoredArtifact | undefined {
  if (found === undefined) return undefined
  const row = found as Row // the columns of COLUMNS
  return {
    artifact: JSON.parse(row.artifact) as Artifact, // `toRow` wrote it
    version: row.version,
    ...(row.consumed_at !== null && { consumedAt: row.consumed_at }),
  }
}

function answered<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw asUnavailable(error)
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** Whole seconds, rounded so that nothing ends early. */
function fromNow(seconds: number): number {
  return Math.ceil(Date.now() / 1000) + Math.max(0, Math.ceil(seconds))
}

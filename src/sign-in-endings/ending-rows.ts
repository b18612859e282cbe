import type { Knex } from 'knex'
import { prepared } from '../database/prepared.ts'
import { toIndexable } from '../database/storable.ts'
import type { SignInEnded } from './sign-in-ended.ts'

/** An ending that is announced: the event, and what ends it again after a crash. */
export type Announcement = SignInEnded & {
  /** Epoch milliseconds: when the one token that ends would have expired. */
  readonly expiresAtMs?: number
  /** The id of the stored token or session that ends, a bearer value: it is sealed, and forgotten once the ending took effect. */
  readonly bearer?: string
}

/** A row before it has its place. Instants are epoch milliseconds. */
export type EndingRow = {
  readonly id: string
  readonly event: SignInEnded
  readonly atMs: number
  readonly untilMs: number
  readonly sealed?: string
}

/** An ending that took effect, in its place. Instants are epoch milliseconds. */
export type LoggedEnding = SignInEnded & {
  readonly seq: number
  readonly id: string
  readonly atMs: number
  /** When nothing that it ended can be alive any more. */
  readonly untilMs: number
  readonly settledAtMs: number
}

/** What took effect; `cutOffMs` of an ending that was announced without one. */
export type Settled = { readonly id: string; readonly cutOffMs?: number | undefined }

/** A row as the driver gives it: whole numbers of eight bytes are texts. */
type Stored = { readonly [Column in 'id' | 'what' | 'why']: string } & {
  readonly [Column in TextColumn | 'sealed']: string | null
} & {
  readonly seq: string | number | null
  readonly cut_off_ms: string | number | null
  readonly at_ms: string | number
  readonly until_ms: string | number
  readonly settled_at: Date | null
}

const TEXTS = {
  by: 'by',
  accountId: 'account_id',
  clientId: 'client_id',
  grantId: 'grant_id',
  sessionId: 'session_id',
  companyUserId: 'company_user_id',
  jti: 'jti',
  tokenId: 'token_id',
  tokenKind: 'token_kind',
  keptSessionUid: 'kept_session_uid',
  requestId: 'request_id',
} as const
type TextColumn = (typeof TEXTS)[keyof typeof TEXTS]

const COLUMNS = `id, what, why, "by", account_id, client_id, grant_id, session_id, company_user_id, jti, token_id, token_kind,
  kept_session_uid, request_id, cut_off_ms, at_ms, until_ms, sealed`

/** A row that is there stays: it may have been kept in storage for a while, and been written by another node. */
const INSERT = `
  insert into sign_in_endings (${COLUMNS})
  select ${COLUMNS} from json_to_recordset(?::json) as row (id uuid, what text, why text, "by" text, account_id text,
    client_id text, grant_id text, session_id text, company_user_id text, jti text, token_id text, token_kind text,
    kept_session_uid text, request_id text, cut_off_ms bigint, at_ms bigint, until_ms bigint, sealed text)
  on conflict (id) do nothing`

/**
 * Places are given under the lock of the head, which is held until they are visible. Rows are locked first, in the order of their ids, so
 * that two nodes that settle the same rows wait for each other and do it once.
 */
const SETTLE = `
  with asked as (
    select (value ->> 'id')::uuid as id, (value ->> 'cutOffMs')::bigint as cut_off_ms, place
    from json_array_elements(?::json) with ordinality as each (value, place)),
  locked as (
    select ending.id, asked.cut_off_ms, asked.place from sign_in_endings ending join asked on asked.id = ending.id
    where ending.seq is null order by ending.id for update of ending),
  ordered as (
    select id, cut_off_ms, row_number() over (order by place) as nth, count(*) over () as many from locked),
  head as (
    update sign_in_endings_head set seq = seq + (select count(*) from locked) where exists (select 1 from locked) returning seq)
  update sign_in_endings ending
  set seq = head.seq - ordered.many + ordered.nth, settled_at = now(), sealed = null,
    cut_off_ms = coalesce(ending.cut_off_ms, ordered.cut_off_ms),
    until_ms = until_ms + case when ending.cut_off_ms is null then greatest(0, ordered.cut_off_ms - at_ms) else 0 end
  from ordered, head where ending.id = ordered.id
  returning ending.id`

export async function insertRows(knex: Knex, rows: readonly EndingRow[]): Promise<void> {
  await prepared(knex, INSERT, [JSON.stringify(rows.map(toStored))])
}

/** @returns which of them had no place before. */
export async function settleRows(knex: Knex, settled: readonly Settled[]): Promise<ReadonlySet<string>> {
  const { rows } = await prepared<{ rows: { id: string }[] }>(knex, SETTLE, [JSON.stringify(settled)])
  return new Set(rows.map(({ id }) => id))
}

export async function rowsAfter(knex: Knex, seq: number, limit: number): Promise<LoggedEnding[]> {
  const rows: Stored[] = await knex('sign_in_endings').where('seq', '>', seq).orderBy('seq').limit(limit)
  return rows.map((row) => ({
    ...toEvent(row),
    id: row.id,
    seq: Number(row.seq),
    atMs: Number(row.at_ms),
    untilMs: Number(row.until_ms),
    settledAtMs: Number(row.settled_at?.getTime()),
  }))
}

/** Rows that have waited for their place for longer than `olderThanMs`, the oldest first. */
export async function unsettledRows(knex: Knex, olderThanMs: number, limit: number): Promise<EndingRow[]> {
  const rows: Stored[] = await knex('sign_in_endings')
    .whereNull('seq')
    .whereRaw("announced_at <= now() - ? * interval '1 millisecond'", [olderThanMs])
    .orderBy('announced_at')
    .limit(limit)
  return rows.map((row) => ({
    id: row.id,
    event: toEvent(row),
    atMs: Number(row.at_ms),
    untilMs: Number(row.until_ms),
    ...(row.sealed !== null && { sealed: row.sealed }),
  }))
}

export async function readHead(knex: Knex): Promise<{ readonly seq: number; readonly floor: number }> {
  const row = await knex<{ seq: string; floor: string }>('sign_in_endings_head').first('seq', 'floor')
  return { seq: Number(row?.seq ?? 0), floor: Number(row?.floor ?? 0) }
}

export async function raiseHead(knex: Knex, by: number): Promise<void> {
  await knex('sign_in_endings_head').increment('seq', by)
}

/** Removes at most `limit` rows that were over at `beforeMs` and that everybody is past. @returns how many. */
export async function pruneRows(
  knex: Knex,
  { beforeMs, upTo, limit }: { readonly beforeMs: number; readonly upTo: number; readonly limit: number },
): Promise<number> {
  const { rows } = await knex.raw<{ rows: { removed: string | number }[] }>(
    `with gone as (delete from sign_in_endings where id = any (array(
         select id from sign_in_endings where until_ms < ? and seq <= ? order by until_ms limit ? for update skip locked))
       returning seq),
     raised as (update sign_in_endings_head set floor = greatest(floor, (select max(seq) from gone))
       where exists (select 1 from gone))
     select count(*) as removed from gone`,
    [beforeMs, upTo, limit],
  )
  return Number(rows[0]?.removed ?? 0)
}

function toStored({ id, event, atMs, untilMs, sealed }: EndingRow): object {
  const texts = Object.entries(TEXTS).flatMap(([member, column]) => {
    const value = event[member as keyof typeof TEXTS] // the members of the table above
    return value === undefined ? [] : [[column, toIndexable(value)]]
  })
  const { what, why, cutOffMs } = event
  return { id, what, why, ...Object.fromEntries(texts), cut_off_ms: cutOffMs, at_ms: atMs, until_ms: untilMs, sealed }
}

function toEvent(row: Stored): SignInEnded {
  const texts = Object.entries(TEXTS).flatMap(([member, column]) =>
    row[column] === null ? [] : [[member, row[column]]],
  )
  const { what, why, cut_off_ms } = row
  // As `toStored` wrote it.
  return {
    what,
    why,
    ...Object.fromEntries(texts),
    ...(cut_off_ms !== null && { cutOffMs: Number(cut_off_ms) }),
  } as SignInEnded
}

import type { Knex } from 'knex'
import { prepared } from '../database/prepared.ts'
import { toIndexable } from '../database/storable.ts'
import { type EndingFacts, subjectText, type TokenEnding, type TokenRecord } from './token-record.ts'

export type RecordFilter = {
  readonly tokenId?: string | undefined
  readonly place?: number | undefined
  readonly grantId?: string | undefined
  readonly accountId?: string | undefined
  readonly clientId?: string | undefined
  /** Records before this place: the cursor of the page before. */
  readonly before?: number | undefined
  readonly limit: number
}

/** A record with its place in the list. */
export type StoredRecord = TokenRecord & { readonly seq: number }

/** As the driver gives them: whole numbers of eight bytes are texts. */
type Row = {
  readonly seq: string | number
  readonly expires_at: string | number
  readonly issued_at_ms: string | number
  readonly granted_at_ms: string | number | null
  readonly place: number | null
  readonly kind: TokenRecord['kind']
  readonly token_id: string
  readonly client_id: string
} & Readonly<Record<OptionalText, string | null>>

type OptionalText = 'account_id' | 'grant_id' | 'parent_grant_id' | 'grant_client_id' | 'company_user_id' | 'agent_id'

/** One statement for any number of rows, with one binding: what the driver and the query builder do with many is dear. */
const INSERT_RECORDS = `
  insert into token_records (expires_at, issued_at_ms, granted_at_ms, place, replaced_place, kind, token_id, client_id,
    account_id, grant_id, parent_grant_id, grant_client_id, company_user_id, agent_id)
  select "expiresAt", "issuedAtMs", "grantedAtMs", place, "replacedPlace", kind, "tokenId", "clientId",
    "accountId", "grantId", "parentGrantId", "grantClientId", "companyUserId", "agentAccountId"
  from json_to_recordset(?::json) as record ("expiresAt" bigint, "issuedAtMs" bigint, "grantedAtMs" bigint,
    place integer, "replacedPlace" integer, kind text, "tokenId" text, "clientId" text,
    "accountId" text, "grantId" text, "parentGrantId" text, "grantClientId" text, "companyUserId" text,
    "agentAccountId" text)`

/**
 * An ending of one sign-in or token matters for as long as its longest token, any other for as long as a token can live.
 * Records that another node has yet to write are no longer than those that are here. The `+ 0` keeps the planner from reading the index on
 * `expires_at` backwards until the token comes.
 */
const INSERT_ENDINGS = `
  insert into token_endings (at_ms, until_ms, subject, cause, ended_by, expires_at)
  select "atMs", "untilMs", subject, cause, "endedBy", coalesce(case kind
    when 'grant' then (select "atMs" / 1000 + 1 + max(expires_at - issued_at_ms / 1000)
      from token_records where grant_id = id)
    when 'token' then (select max(expires_at + 0) from token_records where token_id = id)
    end, greatest("atMs", "untilMs") / 1000 + 1 + ?::bigint)
  from json_to_recordset(?::json) as ending ("atMs" bigint, "untilMs" bigint, subject text, kind text, id text,
    cause text, "endedBy" text)`

/** Writes one batch, all or nothing. */
export async function writeHistory(
  knex: Knex,
  batch: readonly (TokenRecord | TokenEnding)[],
  longestTokenSeconds: number,
): Promise<void> {
  const records = batch.filter((each): each is TokenRecord => 'tokenId' in each)
  const endings = batch.filter((each): each is TokenEnding => 'subject' in each)
  const writeRecords = (on: Knex) => prepared(on, INSERT_RECORDS, [JSON.stringify(records, storable)])
  const writeEndings = (on: Knex) =>
    on.raw(INSERT_ENDINGS, [longestTokenSeconds, JSON.stringify(endings.map(toRow), storable)])
  if (endings.length === 0) await writeRecords(knex)
  else {
    await knex.transaction(async (transaction) => {
      if (records.length > 0) await writeRecords(transaction)
      await writeEndings(transaction)
    })
  }
}

function toRow({ subject, ...facts }: TokenEnding): object {
  return { ...facts, subject: subjectText(subject), kind: subject.of, ...('id' in subject && { id: subject.id }) }
}

/**
 * What the database refuses must not keep the batch from being written: a text that it does not store or index, and the fraction of
 * a millisecond in the instant of a sign-out.
 */
function storable(_name: string, value: unknown): unknown {
  if (typeof value === 'number') return Math.floor(value)
  return typeof value === 'string' ? toIndexable(value) : value
}

/** Records, newest first. */
export async function findRecords(knex: Knex, filter: RecordFilter): Promise<StoredRecord[]> {
  const { tokenId, place, grantId, accountId, clientId, before, limit } = filter
  const rows: Row[] = await knex('token_records')
    .modify((query) => {
      if (tokenId !== undefined) query.where({ token_id: tokenId })
      if (place !== undefined) query.where({ place })
      if (grantId !== undefined) query.where({ grant_id: grantId })
      if (accountId !== undefined) query.where({ account_id: accountId })
      if (clientId !== undefined) query.where({ client_id: clientId })
      if (before !== undefined) query.where('seq', '<', before)
    })
    .orderBy('seq', 'desc')
    .limit(limit)
  return rows.map(toRecord)
}

/** Endings of these subjects, by subject. */
export async function findEndings(knex: Knex, subjects: readonly string[]): Promise<Map<string, EndingFacts[]>> {
  const rows: EndingRow[] = await knex('token_endings').whereIn('subject', subjects)
  const bySubject = Map.groupBy(rows, ({ subject }) => subject)
  return new Map([...bySubject].map(([subject, found]) => [subject, found.map(toEnding)]))
}

/** When places of refresh token families ended because their successor was made or used. */
export async function findRotations(knex: Knex, families: readonly string[]): Promise<Rotation[]> {
  if (families.length === 0) return []
  const rows: RotationRow[] = await knex('token_records')
    .whereIn('token_id', families)
    .whereNotNull('replaced_place')
    .groupBy('token_id', 'replaced_place')
    .select('token_id', 'replaced_place')
    .min('issued_at_ms as at_ms')
  return rows.map((row) => ({ family: row.token_id, upToPlace: row.replaced_place, atMs: Number(row.at_ms) }))
}

/** Every place of the family up to this one ended then, if it had not before. */
export type Rotation = { readonly family: string; readonly upToPlace: number; readonly atMs: number }

type RotationRow = { readonly token_id: string; readonly replaced_place: number; readonly at_ms: string | number }
type EndingRow = {
  readonly at_ms: string | number
  readonly until_ms: string | number | null
  readonly subject: string
  readonly cause: string
  readonly ended_by: string | null
}

function toRecord(row: Row): StoredRecord {
  return {
    seq: Number(row.seq),
    tokenId: row.token_id,
    kind: row.kind,
    clientId: row.client_id,
    issuedAtMs: Number(row.issued_at_ms),
    expiresAt: Number(row.expires_at),
    ...(row.granted_at_ms !== null && { grantedAtMs: Number(row.granted_at_ms) }),
    ...(row.place !== null && { place: row.place }),
    ...(row.account_id !== null && { accountId: row.account_id }),
    ...(row.grant_id !== null && { grantId: row.grant_id }),
    ...(row.parent_grant_id !== null && { parentGrantId: row.parent_grant_id }),
    ...(row.grant_client_id !== null && { grantClientId: row.grant_client_id }),
    ...(row.company_user_id !== null && { companyUserId: row.company_user_id }),
    ...(row.agent_id !== null && { agentAccountId: row.agent_id }),
  }
}

function toEnding({ at_ms, until_ms, cause, ended_by }: EndingRow): EndingFacts {
  return {
    cause,
    atMs: Number(at_ms),
    ...(until_ms !== null && { untilMs: Number(until_ms) }),
    ...(ended_by !== null && { endedBy: ended_by }),
  }
}

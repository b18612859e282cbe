import type { Knex } from 'knex'
import { prepared } from '../../database/prepared.ts'
import type { EntryKind, FeedEntry } from '../revocation-feed/feed-entry.ts'

/** Places of a list that belong to one process. */
export type Block = { readonly listId: string; readonly first: number }

/** A token at its place. Epoch seconds. */
export type StatusRow = {
  readonly list_id: string
  readonly place: number
  readonly issued_at: number
  readonly jti: string
  readonly client_id: string
  readonly grant_client_id?: string | undefined
  readonly grant_id?: string | undefined
  readonly parent_grant_id?: string | undefined
  readonly account_id?: string | undefined
  readonly agent_id?: string | undefined
  readonly company_user_id?: string | undefined
}

const COLUMNS = `list_id, place, issued_at, jti, client_id, grant_client_id, grant_id, parent_grant_id, account_id, agent_id, company_user_id`

const INSERT = `
  insert into status_list_tokens (${COLUMNS})
  select ${COLUMNS} from json_to_recordset(?::json) as row (list_id bigint, place integer, issued_at bigint, jti text, client_id text,
    grant_client_id text, grant_id text, parent_grant_id text, account_id text, agent_id text, company_user_id text)`

export async function insertTokens(knex: Knex, rows: readonly StatusRow[]): Promise<void> {
  await prepared(knex, INSERT, [JSON.stringify(rows)])
}

/** Reserves places that no process had before, in a list of tokens that expire by `expiresAt`. */
export async function reserveBlock(
  knex: Knex,
  { expiresAt, size, capacity }: { readonly expiresAt: number; readonly size: number; readonly capacity: number },
): Promise<Block> {
  const { rows } = await knex.raw<{ rows: { id: string; reserved: number }[] }>(
    `with fitting as (
       select id from status_lists where expires_at = :expiresAt and reserved + :size <= :capacity order by id limit 1 for update),
     extended as (
       update status_lists set reserved = reserved + :size where id in (select id from fitting) returning id, reserved),
     added as (
       insert into status_lists (expires_at, reserved) select :expiresAt, :size where not exists (select 1 from fitting)
       returning id, reserved)
     select id, reserved from extended union all select id, reserved from added`,
    { expiresAt, size, capacity },
  )
  const [row] = rows
  if (!row) throw new Error('no places of a status list could be reserved')
  return { listId: String(row.id), first: Number(row.reserved) - size }
}

/** The ids of lists that have living tokens. */
export async function liveLists(knex: Knex, nowSeconds: number): Promise<string[]> {
  const rows: { id: string }[] = await knex('status_lists')
    .where('expires_at', '>', nowSeconds)
    .orderBy('id')
    .select('id')
  return rows.map(({ id }) => String(id))
}

/** Whether there is such a list, with a token that lives. */
export async function isLive(knex: Knex, listId: string, nowSeconds: number): Promise<boolean> {
  const list = await knex('status_lists').where('id', listId).where('expires_at', '>', nowSeconds).first('id')
  return list !== undefined
}

/** The places of a list whose tokens are over. */
export async function placesOver(knex: Knex, listId: string): Promise<number[]> {
  const rows: { place: number }[] = await knex('status_list_tokens')
    .where({ list_id: listId, is_over: true })
    .select('place')
  return rows.map(({ place }) => place)
}

/** Up to which place of the log endings are marked for good. */
export async function readMarked(knex: Knex): Promise<number> {
  const row = await knex<{ applied_seq: string }>('status_list_marks').first('applied_seq')
  return Number(row?.applied_seq ?? 0)
}

/** Never goes back. */
export async function saveMarked(knex: Knex, seq: number): Promise<void> {
  await knex('status_list_marks').where('applied_seq', '<', seq).update({ applied_seq: seq })
}

/** By which columns a kind of entry finds what it ends, and whether only what was issued by then. The same rule as `endsToken`. */
const FOUND_BY: readonly (readonly [EntryKind, column: keyof StatusRow, isCutOff: boolean])[] = [
  ['j', 'jti', false],
  ['g', 'grant_id', false],
  ['g', 'parent_grant_id', false],
  ['s', 'account_id', true],
  ['s', 'agent_id', true],
  ['m', 'company_user_id', true],
  ['c', 'client_id', true],
  ['c', 'grant_client_id', true],
]

/** Marks what these entries end. Done twice it changes nothing. */
export async function markEnded(knex: Knex, entries: readonly FeedEntry[]): Promise<void> {
  for (const [kind, column, isCutOff] of FOUND_BY) {
    const ended = entries.filter((entry) => entry[1] === kind).map(([, , value, at]) => ({ value, at }))
    if (ended.length === 0) continue
    await knex.raw(
      `update status_list_tokens token set is_over = true
       from json_to_recordset(?::json) as ended (value text, at bigint)
       where token.${column} = ended.value and not token.is_over ${isCutOff ? 'and token.issued_at <= ended.at' : ''}`,
      [JSON.stringify(ended)],
    )
  }
  const everybody = entries.filter(([, kind]) => kind === '*').map(([, , , at]) => at)
  if (everybody.length > 0)
    await knex('status_list_tokens')
      .where({ is_over: false })
      .where('issued_at', '<=', Math.max(...everybody))
      .update({ is_over: true })
}

const PRUNED_AT_ONCE = 1000

/** Removes lists whose tokens have all expired, with their tokens, a small batch a statement. @returns how many tokens went. */
export async function pruneLists(knex: Knex, expiredBefore: number): Promise<number> {
  let total = 0
  const expired: { id: string }[] = await knex('status_lists').where('expires_at', '<=', expiredBefore).select('id')
  for (const { id } of expired) {
    for (let removed = PRUNED_AT_ONCE; removed === PRUNED_AT_ONCE; total += removed) {
      const { rowCount } = await knex.raw<{ rowCount: number | null }>(
        `delete from status_list_tokens where ctid = any (array(
           select ctid from status_list_tokens where list_id = ? limit ${PRUNED_AT_ONCE} for update skip locked))`,
        [id],
      )
      removed = rowCount ?? 0
    }
    await knex('status_lists').where({ id }).delete()
  }
  return total
}

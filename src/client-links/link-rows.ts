import { createHash, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { oneAtATime } from '../database/one-at-a-time.ts'
import { toIndexable } from '../database/storable.ts'

/** A link of a customer with a client: one grant. */
export type Link = { readonly grantId: string; readonly customerId: string; readonly clientId: string }

/** A use of a link. */
export type LinkUse = Link & {
  /** Epoch milliseconds. */
  readonly atMs: number
  /** A grant type, or the audience of the resource server that was shown a token. */
  readonly usedFor: string
  /** Absent where the client itself did not ask. */
  readonly ip?: string
}

/** The last use of a link. */
export type LastUse = Pick<LinkUse, 'atMs' | 'usedFor' | 'ip'>

/** What a page said, and in which language (BCP 47). */
export type Said = { readonly text: string; readonly language: string }

/** What a customer allowed. */
export type LinkConsent = Link & {
  readonly scopes: readonly string[]
  /** Absent where it was allowed elsewhere than on the consent page. */
  readonly said?: Said
  /** Epoch milliseconds; now, unless given. */
  readonly atMs?: number
}

/** A consent on record; the digest is that of the text (SHA-256, base64url). */
export type KeptConsent = LinkConsent & { readonly atMs: number; readonly digest?: string }

/** Of one link so many are kept, the newest. */
const MOST_CONSENTS = 200
const LONGEST_TEXT = 16_000

export function digestOfText(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A consent as it was kept, and those that the customer had given the client before it. */
export type AddedConsent = { readonly kept: KeptConsent; readonly before: readonly KeptConsent[] }

/** Of several at once each is told of those that went first. */
export async function writeConsent(knex: Knex, consent: LinkConsent, expiresAt: number): Promise<AddedConsent> {
  const kept: KeptConsent = { ...consent, atMs: consent.atMs ?? Date.now(), ...(consent.said && shown(consent.said)) }
  const { grantId, customerId, clientId, said, digest } = kept
  const before = await knex.transaction(async (transaction) => {
    await oneAtATime(transaction, `link ${customerId} ${clientId}`)
    const found = await findConsents(transaction, customerId, clientId)
    await transaction.raw(
      `insert into client_links (grant_id, customer_id, client_id, expires_at)
       values (:grantId, :customerId, :clientId, :expiresAt)
       on conflict (grant_id) do update set expires_at = greatest(client_links.expires_at, excluded.expires_at)`,
      { grantId, customerId, clientId, expiresAt },
    )
    await transaction('link_consents').insert({
      id: randomUUID(),
      grant_id: grantId,
      customer_id: customerId,
      client_id: clientId,
      at_ms: kept.atMs,
      // Empty where no page of ours said anything.
      language: said?.language ?? '',
      said: said?.text ?? '',
      digest: digest ?? '',
      scopes: kept.scopes.join(' '),
      expires_at: expiresAt,
    })
    await transaction.raw(
      `delete from link_consents where id in (select id from link_consents
         where customer_id = :customerId and client_id = :clientId order by at_ms desc offset ${MOST_CONSENTS})`,
      { customerId, clientId },
    )
    return found
  })
  return { kept, before }
}

function shown({ text, language }: Said): Required<Pick<KeptConsent, 'said' | 'digest'>> {
  const kept = text.slice(0, LONGEST_TEXT)
  return { said: { text: kept, language }, digest: digestOfText(kept) }
}

type ConsentRow = {
  readonly grant_id: string
  readonly customer_id: string
  readonly client_id: string
  readonly at_ms: string | number
  readonly language: string
  readonly said: string
  readonly digest: string
  readonly scopes: string
}

/** The consents of a customer, newest first, to one client or to all. */
export async function findConsents(knex: Knex, customerId: string, clientId?: string): Promise<KeptConsent[]> {
  const rows: ConsentRow[] = await knex('link_consents')
    .where({ customer_id: customerId, ...(clientId !== undefined && { client_id: clientId }) })
    .orderBy('at_ms', 'desc')
    .limit(clientId === undefined ? 10 * MOST_CONSENTS : MOST_CONSENTS)
  return rows.map((row) => ({
    grantId: row.grant_id,
    customerId: row.customer_id,
    clientId: row.client_id,
    atMs: Number(row.at_ms),
    ...(row.digest !== '' && { said: { language: row.language, text: row.said }, digest: row.digest }),
    scopes: row.scopes.split(' ').filter(Boolean),
  }))
}

/** Writes uses, and returns those that are the first of their day: each for one writer, however many race. */
export async function writeUses(knex: Knex, uses: readonly LinkUse[], expiresAt: number): Promise<LinkUse[]> {
  const newest = [...new Map(uses.map((use) => [use.grantId, use])).values()]
  const json = JSON.stringify(
    newest.map((use) => ({ ...use, day: dayOf(use.atMs), expiresAt })),
    storable,
  )
  await knex.raw(
    `insert into client_links (grant_id, customer_id, client_id, used_at_ms, used_ip, used_for, expires_at)
     select "grantId", "customerId", "clientId", "atMs", ip, "usedFor", "expiresAt" from json_to_recordset(?::json) as use
       ("grantId" text, "customerId" text, "clientId" text, "atMs" bigint, ip text, "usedFor" text, "expiresAt" bigint)
     order by "grantId"
     on conflict (grant_id) do update set used_at_ms = excluded.used_at_ms, used_for = excluded.used_for,
       used_ip = coalesce(excluded.used_ip, client_links.used_ip),
       expires_at = greatest(client_links.expires_at, excluded.expires_at)
     where client_links.used_at_ms is null or client_links.used_at_ms <= excluded.used_at_ms`,
    [json],
  )
  const { rows } = await knex.raw<{ rows: { grant_id: string }[] }>(
    `update client_links set told_day = day from json_to_recordset(?::json) as use ("grantId" text, day integer)
     where grant_id = "grantId" and (told_day is null or told_day < day) returning grant_id`,
    [json],
  )
  const first = new Set(rows.map(({ grant_id: id }) => id))
  if (first.size > 0) {
    await knex('link_consents')
      .whereIn('grant_id', [...first])
      .where('expires_at', '<', expiresAt)
      .update({ expires_at: expiresAt })
  }
  return newest.filter(({ grantId }) => first.has(grantId))
}

type UseRow = {
  readonly grant_id: string
  readonly used_at_ms: string | number | null
  readonly used_ip: string | null
  readonly used_for: string | null
}

/** The last uses of these grants, by their ids; none of one that was never used. */
export async function findUses(knex: Knex, grantIds: readonly string[]): Promise<Map<string, LastUse>> {
  if (grantIds.length === 0) return new Map()
  const rows: UseRow[] = await knex('client_links')
    .whereIn('grant_id', [...grantIds])
    .whereNotNull('used_at_ms')
    .select('grant_id', 'used_at_ms', 'used_ip', 'used_for')
  return new Map(
    rows.map((row) => [
      row.grant_id,
      {
        atMs: Number(row.used_at_ms),
        usedFor: row.used_for ?? '',
        ...(row.used_ip !== null && { ip: row.used_ip }),
      },
    ]),
  )
}

/** Whether the customer has, or had not long ago, a link with the client. */
export async function isLinked(knex: Knex, customerId: string, clientId: string): Promise<boolean> {
  const found = await knex('client_links').where({ customer_id: customerId, client_id: clientId }).first('grant_id')
  return found !== undefined
}

/** For so long it is still known whom to tell that a customer was erased. */
const TOLD_SECONDS = 86_400

/** Forgets everything of a customer who was erased; with which clients they had links, only after these were told. */
export async function forgetLinks(knex: Knex, customerId: string): Promise<void> {
  const expiresAt = Math.floor(Date.now() / 1000) + TOLD_SECONDS
  await knex('link_consents').where({ customer_id: customerId }).delete()
  await knex('client_links')
    .where({ customer_id: customerId })
    .update({ used_at_ms: null, used_ip: null, used_for: null, expires_at: expiresAt })
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / 86_400_000)
}

function storable(_name: string, value: unknown): unknown {
  if (typeof value === 'number') return Math.floor(value)
  return typeof value === 'string' ? toIndexable(value) : value
}

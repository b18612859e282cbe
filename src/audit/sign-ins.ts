import type { Knex } from 'knex'

/** A sign-in that tokens were issued for, as the trail remembers it. */
export type SignIn = {
  readonly seq: number
  readonly grantId: string
  readonly customerId?: string
  readonly clientId: string
  /** The grant type. */
  readonly by: string
  readonly ip?: string
}

export type SignInFilter = {
  readonly customerId?: string | undefined
  readonly clientId?: string | undefined
  /** Sign-ins before this place. */
  readonly before: number
  readonly limit: number
}

type Row = {
  readonly seq: string | number
  readonly grant_id: string
  readonly customer_id: string | null
  readonly client_id: string
  readonly reason: string
  readonly ip: string | null
}

/**
 * Sign-ins, newest first, whether they are alive or not. Each has one entry that is no refresh; a grant that was signed
 * in to again is listed at its newest.
 */
export async function findSignIns(
  knex: Knex,
  { customerId, clientId, before, limit }: SignInFilter,
): Promise<SignIn[]> {
  const rows: Row[] = await knex('audit_entries as entry')
    .whereRaw(IS_SIGN_IN)
    .where('seq', '<', before)
    .modify((query) => {
      if (customerId !== undefined) query.where({ customer_id: customerId })
      if (clientId !== undefined) query.where({ client_id: clientId })
    })
    .whereRaw(
      `not exists (select 1 from audit_entries later where later.grant_id = entry.grant_id and later.seq > entry.seq
        and later.client_id = entry.client_id and later.customer_id is not distinct from entry.customer_id
        and later.type = 'token.issued' and later.reason <> 'refresh_token')`,
    )
    .orderBy('seq', 'desc')
    .limit(limit)
    .select('seq', 'grant_id', 'customer_id', 'client_id', 'reason', 'ip')
  return rows.map((row) => ({
    seq: Number(row.seq),
    grantId: row.grant_id,
    clientId: row.client_id,
    by: row.reason,
    ...(row.customer_id !== null && { customerId: row.customer_id }),
    ...(row.ip !== null && { ip: row.ip }),
  }))
}

/** As the partial indexes have it. */
const IS_SIGN_IN = `type = 'token.issued' and reason <> 'refresh_token' and grant_id is not null`

import type { Knex } from 'knex'
import type { Mandate } from './mandate.ts'
import type { MandateTerms } from './terms.ts'

/** As the driver gives it: whole numbers of eight bytes are texts. */
type Row = {
  readonly id: string
  readonly seq: string | number
  readonly grant_id: string
  readonly client_id: string
  readonly customer_id: string
  readonly company_user_id: string | null
  readonly resource: string
  readonly asked: MandateTerms
  readonly terms: MandateTerms
  readonly version: number
  readonly granted_at: string | number
  readonly paused_at: string | number | null
  readonly withdrawn_at: string | number | null
  readonly withdrawn_by: string | null
}

export const MANDATES = 'purchase_mandates'
const COLUMNS = [
  ...['id', 'seq', 'grant_id', 'client_id', 'customer_id', 'company_user_id', 'resource', 'asked', 'terms', 'version'],
  ...['granted_at', 'paused_at', 'withdrawn_at', 'withdrawn_by'],
]

export type NewMandate = Omit<Mandate, 'seq' | 'version' | 'pausedAt' | 'withdrawnAt' | 'withdrawnBy'>

/** False where the mandate is there already; it then hangs from the grant of now. */
export async function insertMandate(knex: Knex, mandate: NewMandate, keptUntil: number): Promise<boolean> {
  const row = {
    id: mandate.id,
    grant_id: mandate.grantId,
    client_id: mandate.clientId,
    customer_id: mandate.customerId,
    company_user_id: mandate.companyUserId ?? null,
    resource: mandate.resource,
    asked: JSON.stringify(mandate.asked),
    terms: JSON.stringify(mandate.terms),
    granted_at: mandate.grantedAt,
    ends_at: mandate.terms.expires_at,
    expires_at: keptUntil,
  }
  const made = await knex(MANDATES).insert(row).onConflict('id').ignore().returning('id')
  if (made.length === 0) await knex(MANDATES).where({ id: mandate.id }).update({ grant_id: mandate.grantId })
  return made.length > 0
}

/** The mandate of this id; `isLocked` keeps it as it is until the transaction ends. */
export async function findMandate(knex: Knex, id: string, { isLocked = false } = {}): Promise<Mandate | undefined> {
  const row = await knex<Row>(MANDATES)
    .where({ id })
    .modify((query) => {
      if (isLocked) query.forUpdate()
    })
    .first<Row | undefined>(COLUMNS)
  return row && toMandate(row)
}

export async function findMandates(knex: Knex, ids: readonly string[]): Promise<Mandate[]> {
  if (ids.length === 0) return []
  const rows = await knex(MANDATES).whereIn('id', ids).select<Row[]>(COLUMNS)
  return rows.map(toMandate)
}

export type MandateFilter = {
  readonly customerId?: string | undefined
  readonly clientId?: string | undefined
  readonly grantId?: string | undefined
  /** Only those that have neither ended nor been withdrawn at this time, in epoch seconds. */
  readonly aliveAt?: number | undefined
}

/** Newest first. */
export async function listMandates(
  knex: Knex,
  { customerId, clientId, grantId, aliveAt }: MandateFilter,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<Mandate[]> {
  const rows = await knex(MANDATES)
    .modify((query) => {
      if (customerId !== undefined) query.where({ customer_id: customerId })
      if (clientId !== undefined) query.where({ client_id: clientId })
      if (grantId !== undefined) query.where({ grant_id: grantId })
      if (aliveAt !== undefined) query.whereNull('withdrawn_at').where('ends_at', '>', aliveAt)
      if (before !== undefined) query.where('seq', '<', before)
    })
    .orderBy('seq', 'desc')
    .limit(limit)
    .select<Row[]>(COLUMNS)
  return rows.map(toMandate)
}

export type MandateChange = {
  readonly terms?: MandateTerms
  readonly version?: number
  readonly pausedAt?: number | null
  readonly withdrawnAt?: number
  readonly withdrawnBy?: string
}

export async function updateMandate(knex: Knex, id: string, change: MandateChange): Promise<void> {
  const { terms, version, pausedAt, withdrawnAt, withdrawnBy } = change
  await knex(MANDATES)
    .where({ id })
    .update({
      ...(terms && { terms: JSON.stringify(terms), ends_at: terms.expires_at }),
      ...(version !== undefined && { version }),
      ...(pausedAt !== undefined && { paused_at: pausedAt }),
      ...(withdrawnAt !== undefined && { withdrawn_at: withdrawnAt }),
      ...(withdrawnBy !== undefined && { withdrawn_by: withdrawnBy }),
    })
}

/** Keeps what a mandate said before it was narrowed. */
export async function insertVersion(
  knex: Knex,
  { id, version, terms }: Mandate,
  at: number,
  by: string,
): Promise<void> {
  await knex('purchase_mandate_versions').insert({
    mandate_id: id,
    version,
    terms: JSON.stringify(terms),
    changed_at: at,
    changed_by: by,
  })
}

/** True for the first caller that tells the customer of something, however many nodes notice it. */
export async function isFirstToTell(knex: Knex, id: string, what: string): Promise<boolean> {
  const changed = await knex(MANDATES)
    .where({ id })
    .whereRaw('not (told \\? :what)', { what })
    .update({ told: knex.raw(`told || jsonb_build_object(:what::text, true)`, { what }) })
  return changed === 1
}

function toMandate(row: Row): Mandate {
  return {
    id: row.id,
    seq: Number(row.seq),
    grantId: row.grant_id,
    clientId: row.client_id,
    customerId: row.customer_id,
    ...(row.company_user_id !== null && { companyUserId: row.company_user_id }),
    resource: row.resource,
    asked: row.asked,
    terms: row.terms,
    version: row.version,
    grantedAt: Number(row.granted_at),
    ...(row.paused_at !== null && { pausedAt: Number(row.paused_at) }),
    ...(row.withdrawn_at !== null && { withdrawnAt: Number(row.withdrawn_at) }),
    ...(row.withdrawn_by !== null && { withdrawnBy: row.withdrawn_by }),
  }
}

import type { Knex } from 'knex'
import {
  type AccessRequest,
  APPROVED_SECONDS,
  type EndCause,
  type SupportAccess,
  WAITING_SECONDS,
} from './support-access.ts'

/** As the driver gives it: whole numbers of eight bytes are texts. */
type Row = {
  readonly seq: string | number
  readonly id: string
  readonly scope: string
  readonly asked_at: string | number
} & Readonly<Record<RequiredText, string>> &
  Readonly<Record<OptionalText, string | null>> &
  Readonly<Record<OptionalInstant, string | number | null>>

type RequiredText = 'agent_id' | 'agent_email' | 'customer_id' | 'client_id' | 'resource'
type OptionalText = 'reason' | 'approved_by' | 'grant_id' | 'ended_by' | 'end_cause'
type OptionalInstant = 'approved_at' | 'begun_at' | 'ends_at' | 'ended_at'

/** An access with its place in the list. */
export type StoredAccess = SupportAccess & { readonly seq: number }

export type AccessFilter = {
  readonly customerId?: string | undefined
  readonly agentId?: string | undefined
  readonly grantId?: string | undefined
  /** Only those that have neither ended nor run out. */
  readonly isOpen?: boolean | undefined
  /** Only those that have begun, whether or not they are over. */
  readonly hasBegun?: boolean | undefined
  /** Of the second person's list: only those that wait. */
  readonly isWaiting?: boolean | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** Whether support access is switched on, and who switched it. */
export type Switch = { readonly isOn: boolean; readonly changedAt?: number; readonly changedBy?: string }

export async function readSwitch(knex: Knex, { isLocked = false } = {}): Promise<Switch> {
  const row = await knex('support_access_switch')
    .modify((query) => {
      if (isLocked) query.forUpdate()
    })
    .first<{ is_on: boolean; changed_at: string | null; changed_by: string | null } | undefined>()
  // A row that somebody deleted must not open what it closes.
  if (!row) return { isOn: false }
  return {
    isOn: row.is_on,
    ...(row.changed_at !== null && { changedAt: Number(row.changed_at) }),
    ...(row.changed_by !== null && { changedBy: row.changed_by }),
  }
}

export async function writeSwitch(knex: Knex, isOn: boolean, by: string, now: number): Promise<void> {
  await knex('support_access_switch')
    .insert({ id: true, is_on: isOn, changed_at: now, changed_by: by })
    .onConflict('id')
    .merge()
}

type Begin = { readonly grantId: string; readonly endsAt: number }
type Kept = { readonly now: number; readonly keptUntil: number }

export async function insertAccess(
  knex: Knex,
  request: AccessRequest,
  { now, keptUntil }: Kept,
  begin?: Begin,
): Promise<SupportAccess> {
  const [row] = await knex('support_accesses')
    .insert({
      ...columnsOf(request),
      reason: request.reason ?? null,
      asked_at: now,
      expires_at: keptUntil,
      ...(begin && { begun_at: now, grant_id: begin.grantId, ends_at: begin.endsAt }),
    })
    .returning<Row[]>('*')
  return toAccess(row as Row) // inserted just now
}

/** Takes what a second person approved and nobody has begun: once. A reason that is given must be the one that was approved. */
export async function takeApproved(
  knex: Knex,
  request: AccessRequest,
  { now, begin }: { readonly now: number; readonly begin: Begin },
): Promise<SupportAccess | undefined> {
  const [row] = await knex('support_accesses')
    .where(
      'seq',
      knex('support_accesses')
        .where({ ...columnsOf(request), ...(request.reason !== undefined && { reason: request.reason }) })
        .whereNull('begun_at')
        .whereNull('ended_at')
        .where('approved_at', '>', now - APPROVED_SECONDS)
        .min('seq'),
    )
    .whereNull('begun_at')
    .update({ begun_at: now, grant_id: begin.grantId, ends_at: begin.endsAt })
    .returning<Row[]>('*')
  return row && toAccess(row)
}

/** The same request, which waits already. */
export async function findWaiting(knex: Knex, request: AccessRequest, now: number): Promise<SupportAccess | undefined> {
  const row = await waiting(knex('support_accesses').where(columnsOf(request)), now)
    .where({ reason: request.reason ?? null })
    .first<Row | undefined>()
  return row && toAccess(row)
}

export async function approveWaiting(
  knex: Knex,
  id: string,
  { by, now }: { readonly by: string; readonly now: number },
): Promise<SupportAccess | undefined> {
  const [row] = await waiting(knex('support_accesses').where({ id }), now)
    .update({ approved_at: now, approved_by: by })
    .returning<Row[]>('*')
  return row && toAccess(row)
}

/** Ends one that has not ended; one that only waits or was approved can no longer begin. */
export async function endAccess(
  knex: Knex,
  id: string,
  { by, cause, now }: { readonly by: string; readonly cause: EndCause; readonly now: number },
): Promise<SupportAccess | undefined> {
  const [row] = await knex('support_accesses')
    .where({ id })
    .whereNull('ended_at')
    .where((query) => query.whereNull('ends_at').orWhere('ends_at', '>', now))
    .update({ ended_at: now, ended_by: by, end_cause: cause })
    .returning<Row[]>('*')
  return row && toAccess(row)
}

/** Takes an ending back that did not take effect. */
export async function reopenAccess(knex: Knex, id: string): Promise<void> {
  await knex('support_accesses').where({ id }).update({ ended_at: null, ended_by: null, end_cause: null })
}

export async function findAccess(knex: Knex, id: string): Promise<SupportAccess | undefined> {
  const row = await knex('support_accesses').where({ id }).first<Row | undefined>()
  return row && toAccess(row)
}

/** Accesses, newest first. */
export async function findAccesses(knex: Knex, filter: AccessFilter, now: number): Promise<StoredAccess[]> {
  const { customerId, agentId, grantId, isOpen, hasBegun, isWaiting, before, limit } = filter
  const rows: Row[] = await knex('support_accesses')
    .modify((query) => {
      if (customerId !== undefined) query.where({ customer_id: customerId })
      if (agentId !== undefined) query.where({ agent_id: agentId })
      if (grantId !== undefined) query.where({ grant_id: grantId })
      if (isOpen) query.whereNotNull('begun_at').whereNull('ended_at').where('ends_at', '>', now)
      if (hasBegun) query.whereNotNull('begun_at')
      if (isWaiting) waiting(query, now)
      if (before !== undefined) query.where('seq', '<', before)
    })
    .orderBy('seq', 'desc')
    .limit(limit)
  return rows.map((row) => ({ ...toAccess(row), seq: Number(row.seq) }))
}

function waiting(query: Knex.QueryBuilder, now: number): Knex.QueryBuilder {
  return query
    .whereNull('approved_at')
    .whereNull('begun_at')
    .whereNull('ended_at')
    .where('asked_at', '>', now - WAITING_SECONDS)
}

/** What makes two requests the same: who, to whom, by which client, for what. */
function columnsOf({ agentId, agentEmail, customerId, clientId, resource, scopes }: AccessRequest) {
  return {
    agent_id: agentId,
    agent_email: agentEmail,
    customer_id: customerId,
    client_id: clientId,
    resource,
    scope: scopes.toSorted().join(' '),
  }
}

function toAccess(row: Row): SupportAccess {
  return {
    id: row.id,
    agentId: row.agent_id,
    agentEmail: row.agent_email,
    customerId: row.customer_id,
    clientId: row.client_id,
    resource: row.resource,
    scopes: row.scope.split(' ').filter(Boolean),
    askedAt: Number(row.asked_at),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.approved_at !== null && { approvedAt: Number(row.approved_at) }),
    ...(row.approved_by !== null && { approvedBy: row.approved_by }),
    ...(row.begun_at !== null && { begunAt: Number(row.begun_at) }),
    ...(row.ends_at !== null && { endsAt: Number(row.ends_at) }),
    ...(row.grant_id !== null && { grantId: row.grant_id }),
    ...(row.ended_at !== null && { endedAt: Number(row.ended_at) }),
    ...(row.ended_by !== null && { endedBy: row.ended_by }),
    ...(row.end_cause !== null && { endCause: row.end_cause as EndCause }), // written from that list
  }
}

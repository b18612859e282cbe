import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail } from '../../credentials/email.ts'
import { type NotedCause, noteCauses } from '../../sign-in-endings/causes.ts'
import { type EmailChange, recordEmailChanges } from '../email-change-rows.ts'
import { type Reach, type TakenAway, takenAwayBy } from '../taken-away.ts'
import { claim, conflictOf, type Existing, type Owners, readOwners } from './import-conflicts.ts'
import type { ImportRecord } from './import-record.ts'
import { type ImportRows, importRows, type PlacedRecord } from './import-rows.ts'
import { withoutStored } from './stored-rows.ts'
import { isUnchanged, type SharedContents } from './unchanged.ts'
import { writeRows } from './write-rows.ts'
import { createWrittenRows, type WrittenRows } from './written-rows.ts'

export type WriteOutcome =
  | { readonly outcome: 'created'; readonly id: string }
  /**
   * `hasNewCredentials`: another password, e-mail address or status than before; the caller ends the sign-ins. `moved`: it
   * was the address; the caller tells its owner.
   */
  | {
      readonly outcome: 'updated'
      readonly id: string
      readonly hasNewCredentials?: true
      readonly moved?: EmailChange
    }
  /** The record says what is stored. */
  | { readonly outcome: 'unchanged'; readonly id: string }
  /** Nothing of the record was stored; `reason` is for the person who made the file. */
  | { readonly outcome: 'refused'; readonly reason: string }

export type WriteOptions = {
  /** Saves work over many calls in a row. */
  readonly written?: WrittenRows
  /** Told after each transaction. */
  readonly onTakenAway?: (takenAway: TakenAway) => void
  /** What the customer webhook names as the origin of the changes. */
  readonly origin?: 'import'
}

/**
 * Stores customers by `customerReference`: new ones are made, known ones brought up to date. A record
 * that leaves out status, emailVerified, password or companyUsers leaves them as they are; but another address is
 * unconfirmed unless the record says so. Returns one outcome per record, in the order given. Each run of distinct
 * references is one transaction.
 */
export async function upsertCustomers(
  knex: Knex,
  records: readonly ImportRecord[],
  options: WriteOptions = {},
): Promise<WriteOutcome[]> {
  const outcomes: WriteOutcome[] = []
  for (const batch of runsOfDistinctReferences(records)) outcomes.push(...(await upsertBatch(knex, batch, options)))
  return outcomes
}

/**
 * Stores one customer who is not stored yet, and changes nothing that is: companies, business units and roles that are
 * here already stay as they are.
 */
export async function createCustomer(knex: Knex, record: ImportRecord): Promise<WriteOutcome> {
  return knex.transaction(async (transaction): Promise<WriteOutcome> => {
    const owners = await readOwners(transaction, [record])
    if (owners.customers.has(record.customerReference))
      return { outcome: 'refused', reason: 'is stored here already with another email' }
    const { placed, outcomes } = place([record], owners)
    if (placed.length > 0) await writeRows(transaction, await withoutStored(transaction, importRows(placed)))
    return outcomes[0] ?? { outcome: 'refused', reason: 'was not stored' }
  })
}

async function upsertBatch(
  knex: Knex,
  records: readonly ImportRecord[],
  { written = createWrittenRows(), onTakenAway, origin }: WriteOptions,
): Promise<WriteOutcome[]> {
  try {
    const { outcomes, rows, takenAway } = await knex.transaction(async (transaction) => {
      if (origin) await transaction.raw("select set_config('vestibule.origin', ?, true)", [origin])
      const owners = await readOwners(transaction, records)
      const { placed, outcomes } = place(records, owners)
      const rows = importRows(placed)
      const news = written.withoutKnown(rows)
      const takenAway = await takenAwayBy(transaction, reachOf(placed, news), async () => {
        if (placed.length > 0) await writeRows(transaction, news)
      })
      const counted = await withNewCredentials(transaction, outcomes, owners)
      if (origin) await noteCauses(transaction, causesOf(counted, takenAway))
      const moved = await recordMoves(transaction, { records, outcomes, owners })
      return { outcomes: counted.map((outcome) => ({ ...outcome, ...moved(outcome) })), rows, takenAway }
    })
    written.add(rows)
    onTakenAway?.(takenAway)
    return outcomes
  } catch (error) {
    written.forget()
    throw error
  }
}

/** New customers had nothing that could be taken away. */
function reachOf(placed: readonly PlacedRecord[], { companies }: ImportRows): Reach {
  const known = placed.filter(({ isNew, status, record }) => !isNew && (status === 'blocked' || record.companyUsers))
  return {
    customers: known.map(({ id }) => id),
    companies: companies.flatMap(({ id, status }) => (status === 'blocked' ? [String(id)] : [])),
  }
}

/** Says of whom the credentials changed: the database counts, whatever wrote the row. */
async function withNewCredentials(
  transaction: Knex,
  outcomes: readonly WriteOutcome[],
  { customers }: Owners,
): Promise<WriteOutcome[]> {
  const before = new Map([...customers.values()].map(({ id, generation }) => [id, generation]))
  const updated = outcomes.flatMap((outcome) => (outcome.outcome === 'updated' ? [outcome.id] : []))
  if (updated.length === 0) return [...outcomes]
  const { rows } = await transaction.raw<{ rows: { id: string; generation: number }[] }>(SELECT_GENERATIONS, [
    JSON.stringify(updated),
  ])
  const now = new Map(rows.map(({ id, generation }) => [id, generation]))
  return outcomes.map((outcome) =>
    outcome.outcome === 'updated' && now.get(outcome.id) !== before.get(outcome.id)
      ? { ...outcome, hasNewCredentials: true }
      : outcome,
  )
}

/** An import signs out whose credentials it changed; whom it blocks is noted as blocked. */
function causesOf(outcomes: readonly WriteOutcome[], { customers }: TakenAway): NotedCause[] {
  const blocked = new Set(customers)
  return outcomes.flatMap((outcome): NotedCause[] => {
    const isSignedOut = outcome.outcome === 'updated' && outcome.hasNewCredentials && !blocked.has(outcome.id)
    return isSignedOut ? [{ what: 'customer', subject: outcome.id, why: 'imported' }] : []
  })
}

type Placed = {
  readonly records: readonly ImportRecord[]
  readonly outcomes: readonly WriteOutcome[]
  readonly owners: Owners
}

/** Keeps what undoes each change of address. */
async function recordMoves(transaction: Knex, { records, outcomes, owners }: Placed) {
  const former = records.flatMap((record, index) => {
    const existing = owners.customers.get(record.customerReference)
    if (outcomes[index]?.outcome !== 'updated' || !existing || !isMoved(existing, record)) return []
    return [{ customerId: existing.id, email: existing.email, emailVerified: existing.emailVerified }]
  })
  const changes = await recordEmailChanges(transaction, former)
  const byCustomer = new Map(changes.map((change) => [change.customerId, change]))
  return (outcome: WriteOutcome) => {
    const moved = outcome.outcome === 'updated' ? byCustomer.get(outcome.id) : undefined
    return moved && { moved }
  }
}

const SELECT_GENERATIONS = `
  select id, credential_generation as "generation" from customers
  where id in (select json_array_elements_text(?::json)::uuid)`

/** Decides what becomes of each record; `meanwhile` is what an import that is only tried has changed before. */
export function place(records: readonly ImportRecord[], owners: Owners, meanwhile: SharedContents = new Map()) {
  const placed: PlacedRecord[] = []
  const outcomes = records.map((record): WriteOutcome => {
    const existing = owners.customers.get(record.customerReference)
    const id = existing?.id ?? record.id ?? randomUUID()
    const reason = conflictOf(record, id, owners)
    if (reason) return { outcome: 'refused', reason }
    claim(record, id, owners)
    placed.push({
      record,
      id,
      isNew: !existing,
      idCustomer: record.idCustomer ?? existing?.idCustomer,
      status: record.status ?? (existing?.status === 'blocked' ? 'blocked' : 'active'),
      emailVerified: record.emailVerified ?? (existing !== undefined && wasVerified(existing, record)),
    })
    if (!existing) return { outcome: 'created', id }
    const customer = owners.stored.get(record.customerReference)
    const isSame = customer !== undefined && isUnchanged(record, { existing, customer }, meanwhile)
    return { outcome: isSame ? 'unchanged' : 'updated', id }
  })
  return { placed, outcomes }
}

/** That the owner of one address proved it says nothing about another. */
function wasVerified(existing: Existing, record: ImportRecord): boolean {
  return existing.emailVerified && !isMoved(existing, record)
}

function isMoved({ emailNormalized }: Existing, { email }: ImportRecord): boolean {
  return emailNormalized !== normalizeEmail(email)
}

/** One statement cannot touch a row twice, so a repeated reference begins another batch. */
function runsOfDistinctReferences(records: readonly ImportRecord[]): ImportRecord[][] {
  const runs: ImportRecord[][] = []
  let seen = new Set<string>()
  for (const record of records) {
    if (runs.length === 0 || seen.has(record.customerReference)) {
      runs.push([])
      seen = new Set()
    }
    seen.add(record.customerReference)
    runs.at(-1)?.push(record)
  }
  return runs
}

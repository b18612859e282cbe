import type { Knex } from 'knex'
import { normalizeEmail } from '../../credentials/email.ts'
import { type Owners, parentsOf, readOwners } from './import-conflicts.ts'
import type { ImportRecord } from './import-record.ts'
import type { PlacedRecord } from './import-rows.ts'
import { createNewNumbers, type NewNumbers } from './new-numbers.ts'
import { sharedContents } from './unchanged.ts'
import { place, type WriteOutcome } from './write-customers.ts'

/** What `upsertCustomers` would answer to batch after batch, without storing anything. */
export type DryRun = (knex: Knex, records: readonly ImportRecord[]) => Promise<WriteOutcome[]>

/** What the lines before would have changed. Their names need no place here: a name comes once in a file. */
type Meanwhile = {
  /** What known customers gave up: `email ID`, `number ID`, and `members ID` for the company users that they had. */
  readonly givenUp: Set<string>
  /** As in `Owners`. */
  readonly parents: Map<string, string>
  readonly contents: Map<string, string>
  readonly numbers: NewNumbers
}

/** Keeps in memory what a real import would read from the database again. References must be distinct. */
export function createDryRun(): DryRun {
  let meanwhile: Meanwhile | undefined
  return async (knex, records) => {
    meanwhile ??= { givenUp: new Set(), parents: new Map(), contents: new Map(), numbers: await createNewNumbers(knex) }
    const owners = await readOwners(knex, records)
    bringUpToDate(owners, records, meanwhile)
    const { placed, outcomes } = place(records, owners, meanwhile.contents)
    for (const each of placed) remember(each, owners, meanwhile)
    meanwhile.numbers.give(placed)
    return outcomes
  }
}

function bringUpToDate(owners: Owners, records: readonly ImportRecord[], { givenUp, parents, numbers }: Meanwhile) {
  for (const { id, idCustomer, customerReference: reference, emailNormalized } of owners.customers.values()) {
    if (givenUp.has(`email ${id}`) && owners.byEmail.get(emailNormalized) === reference) {
      owners.byEmail.delete(emailNormalized)
    }
    if (givenUp.has(`number ${id}`)) owners.byIdCustomer.delete(idCustomer)
  }
  for (const [key, parent] of owners.parents) {
    if (key.startsWith('company user:') && givenUp.has(`members ${parent}`)) owners.parents.delete(key)
  }
  for (const record of records) {
    for (const [key] of parentsOf(record, '')) {
      const parent = parents.get(key)
      if (parent !== undefined) owners.parents.set(key, parent)
    }
    const owner = record.idCustomer && numbers.holderOf(record.idCustomer)
    if (record.idCustomer && owner) owners.byIdCustomer.set(record.idCustomer, owner)
  }
}

function remember({ record, id }: PlacedRecord, owners: Owners, { givenUp, parents, contents }: Meanwhile): void {
  const existing = owners.customers.get(record.customerReference)
  if (existing && existing.emailNormalized !== normalizeEmail(record.email)) givenUp.add(`email ${id}`)
  if (existing && record.idCustomer && existing.idCustomer !== record.idCustomer) givenUp.add(`number ${id}`)
  if (existing && record.companyUsers) givenUp.add(`members ${id}`)
  for (const [key, parent] of parentsOf(record, id)) parents.set(key, parent)
  for (const [key, content] of sharedContents(record.companyUsers)) contents.set(key, content)
}

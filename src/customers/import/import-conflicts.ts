import type { Knex } from 'knex'
import { normalizeEmail, storedForms } from '../../credentials/email.ts'
import type { Customer } from '../customer.ts'
import { type CustomerRow, SELECT_CUSTOMER, toCustomerWithPassword } from '../customer-row.ts'
import type { ImportRecord } from './import-record.ts'

/** A customer who is stored already. */
export type Existing = {
  readonly id: string
  readonly idCustomer: number
  readonly customerReference: string
  readonly email: string
  readonly emailNormalized: string
  /** False for a row from before addresses had the form in which they are compared now. */
  readonly hasEmailFormOfNow: boolean
  readonly status: Customer['status']
  readonly emailVerified: boolean
  /** Of the credentials, before the batch is written. */
  readonly generation: number
  readonly passwordScheme: string | null
  readonly passwordHash: string | null
  readonly passwordSalt: string | null
  readonly passwordFingerprint: string | null
}

/** What is stored already under the names a batch uses, brought up to date as records of the batch are accepted. */
export type Owners = {
  readonly customers: ReadonlyMap<string, Existing>
  /** Those of the records, whole, by reference. */
  readonly stored: ReadonlyMap<string, Customer>
  readonly byEmail: Map<string, string>
  readonly byId: Map<string, string>
  readonly byIdCustomer: Map<number, string>
  /** Company users to customer ids; roles and business units to company ids. */
  readonly parents: Map<string, string>
}

/** Reads, in three queries, everything that could stand in the way of `records`. */
export async function readOwners(knex: Knex, records: readonly ImportRecord[]): Promise<Owners> {
  const companyUsers = records.flatMap((record) => record.companyUsers ?? [])
  const { rows: stored } = await knex.raw<{ rows: Omit<Existing, 'hasEmailFormOfNow'>[] }>(SELECT_CUSTOMERS, [
    JSON.stringify(records.map((record) => record.customerReference)),
    JSON.stringify(records.flatMap((record) => storedForms(record.email))),
    JSON.stringify(records.flatMap((record) => record.id ?? [])),
    JSON.stringify(records.flatMap((record) => record.idCustomer ?? [])),
  ])
  const parents = await knex.raw<{ rows: { key: string; parent: string }[] }>(SELECT_PARENTS, [
    JSON.stringify(companyUsers.map((companyUser) => companyUser.id)),
    JSON.stringify(companyUsers.flatMap(({ roles }) => roles.flatMap((role) => role.id ?? []))),
    JSON.stringify(companyUsers.flatMap(({ businessUnit }) => businessUnit?.id ?? [])),
  ])
  const rows = stored.map((row): Existing => {
    const emailNormalized = normalizeEmail(row.emailNormalized)
    return { ...row, emailNormalized, hasEmailFormOfNow: row.emailNormalized === emailNormalized }
  })
  const references = new Set(records.map((record) => record.customerReference))
  const known = rows.filter((row) => references.has(row.customerReference))
  // Of two that are older than the rule that their forms are one address, it is the one's that has the form of now.
  const byAge = [...rows, ...rows.filter((row) => row.hasEmailFormOfNow)]
  return {
    customers: new Map(rows.map((row) => [row.customerReference, row])),
    stored: await readStored(knex, known),
    byEmail: new Map(byAge.map((row) => [row.emailNormalized, row.customerReference])),
    byId: new Map(rows.map((row) => [row.id, row.customerReference])),
    byIdCustomer: new Map(rows.map((row) => [row.idCustomer, row.customerReference])),
    parents: new Map(parents.rows.map((row) => [row.key, row.parent])),
  }
}

async function readStored(knex: Knex, known: readonly Existing[]): Promise<Map<string, Customer>> {
  if (known.length === 0) return new Map()
  const { rows } = await knex.raw<{ rows: CustomerRow[] }>(
    `${SELECT_CUSTOMER} where c.id in (select json_array_elements_text(?::json)::uuid)`,
    [JSON.stringify(known.map(({ id }) => id))],
  )
  return new Map(rows.map((row) => [row.customer_reference, toCustomerWithPassword(row).customer]))
}

/** Why `record` cannot be stored, in words for the person who made the file; undefined when it can. */
export function conflictOf(record: ImportRecord, customerId: string, owners: Owners): string | undefined {
  const { customerReference: reference, email } = record
  const existing = owners.customers.get(reference)
  if (existing?.status === 'anonymised') return `customer ${reference} was erased and is not imported again`
  if (existing && record.id && existing.id !== record.id) {
    return `customer ${reference} is stored with id ${existing.id}; a customer keeps its id`
  }
  const taken =
    differs('email', email, owners.byEmail.get(normalizeEmail(email)), reference) ??
    differs('id', record.id, record.id && owners.byId.get(record.id), reference) ??
    differs('idCustomer', record.idCustomer, record.idCustomer && owners.byIdCustomer.get(record.idCustomer), reference)
  return taken ?? parentConflict(record, customerId, owners.parents)
}

/** Lets later records of the batch see what `record` takes and gives up. */
export function claim(record: ImportRecord, customerId: string, owners: Owners): void {
  const reference = record.customerReference
  const previous = owners.customers.get(reference)
  if (previous && owners.byEmail.get(previous.emailNormalized) === reference) {
    owners.byEmail.delete(previous.emailNormalized)
  }
  owners.byEmail.set(normalizeEmail(record.email), reference)
  owners.byId.set(customerId, reference)
  if (record.idCustomer) owners.byIdCustomer.set(record.idCustomer, reference)
  for (const [key, parent] of parentsOf(record, customerId)) owners.parents.set(key, parent)
}

function differs(name: string, value: unknown, owner: unknown, reference: string): string | undefined {
  if (typeof owner !== 'string' || owner === reference) return undefined
  // An e-mail address is not repeated: reasons are kept and logged.
  return `${name === 'email' ? 'email' : `${name} ${value}`} belongs to customer ${owner}`
}

function parentConflict(
  record: ImportRecord,
  customerId: string,
  parents: ReadonlyMap<string, string>,
): string | undefined {
  const own = new Map<string, string>()
  for (const [key, parent] of parentsOf(record, customerId)) {
    const owner = own.get(key) ?? parents.get(key) ?? parent
    if (owner !== parent)
      return `${key.replace(':', ' ')} belongs to another ${key.startsWith('company user') ? 'customer' : 'company'}`
    if (key.startsWith('company user') && own.has(key)) return `${key.replace(':', ' ')} is given twice`
    own.set(key, parent)
  }
  return undefined
}

/** What `record` says belongs to what: see `Owners`. */
export function parentsOf(record: ImportRecord, customerId: string): [string, string][] {
  return (record.companyUsers ?? []).flatMap(({ id, company, businessUnit, roles }) => [
    [`company user:${id}`, customerId] as [string, string], // a pair, for the map
    ...roles.flatMap((role): [string, string][] => (role.id ? [[`role:${role.id}`, company.id]] : [])),
    ...(businessUnit ? [[`business unit:${businessUnit.id}`, company.id] as [string, string]] : []), // a pair, for the map
  ])
}

/** A union, because Postgres reads the whole table for an "or" over several indexes. */
const SELECT_CUSTOMERS = `
  select id, id_customer as "idCustomer", customer_reference as "customerReference",
    email, email_normalized as "emailNormalized", status, email_verified as "emailVerified",
    credential_generation as "generation", password_scheme as "passwordScheme", password_hash as "passwordHash",
    password_salt as "passwordSalt", password_fingerprint as "passwordFingerprint"
  from customers
  where id in (
    select c.id from json_array_elements_text(?::json) r join customers c on c.customer_reference = r
    union all select c.id from json_array_elements_text(?::json) r join customers c on c.email_normalized = r
    union all select c.id from json_array_elements_text(?::json) r join customers c on c.id = r::uuid
    union all select c.id from json_array_elements_text(?::json) r join customers c on c.id_customer = r::integer)`

const SELECT_PARENTS = `
  select 'company user:' || id as key, customer_id::text as parent from company_users
    where id in (select json_array_elements_text(?::json)::uuid)
  union all
  select 'role:' || id, company_id::text from company_roles
    where id in (select json_array_elements_text(?::json)::uuid)
  union all
  select 'business unit:' || id, company_id::text from business_units
    where id in (select json_array_elements_text(?::json)::uuid)`

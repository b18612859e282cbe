import type { Knex } from 'knex'
import { isUuid } from '../../database/uuid.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import type { CustomerRecords } from '../records/customer-records.ts'

/** Which customer is meant. */
export type CustomerKey = { readonly id: string } | { readonly email: string }

/** A customer with what shop systems tell of the record itself. */
export type AccountRecord = {
  readonly customer: Customer
  /** Counts what changed about the customer, from 1 (`migrations/0158-customer-versions.ts`). */
  readonly version: number
  readonly createdAt: Date
  readonly changedAt: Date
}

export type FindAccountDeps = {
  readonly knex: Knex
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly records: Pick<CustomerRecords, 'find'>
}

/** Finds a customer who was not erased, as the database has them now. */
export function createFindAccount({ knex, directory, records }: FindAccountDeps) {
  return async function findAccount(key: CustomerKey): Promise<AccountRecord | undefined> {
    const customer = await ('id' in key ? byId(key.id) : byEmail(key.email))
    if (!customer || customer.status === 'anonymised') return undefined
    const row = await knex('customers').where({ id: customer.id }).first<Row | undefined>(COLUMNS)
    return row && { customer, version: row.version, createdAt: row.created_at, changedAt: row.updated_at }
  }

  /** By id alone: a reference is another key. */
  async function byId(id: string): Promise<Customer | undefined> {
    return isUuid(id) ? records.find(id) : undefined
  }

  async function byEmail(email: string): Promise<Customer | undefined> {
    return (await directory.findByLogin(email))?.customer
  }
}

const COLUMNS = ['version', 'created_at', 'updated_at']

type Row = { readonly version: number; readonly created_at: Date; readonly updated_at: Date }

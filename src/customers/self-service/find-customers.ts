import type { Knex } from 'knex'
import { storedForms } from '../../credentials/email.ts'
import { beginningWith } from '../../database/like.ts'
import { isStorable } from '../../database/storable.ts'
import type { Customer } from '../customer.ts'

/** A customer as an agent sees one in a list. */
export type FoundCustomer = Pick<
  Customer,
  'id' | 'idCustomer' | 'customerReference' | 'email' | 'givenName' | 'familyName'
>

export type CustomerQuery = {
  /** The beginning of an address or of a name, or a whole reference. Empty: everybody. */
  readonly text: string
  readonly offset: number
  readonly limit: number
}

export type FoundCustomers = {
  readonly customers: readonly FoundCustomer[]
  /** How many there are; `MOST_FOUND` when there are that many or more. */
  readonly total: number
}

/** What a search looks at: with more, the agent has to type more. */
export const MOST_FOUND = 1000
const MAX_LIMIT = 100
const MAX_TEXT = 254

/** Searches customers for agents, by indexes alone: a search costs no more in a large shop than in a small one. */
export function createFindCustomers({ knex }: { readonly knex: Knex }) {
  return async function findCustomers({ text, offset, limit }: CustomerQuery): Promise<FoundCustomers> {
    const wanted = text.trim()
    if (wanted.length > MAX_TEXT || !isStorable(wanted)) return { customers: [], total: 0 }
    const numbers = wanted === '' ? await allNumbers(knex) : await numbersOf(knex, wanted)
    const page = numbers.slice(offset, offset + Math.min(limit, MAX_LIMIT))
    if (page.length === 0) return { customers: [], total: numbers.length }
    const rows = await knex('customers').whereIn('id_customer', page).orderBy('id_customer').select<Row[]>(COLUMNS)
    return { customers: rows.map(toFound), total: numbers.length }
  }
}

async function allNumbers(knex: Knex): Promise<number[]> {
  const rows = await knex('customers')
    .whereNot({ status: 'anonymised' })
    .orderBy('id_customer')
    .limit(MOST_FOUND)
    .select<{ id_customer: number }[]>('id_customer')
  return rows.map((row) => row.id_customer)
}

async function numbersOf(knex: Knex, text: string): Promise<number[]> {
  const { sql, bindings } = searchFor(text)
  const { rows } = await knex.raw<{ rows: { id_customer: number }[] }>(sql, [...bindings])
  return rows.map((row) => row.id_customer)
}

/**
 * Each part has an index of its own (`migrations/0137-customer-search.ts`) and stops when it has enough. One pattern a
 * part: an index serves no list of patterns.
 */
export function searchFor(text: string): { readonly sql: string; readonly bindings: readonly string[] } {
  const parts: readonly (readonly [string, string])[] = [
    ...storedForms(text).map((form) => ['email_normalized like ?', beginningWith(form)] as const),
    ['lower(given_name) like lower(?)', beginningWith(text)],
    ['lower(family_name) like lower(?)', beginningWith(text)],
    ['customer_reference = ?', text],
  ]
  const selects = parts.map(
    ([condition]) => `(select id_customer, status from customers where ${condition} limit ${MOST_FOUND})`,
  )
  const sql = `
    select id_customer from (${selects.join(' union ')}) as found
    where status <> 'anonymised' order by id_customer limit ${MOST_FOUND}`
  return { sql, bindings: parts.map(([, binding]) => binding) }
}

const COLUMNS = ['id', 'id_customer', 'customer_reference', 'email', 'given_name', 'family_name']

type Row = {
  readonly id: string
  readonly id_customer: number
  readonly customer_reference: string
  readonly email: string
  readonly given_name: string | null
  readonly family_name: string | null
}

function toFound(row: Row): FoundCustomer {
  return {
    id: row.id,
    idCustomer: row.id_customer,
    customerReference: row.customer_reference,
    email: row.email,
    ...(row.given_name !== null && { givenName: row.given_name }),
    ...(row.family_name !== null && { familyName: row.family_name }),
  }
}

/** How an agent names one customer. */
export type CustomerName = { readonly email: string } | { readonly idCustomer: number }

const MAX_NUMBER = 2 ** 31 - 1

/** The id of the customer with the shop's number. */
export async function findIdByNumber({ knex }: { readonly knex: Knex }, number: number): Promise<string | undefined> {
  if (!Number.isInteger(number) || number < 1 || number > MAX_NUMBER) return undefined
  const row = await knex('customers')
    .where({ id_customer: number })
    .whereNot({ status: 'anonymised' })
    .first<{ id: string } | undefined>('id')
  return row?.id
}

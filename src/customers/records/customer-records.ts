import type { Knex } from 'knex'
import { normalizeEmail, storedForms } from '../../credentials/email.ts'
import { findByEmail, isTakenInOtherForm } from '../../credentials/email-rows.ts'
import { changesBy } from '../../database/change-notes/change-actor.ts'
import { containing } from '../../database/like.ts'
import { oneAtATime } from '../../database/one-at-a-time.ts'
import { type Page, type PageRequest, toPage } from '../../database/page.ts'
import { type Changed, isRevision } from '../../database/revision.ts'
import { afterUuid, isUuid } from '../../database/uuid.ts'
import { noteCauses } from '../../sign-in-endings/causes.ts'
import { codeOf } from '../../thrown.ts'
import type { Customer } from '../customer.ts'
import { type CustomerRow, SELECT_CUSTOMER, toCustomerWithPassword } from '../customer-row.ts'
import { type EmailChange, recordEmailChanges } from '../email-change-rows.ts'
import type { ImportRecord } from '../import/import-record.ts'
import { upsertCustomers } from '../import/write-customers.ts'
import type { TellChanged } from '../recent-customers.ts'
import type { TakenAway } from '../taken-away.ts'

export type CustomerFilter = {
  /** Any part of e-mail address, reference or name, without regard to case. */
  readonly search?: string | undefined
  readonly status?: Customer['status'] | undefined
}

export type CustomerChange = {
  readonly email?: string | undefined
  readonly givenName?: string | null | undefined
  readonly familyName?: string | null | undefined
  readonly locale?: string | null | undefined
  readonly allowsSupport?: boolean | undefined
}

export type CustomerRecords = ReturnType<typeof createCustomerRecords>

type Created = {
  readonly outcome: 'created'
  readonly customer: Customer
  /** Of other customers: the record may block a company. */
  readonly takenAway?: TakenAway
}
/** A change, with what undoes it where it gave the customer another address. */
type ChangedCustomer = Changed<Customer> & { readonly moved?: EmailChange }

type Refused = { readonly outcome: 'refused'; readonly reason: string }

const UNIQUE_VIOLATION = '23505'
const TAKEN: Refused = { outcome: 'refused', reason: 'another customer has this e-mail address' }

export type CustomerRecordsDeps = { readonly knex: Knex; readonly tellChanged: TellChanged }

/** Customers of our own tables as operators look after them: one by one. */
export function createCustomerRecords({ knex, tellChanged }: CustomerRecordsDeps) {
  async function select(connection: Knex, condition: string, bindings: readonly unknown[]): Promise<Customer[]> {
    const { rows } = await connection.raw<{ rows: CustomerRow[] }>(
      `${SELECT_CUSTOMER} ${condition}`,
      bindings as string[], // knex takes any value, and types only some
    )
    return rows.map((row) => toCustomerWithPassword(row).customer)
  }

  /** By id or by reference. */
  async function find(customer: string, connection: Knex = knex, suffix = ''): Promise<Customer | undefined> {
    const [byId] = isUuid(customer) ? await select(connection, `where c.id = ? ${suffix}`, [customer]) : []
    return byId ?? (await select(connection, `where c.customer_reference = ? ${suffix}`, [customer]))[0]
  }

  /** Under a lock, so that it does not change between the comparison and the change. */
  const changeSeen = (
    customer: string,
    seen: string,
    change: (transaction: Knex.Transaction, before: Customer) => Promise<Refused | EmailChange | undefined>,
  ): Promise<ChangedCustomer | Refused> =>
    knex.transaction(async (transaction) => {
      const before = await find(customer, transaction, 'for update of c')
      if (!before || before.status === 'anonymised') return { outcome: 'unknown' }
      if (!isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
      const result = await change(transaction, before)
      if (result && 'outcome' in result) return result
      if (result) await noteCauses(transaction, [{ what: 'customer', subject: before.id, why: 'email-changed' }])
      return {
        outcome: 'changed',
        before,
        ...(result && { moved: result }),
        now: (await find(before.id, transaction)) ?? before,
      }
    })

  return {
    find: (customer: string) => find(customer),

    /** By the shop's number. */
    findByNumber: async (idCustomer: number) => (await select(knex, 'where c.id_customer = ?', [idCustomer]))[0],

    /** By id, reference or e-mail address, as people name a customer. */
    async findNamed(customer: string): Promise<Customer | undefined> {
      const named = await find(customer)
      if (named || !customer.includes('@')) return named
      const row = await findByEmail<{ readonly id: string }>(knex, 'customers', customer)
      return row && find(row.id)
    },

    /** By id. */
    async list({ search, status }: CustomerFilter, { limit, cursor }: PageRequest): Promise<Page<Customer>> {
      const patterns = search && [search.toLowerCase(), ...storedForms(search)].map(containing)
      const customers = await select(
        knex,
        `where c.id > ? ${status ? 'and c.status = ?' : ''} ${patterns ? `and ${MATCHES}` : ''} order by c.id limit ?`,
        [afterUuid(cursor), ...(status ? [status] : []), ...(patterns ? [patterns] : []), limit + 1],
      )
      return toPage(
        customers,
        limit,
        ({ id }) => id,
        (each) => each,
      )
    },

    /** The same checks as an import's; but a customer there is already is not brought up to date. */
    async create(record: ImportRecord): Promise<Created | Refused> {
      const created = await knex.transaction<Created | Refused>(async (transaction) => {
        const { customerReference } = record
        // Two at once: the second waits here, and finds what the first made.
        await oneAtATime(transaction, `customer ${customerReference}`)
        const known = await select(transaction, 'where c.customer_reference = ?', [customerReference])
        if (known.length > 0) return { outcome: 'refused', reason: `a customer ${customerReference} already exists` }
        let takenAway: TakenAway | undefined
        const [written] = await upsertCustomers(transaction, [record], { onTakenAway: (by) => (takenAway = by) })
        if (!written || written.outcome === 'refused')
          return written ?? { outcome: 'refused', reason: 'nothing was given' }
        const customer = (await find(written.id, transaction)) as Customer // written just now
        return { outcome: 'created', customer, ...(takenAway && { takenAway }) }
      })
      // The record may change a company, and with it its other company users.
      await tellChanged()
      return created
    },

    async change(
      customer: string,
      seen: string,
      { email, givenName, familyName, locale, allowsSupport }: CustomerChange,
    ) {
      const changed = await changeSeen(customer, seen, async (transaction, { id, email: before, emailVerified }) => {
        const isMoved = email !== undefined && normalizeEmail(email) !== normalizeEmail(before)
        if (email !== undefined && (await isTakenInOtherForm(transaction, 'customers', email, id))) return TAKEN
        const columns = {
          ...(email !== undefined && { email: email.trim(), email_normalized: normalizeEmail(email) }),
          // The new address is not confirmed yet.
          ...(isMoved && { email_verified: false }),
          given_name: givenName,
          family_name: familyName,
          locale,
          allows_support: allowsSupport,
          updated_at: transaction.fn.now(),
        }
        if (isMoved) await changesBy(transaction, 'admin')
        const write = () => transaction.transaction((inner) => inner('customers').where({ id }).update(columns))
        const refused = await takenAddress(write)
        if (refused || !isMoved) return refused
        return (await recordEmailChanges(transaction, [{ customerId: id, email: before, emailVerified }]))[0]
      })
      if (changed.outcome === 'changed') await tellChanged(changed.now.id)
      return changed
    },

    /** Company users with their roles and permissions, all at once, as an import would bring them. */
    async replaceCompanyUsers(customer: string, seen: string, companyUsers: ImportRecord['companyUsers']) {
      let takenAway: TakenAway | undefined
      const replaced = await changeSeen(
        customer,
        seen,
        async (transaction, { companyUsers: _before, status, ...kept }) => {
          const record = { ...kept, status: status === 'blocked' ? status : ('active' as const), companyUsers }
          const [written] = await upsertCustomers(transaction, [record], { onTakenAway: (by) => (takenAway = by) })
          return written?.outcome === 'refused' ? written : undefined
        },
      )
      await tellChanged()
      return { replaced, ...(takenAway && { takenAway }) }
    },

    async setStatus(customer: string, status: 'active' | 'blocked'): Promise<Customer | undefined> {
      const found = await find(customer)
      if (!found || found.status === 'anonymised') return undefined
      await knex('customers')
        .where({ id: found.id })
        .whereNot({ status: 'anonymised' })
        .update({ status, updated_at: knex.fn.now() })
      await tellChanged(found.id)
      return find(found.id)
    },

    /** An operator vouches for the e-mail address. */
    async confirm(customer: string): Promise<Customer | undefined> {
      const found = await find(customer)
      if (!found || found.status === 'anonymised') return undefined
      await knex('customers').where({ id: found.id }).update({ email_verified: true, updated_at: knex.fn.now() })
      await tellChanged(found.id)
      return find(found.id)
    },
  }
}

/** A look at every row: a search by part of a word has no index, and an operator searches now and then. */
const MATCHES = `concat_ws(' ', lower(c.email), c.email_normalized, lower(c.customer_reference), lower(c.given_name),
  lower(c.family_name)) like any(?::text[])`

async function takenAddress(write: () => Promise<unknown>): Promise<Refused | undefined> {
  try {
    await write()
    return undefined
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error
    return TAKEN
  }
}

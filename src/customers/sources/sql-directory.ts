import type { Knex } from 'knex'
import { storedForms } from '../../credentials/email.ts'
import { emailCondition } from '../../credentials/email-rows.ts'
import { passwordColumns } from '../../credentials/password-columns.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import { changesBy } from '../../database/change-notes/change-actor.ts'
import { prepared } from '../../database/prepared.ts'
import { isStorable } from '../../database/storable.ts'
import { isUuid } from '../../database/uuid.ts'
import { noteCauses } from '../../sign-in-endings/causes.ts'
import type { Customer } from '../customer.ts'
import { type CustomerRow, SELECT_CUSTOMER, toCustomerWithPassword } from '../customer-row.ts'
import type { CustomerWithPassword, Directory } from '../directory.ts'

export type SqlDirectory = Directory & {
  /** Several customers in one query, by their ids. */
  findAllById(ids: readonly string[]): Promise<ReadonlyMap<string, Customer>>
}

/** Our own tables as the source of customers. Each look-up is one query, company users and permissions included. */
export function createSqlDirectory({ knex }: { readonly knex: Knex }): SqlDirectory {
  async function find(condition: string, ...values: (string | string[])[]): Promise<CustomerWithPassword | undefined> {
    if (!values.flat().every(isStorable)) return undefined
    const { rows } = await prepared<{ rows: CustomerRow[] }>(knex, `${SELECT_CUSTOMER} where ${condition}`, values)
    return rows[0] && toCustomerWithPassword(rows[0])
  }

  const findCredentials = async (id: string) => (isUuid(id) ? find('c.id = ?', id) : undefined)

  return {
    findById: async (id) => (await findCredentials(id))?.customer,
    findCredentials,
    async findAllById(ids) {
      const known = ids.filter(isUuid)
      if (known.length === 0) return new Map()
      const sql = `${SELECT_CUSTOMER} where c.id = any(?::uuid[])`
      const { rows } = await prepared<{ rows: CustomerRow[] }>(knex, sql, [known])
      const found = rows.map((row) => toCustomerWithPassword(row).customer)
      return new Map(found.map((customer) => [customer.id, customer]))
    },
    async findByReference(customerReference) {
      return (await find('c.customer_reference = ?', customerReference))?.customer
    },
    findByLogin(login) {
      const forms = [...storedForms(login)]
      return find(emailCondition('c.email_normalized'), forms, forms)
    },

    async setPassword(id, password, { generation, endsSignIns = false, by } = {}) {
      return knex.transaction(async (transaction) => {
        if (by !== undefined) await changesBy(transaction, by)
        const changed = await transaction('customers')
          .where({ id, ...(generation !== undefined && { credential_generation: generation }) })
          .whereNot({ status: 'anonymised' })
          .update(newPassword(transaction, password))
        if (changed === 1 && endsSignIns)
          await noteCauses(transaction, [{ what: 'customer', subject: id, why: 'password-changed' }])
        return changed === 1
      })
    },
    async replaceHash(id, current, next) {
      // A password changed since `current` was read must win over the re-hash of the old one.
      await knex('customers')
        .where({ id, password_hash: current.hash, password_scheme: current.scheme })
        .update({ ...passwordColumns(next), updated_at: knex.fn.now() })
    },
    async requirePasswordChange(id) {
      await knex('customers').where({ id, password_change_required: false }).update({ password_change_required: true })
    },
  }
}

/** Gives a password to an active customer who has none; false where there is one, which then stays. */
export async function setFirstPassword(knex: Knex, id: string, password: StoredPassword): Promise<boolean> {
  const query = knex('customers').where({ id, status: 'active' }).whereNull('password_hash')
  return (await query.update(newPassword(knex, password))) === 1
}

function newPassword(knex: Knex, password: StoredPassword) {
  return {
    ...passwordColumns(password),
    password_changed_at: knex.fn.now(),
    password_change_required: false,
    updated_at: knex.fn.now(),
  }
}

import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail, storedForms } from '../../credentials/email.ts'
import { isTakenInOtherForm } from '../../credentials/email-rows.ts'
import { passwordColumns } from '../../credentials/password-columns.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import { codeOf } from '../../thrown.ts'
import { type EmailChange, recordEmailChanges } from '../email-change-rows.ts'

const UNIQUE_VIOLATION = '23505'

/** A customer who proved their address, need not, or is made without a proof of it. */
export type NewCustomer = {
  /** Chosen before where the registration was answered before the customer exists; new ones unless given. */
  readonly id?: string
  readonly idCustomer?: number
  readonly email: string
  readonly givenName?: string
  readonly familyName?: string
  readonly locale?: string
  readonly allowsSupport?: boolean
  /** Absent where somebody else vouches for who signs in. */
  readonly password?: StoredPassword
  /** Nobody has shown that the address is theirs. */
  readonly isUnconfirmed?: boolean
}

export type RegistrationRows = ReturnType<typeof createRegistrationRows>

/** What registration writes about customers. */
export function createRegistrationRows({ knex }: { readonly knex: Knex }) {
  async function insert({
    email,
    givenName,
    familyName,
    locale,
    allowsSupport = false,
    password,
    isUnconfirmed = false,
    ...chosen
  }: NewCustomer) {
    const { id = randomUUID(), idCustomer } = chosen
    const rows = await knex('customers')
      .insert({
        id,
        ...(idCustomer !== undefined && { id_customer: idCustomer }),
        customer_reference: id,
        email,
        email_normalized: normalizeEmail(email),
        email_verified: !isUnconfirmed,
        given_name: givenName ?? null,
        family_name: familyName ?? null,
        locale: locale ?? null,
        allows_support: allowsSupport,
        ...(password && { ...passwordColumns(password), password_changed_at: knex.fn.now() }),
      })
      .onConflict()
      .ignore()
      .returning('id')
    return rows.length === 1 ? id : undefined
  }

  return {
    /** Adds a customer; undefined when the address has an owner by now. */
    async add(customer: NewCustomer): Promise<string | undefined> {
      if (await isTakenInOtherForm(knex, 'customers', customer.email)) return undefined
      const { idCustomer, ...others } = customer
      if (idCustomer === undefined) return insert(customer)
      // An import may have given the reserved number to somebody else meanwhile: then the customer gets another.
      return (await insert(customer)) ?? (await insert(others))
    },

    /** A number for a customer who may come to be; it is given to nobody else. */
    async reserveNumber(): Promise<number> {
      const { rows } = await knex.raw<{ rows: { number: string | number }[] }>(
        "select nextval('customers_id_customer_seq') as number",
      )
      return Number(rows[0]?.number)
    },

    /** Gives the customer another address, which was proved, and keeps what undoes it; undefined when it has an owner by now. */
    async moveEmail(id: string, email: string): Promise<EmailChange | undefined> {
      try {
        return await knex.transaction(async (transaction) => {
          const before = await transaction('customers')
            .where({ id, status: 'active' })
            .forUpdate()
            .first<{ email: string; email_verified: boolean } | undefined>('email', 'email_verified')
          if (!before || (await isTakenInOtherForm(transaction, 'customers', email, id))) return undefined
          await transaction('customers')
            .where({ id })
            .update({
              email,
              email_normalized: normalizeEmail(email),
              email_verified: true,
              updated_at: transaction.fn.now(),
            })
          const former = { customerId: id, email: before.email, emailVerified: before.email_verified }
          return (await recordEmailChanges(transaction, [former]))[0]
        })
      } catch (error) {
        if (codeOf(error) !== UNIQUE_VIOLATION) throw error
        return undefined
      }
    },

    /** Marks the address confirmed, if it still is the customer's. */
    async confirmEmail(id: string, email: string): Promise<boolean> {
      const changed = await knex('customers')
        .where({ id, status: 'active' })
        .whereIn('email_normalized', storedForms(email))
        .update({ email_verified: true, updated_at: knex.fn.now() })
      return changed === 1
    },
  }
}

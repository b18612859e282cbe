import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail, storedForms } from '../../credentials/email.ts'
import { isTakenInOtherForm } from '../../credentials/email-rows.ts'
import { passwordColumns } from '../../credentials/password-columns.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'

/** A customer who proved their address. */
export type NewCustomer = {
  readonly email: string
  readonly givenName: string
  readonly familyName: string
  readonly locale?: string
  readonly password: StoredPassword
}

export type RegistrationRows = ReturnType<typeof createRegistrationRows>

/** What registration writes about customers. */
export function createRegistrationRows({ knex }: { readonly knex: Knex }) {
  return {
    /** Adds a confirmed customer; undefined when the address has an owner by now. */
    async add({ email, givenName, familyName, locale, password }: NewCustomer): Promise<string | undefined> {
      if (await isTakenInOtherForm(knex, 'customers', email)) return undefined
      const id = randomUUID()
      const rows = await knex('customers')
        .insert({
          id,
          customer_reference: id,
          email,
          email_normalized: normalizeEmail(email),
          email_verified: true,
          given_name: givenName,
          family_name: familyName,
          locale: locale ?? null,
          ...passwordColumns(password),
          password_changed_at: knex.fn.now(),
        })
        .onConflict('email_normalized')
        .ignore()
        .returning('id')
      return rows.length === 1 ? id : undefined
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

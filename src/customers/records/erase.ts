import type { Knex } from 'knex'
import type { TellChanged } from '../recent-customers.ts'

export type EraseDeps = {
  readonly knex: Knex
  /** Ends every session and token of the customer. */
  readonly revoke: (customerId: string) => Promise<void>
  readonly tellChanged?: TellChanged
  /** Asked within the transaction; false leaves everything as it is, and the answer is `unknown`. */
  readonly claim?: (transaction: Knex, customerId: string) => Promise<boolean>
}

export type Erasure = { readonly outcome: 'erased'; readonly customerId: string } | { readonly outcome: 'unknown' }

/**
 * Forgets a person and keeps the account's skeleton: id and reference stay, so that audit entries and the shop's
 * orders still point at something and an import does not bring the person back (GDPR Art. 17). May be repeated: it
 * revokes again.
 */
export async function eraseCustomer(
  { knex, revoke, tellChanged, claim }: EraseDeps,
  customerReference: string,
): Promise<Erasure> {
  const customer = await knex('customers').where({ customer_reference: customerReference }).first<{ id: string }>('id')
  if (!customer) return { outcome: 'unknown' }
  const address = `erased-${customer.id}@erased.invalid`
  const isClaimed = await knex.transaction(async (transaction) => {
    if (claim && !(await claim(transaction, customer.id))) return false
    await transaction('company_users').where({ customer_id: customer.id }).delete()
    await transaction('passkeys').where({ customer_id: customer.id }).delete()
    await transaction('registration_keys').where({ customer_id: customer.id }).delete()
    await transaction('customer_email_changes').where({ customer_id: customer.id }).delete()
    await transaction('account_deletions').where({ customer_id: customer.id }).delete()
    for (const name of ['customer_second_factors', 'customer_recovery_codes', 'customer_remembered_devices'])
      await transaction(name).where({ customer_id: customer.id }).delete()
    await transaction('purchase_mandates').where({ customer_id: customer.id }).delete()
    await transaction('customer_upstream_links').where({ customer_id: customer.id }).delete()
    await transaction('support_accesses').where({ customer_id: customer.id }).update({ reason: null })
    await transaction('customers')
      .where({ id: customer.id })
      .update({
        status: 'anonymised',
        email: address,
        email_normalized: address,
        email_verified: false,
        given_name: null,
        family_name: null,
        locale: null,
        allows_support: false,
        password_scheme: null,
        password_hash: null,
        password_salt: null,
        password_fingerprint: null,
        password_change_required: false,
        erased_at: knex.raw('coalesce(erased_at, now())'),
        updated_at: knex.fn.now(),
      })
    return true
  })
  if (!isClaimed) return { outcome: 'unknown' }
  await tellChanged?.(customer.id)
  await revoke(customer.id)
  return { outcome: 'erased', customerId: customer.id }
}

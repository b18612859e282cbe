import type { Customer } from '../../customers/customer.ts'
import type { Account, AccountRecord } from '../own-account.ts'

/** What somebody registered, as a record: its first version, of now. */
export function newRecord(account: Account, emailVerified: boolean): ToldRecord {
  const now = new Date()
  return { customer: { ...account, emailVerified }, version: 1, createdAt: now, changedAt: now }
}

export type ToldRecord = Omit<AccountRecord, 'customer'> & {
  readonly customer: Account & Pick<Customer, 'emailVerified'>
}

/** A customer in the shop's words. Addresses, stores and groups are the shop's, and empty here. */
export function customerObject({ customer, version, createdAt, changedAt }: ToldRecord): object {
  const { id, email, givenName, familyName, locale, emailVerified } = customer
  return {
    id,
    version,
    createdAt: createdAt.toISOString(),
    lastModifiedAt: changedAt.toISOString(),
    email,
    ...(givenName !== undefined && { firstName: givenName }),
    ...(familyName !== undefined && { lastName: familyName }),
    ...(locale !== undefined && { locale: locale.replaceAll('_', '-') }),
    isEmailVerified: emailVerified,
    addresses: [],
    shippingAddressIds: [],
    billingAddressIds: [],
    stores: [],
    customerGroupAssignments: [],
    authenticationMode: 'Password',
  }
}

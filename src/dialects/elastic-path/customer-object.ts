import { fullName } from '../../customers/customer.ts'
import type { Account, AccountRecord } from '../own-account.ts'

type Times = Pick<AccountRecord, 'createdAt' | 'changedAt'>

/** A customer in the shop's words. Every customer has a password, or gets one by mail. */
export function customerObject(
  customer: Pick<Account, 'id' | 'email' | 'givenName' | 'familyName'>,
  times?: Times,
): object {
  const { id, email } = customer
  const timestamps = times && { created_at: instant(times.createdAt), updated_at: instant(times.changedAt) }
  const name = fullName(customer) ?? email
  return { type: 'customer', id, name, email, password: true, ...(timestamps && { meta: { timestamps } }) }
}

/** To the second, as the shop writes it. */
function instant(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The shop has one name: the first word is the given name here. Null removes a family name that was there before. */
export function namesOf(name: string): { readonly givenName: string; readonly familyName: string | null } {
  const [givenName = '', ...rest] = name.trim().split(/\s+/)
  return { givenName, familyName: rest.join(' ') || null }
}

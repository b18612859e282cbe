import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { typedText } from '../person-name.ts'
import type { RegistrationRows } from '../recovery/registration-rows.ts'
import type { AccountMember, NewAccount, Unavailable } from './outcomes.ts'
import { invalidMembers } from './register-customer.ts'

export type VouchedAccount = Omit<NewAccount, 'password'>

export type VouchedCustomer =
  | { readonly outcome: 'found' | 'made'; readonly customer: Customer }
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  /** There is an account, and its address is not confirmed. */
  | { readonly outcome: 'unconfirmed' }
  /** The account is blocked, or was erased meanwhile. */
  | { readonly outcome: 'refused' }
  | Unavailable

type VouchedDeps = {
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly rows: Pick<RegistrationRows, 'add'>
}

/** Finds or makes the customer whom somebody else has signed in. What is there already stays as it is. */
export function createVouchedCustomers({ directory, rows }: VouchedDeps) {
  return async function findOrMakeVouched(account: VouchedAccount): Promise<VouchedCustomer> {
    const { email, givenName, familyName, locale, allowsSupport } = account
    const invalid = invalidMembers(account)
    if (invalid.length > 0) return { outcome: 'invalid', members: invalid }
    const known = await find(email, 'found')
    if (known) return known
    // Of two at once the second adds nothing, and finds what the first made.
    const id = await rows.add({
      email: typedText(email),
      ...(givenName !== undefined && { givenName: typedText(givenName) }),
      ...(familyName !== undefined && { familyName: typedText(familyName) }),
      ...(locale !== undefined && { locale }),
      ...(allowsSupport !== undefined && { allowsSupport }),
    })
    return (await find(email, id === undefined ? 'found' : 'made')) ?? { outcome: 'refused' }
  }

  async function find(email: string, outcome: 'found' | 'made'): Promise<VouchedCustomer | undefined> {
    const customer = (await directory.findByLogin(typedText(email)))?.customer
    if (!customer) return undefined
    if (customer.status !== 'active') return { outcome: 'refused' }
    return customer.emailVerified ? { outcome, customer } : { outcome: 'unconfirmed' }
  }
}

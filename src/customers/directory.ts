import type { StoredPassword } from '../credentials/stored-password.ts'
import type { Customer } from './customer.ts'

export type CustomerWithPassword = {
  readonly customer: Customer
  readonly password?: StoredPassword
  /** The password breaks the policy, or an operator asks for another one. */
  readonly passwordChangeRequired?: boolean
  /** Counts up whenever password, e-mail address or status change; absent where the source does not count. */
  readonly generation?: number
}

/** Where customers are kept. One source is one file in this folder. */
export interface Directory {
  findById(id: string): Promise<Customer | undefined>
  findByReference(customerReference: string): Promise<Customer | undefined>
  /** Finds by e-mail, without regard to case. */
  findByLogin(login: string): Promise<CustomerWithPassword | undefined>
  /** The same by id, with what a proof is measured by. */
  findCredentials(id: string): Promise<CustomerWithPassword | undefined>
  /**
   * Stores a new password and when it changed. It signs nothing out: the caller ends the sign-ins, and says by `endsSignIns` that it
   * will, so that they end if it dies before. False, with nothing stored, when the credentials are no longer of `generation`. `by` is
   * who sets it, where it is not the customer.
   */
  setPassword(
    id: string,
    password: StoredPassword,
    options?: { readonly generation?: number; readonly endsSignIns?: boolean; readonly by?: string | undefined },
  ): Promise<boolean>
  /** The same password under another scheme. Does nothing when `current` is no longer what is stored. */
  replaceHash(id: string, current: StoredPassword, next: StoredPassword): Promise<void>
  /** Remembers that the password breaks the policy, so that the next page asks for another. */
  requirePasswordChange(id: string): Promise<void>
}

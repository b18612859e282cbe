import type { Customer } from '../customers/customer.ts'
import type { AccountRecord, CustomerKey } from '../customers/self-service/account-record.ts'
import type {
  ErasedSelf,
  PasswordChanged,
  PasswordSet,
  ProfileChanged,
  Unavailable,
} from '../customers/self-service/outcomes.ts'
import type { OwnProfile, SelfService } from '../customers/self-service/self-service.ts'

/** Where a request comes from; `clientId` is the client that the dialect acts for. */
export type Origin = { readonly ip: string; readonly languages: readonly string[]; readonly clientId: string }

/**
 * What a service of the shop does to customers it names, by a token of its own. It may set the password of any customer: the dialect
 * looks at the token's scope or client first. The audit trail names the client.
 */
export type ManagedAccounts = {
  find(key: CustomerKey): Promise<AccountRecord | undefined>
  /** The service shows the customer's current password; a wrong one counts as at a sign-in. */
  changePassword(
    customer: Customer,
    passwords: { readonly current: string; readonly next: string },
  ): Promise<PasswordChanged>
  setPassword(customer: Customer, password: string): Promise<PasswordSet>
  changeProfile(customerId: string, profile: OwnProfile): Promise<ProfileChanged>
  erase(customer: Customer): Promise<ErasedSelf>
  /** A key for `resetPassword`, which the service mails. */
  issueResetKey(customer: Customer, ttlSeconds: number): Promise<string | Unavailable>
  /** A key for `confirm`. */
  issueConfirmationKey(customer: Customer, ttlSeconds: number): Promise<string | Unavailable>
}

/** Binds the service to the client of one request. */
export function createManagedAccounts(selfService: SelfService, context: Origin): ManagedAccounts {
  const by = `client ${context.clientId}`
  return {
    find: selfService.find,
    changePassword: (customer, passwords) => selfService.changePassword(customer, passwords, context),
    setPassword: (customer, password) => selfService.setPassword(customer, password, { ...context, by }),
    changeProfile: (customerId, profile) => selfService.changeProfile(customerId, profile, by),
    erase: (customer) => selfService.erase(customer, by),
    issueResetKey: (customer, ttlSeconds) => selfService.issueResetKey(customer, ttlSeconds, by),
    issueConfirmationKey: selfService.issueConfirmationKey,
  }
}

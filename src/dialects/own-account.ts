import type { Customer } from '../customers/customer.ts'
import type { AccountRecord } from '../customers/self-service/account-record.ts'
import type { CustomerName, CustomerQuery, FoundCustomers } from '../customers/self-service/find-customers.ts'
import type {
  Account,
  EmailChanged,
  ErasedSelf,
  LetterRequested,
  NewAccount,
  PasswordChanged,
  PasswordChecked,
  PasswordReset,
  PasswordSet,
  ProfileChanged,
  Registered,
  Unavailable,
} from '../customers/self-service/outcomes.ts'
import type { OwnProfile, SelfService } from '../customers/self-service/self-service.ts'
import type { NewPasswordByKey } from '../customers/self-service/set-own-password.ts'
import type { VouchedAccount, VouchedCustomer } from '../customers/self-service/vouched-customers.ts'
import { agentAccountId } from '../oauth/accounts/agent-account.ts'
import type { Caller } from '../oauth/tokens/callers.ts'
import { createManagedAccounts, type ManagedAccounts, type Origin } from './managed-accounts.ts'

export type { Account, AccountRecord, Unavailable }

/** The token is no customer's own: an agent's who acts for the customer, or a client's. */
export type NotOwn = { readonly outcome: 'not-own' }

/**
 * What customers do to their own accounts, as `SelfService` says, from where this request comes. Whoever changes something
 * shows a token of their own (`services.findCaller`): that of an agent who acts for the customer is refused.
 */
export type OwnAccount = Pick<SelfService, 'confirm' | 'isResetKey' | 'issueResetKey' | 'issueConfirmationKey'> & {
  register(account: NewAccount): Promise<Registered>
  isAddressFree(email: string): ReturnType<SelfService['isAddressFree']>
  requestConfirmation(login: string): Promise<LetterRequested>
  /** As the database has the customer now, for a caller who proved to be them; undefined where the shop keeps its customers. */
  find(customerId: string): Promise<AccountRecord | undefined>
  checkPassword(login: string, password: string): Promise<PasswordChecked>
  changePassword(
    caller: Caller,
    passwords: { readonly current: string; readonly next: string },
  ): Promise<PasswordChanged | NotOwn>
  /** Without the current password: the dialect sees to it that the token is fresh. */
  setPassword(caller: Caller, password: string): Promise<PasswordSet | NotOwn>
  requestPasswordReset(login: string): Promise<LetterRequested>
  resetPassword(newPassword: NewPasswordByKey): Promise<PasswordReset>
  changeEmail(
    caller: Caller,
    next: { readonly email: string; readonly password: string },
  ): Promise<EmailChanged | NotOwn>
  changeProfile(caller: Caller, profile: OwnProfile): Promise<ProfileChanged | NotOwn>
  erase(caller: Caller): Promise<ErasedSelf | NotOwn>
  /** By an agent's own token. */
  searchCustomers(caller: Caller, query: CustomerQuery): Promise<FoundCustomers | NotOwn | Unavailable>
  /** One customer, by an agent's own token. */
  findNamed(caller: Caller, named: CustomerName): Promise<Customer | NotOwn | Unavailable | undefined>
  /** By a client's own token with this scope: the customer whom the client has signed in, made where there is none. */
  findOrMakeVouched(caller: Caller, scope: string, account: VouchedAccount): Promise<VouchedCustomer | NotOwn>
  /** What a service of the shop does to any customer by its own token; undefined for every other token. */
  managedBy(caller: Caller): ManagedAccounts | undefined
}

const NOT_OWN: NotOwn = { outcome: 'not-own' }

/** Binds the service to one request. */
export function createOwnAccount(selfService: SelfService, { clientId, ...asker }: Origin): OwnAccount {
  const contextOf = (caller?: Caller): Origin => ({ ...asker, clientId: caller?.clientId ?? clientId })
  return {
    confirm: selfService.confirm,
    isResetKey: selfService.isResetKey,
    issueResetKey: selfService.issueResetKey,
    issueConfirmationKey: selfService.issueConfirmationKey,
    register: (account) => selfService.register(account, asker),
    isAddressFree: (email) => selfService.isAddressFree(email, asker),
    requestConfirmation: (login) => selfService.requestConfirmation(login, asker),
    requestPasswordReset: (login) => selfService.requestPasswordReset(login, asker),
    resetPassword: (newPassword) => selfService.resetPassword(newPassword, contextOf()),
    find: (id) => selfService.find({ id }),
    checkPassword: (login, password) => selfService.checkPassword(login, password, contextOf()),
    async setPassword(caller, password) {
      const customer = ownCustomer(caller)
      return customer ? selfService.setPassword(customer, password, contextOf(caller)) : NOT_OWN
    },
    managedBy: (caller) =>
      caller.kind === 'client' ? createManagedAccounts(selfService, contextOf(caller)) : undefined,
    async changePassword(caller, passwords) {
      const customer = ownCustomer(caller)
      return customer ? selfService.changePassword(customer, passwords, contextOf(caller)) : NOT_OWN
    },
    async changeEmail(caller, next) {
      const customer = ownCustomer(caller)
      return customer ? selfService.changeEmail(customer, next, contextOf(caller)) : NOT_OWN
    },
    async changeProfile(caller, profile) {
      const customer = ownCustomer(caller)
      return customer ? selfService.changeProfile(customer.id, profile) : NOT_OWN
    },
    async erase(caller) {
      const customer = ownCustomer(caller)
      return customer ? selfService.erase(customer) : NOT_OWN
    },
    async searchCustomers({ kind, agent }, query) {
      return kind === 'agent' && agent ? selfService.search(query, agentAccountId(agent.id)) : NOT_OWN
    },
    async findNamed({ kind }, named) {
      return kind === 'agent' ? selfService.findNamed(named) : NOT_OWN
    },
    async findOrMakeVouched({ kind, scopes }, scope, account) {
      return kind === 'client' && scopes.includes(scope) ? selfService.findOrMakeVouched(account) : NOT_OWN
    },
  }
}

/** The customer whose own token it is. */
function ownCustomer({ kind, customer, isActedFor }: Caller) {
  return kind === 'customer' && !isActedFor ? customer : undefined
}

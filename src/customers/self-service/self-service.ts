import type { Knex } from 'knex'
import type { LoginContext } from '../../credentials/lockout/lockout.ts'
import { revisionOf } from '../../database/revision.ts'
import type { Authenticate } from '../authenticate.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { typedText } from '../person-name.ts'
import type { Proofs } from '../proof.ts'
import type { TellChanged } from '../recent-customers.ts'
import type { CustomerChange, CustomerRecords } from '../records/customer-records.ts'
import { eraseCustomer } from '../records/erase.ts'
import type { Asker } from '../recovery/recovery-letters.ts'
import type { RecoveryServices } from '../recovery/recovery-services.ts'
import type { RegistrationKeys } from '../recovery/registration-keys.ts'
import { type AccountRecord, type CustomerKey, createFindAccount } from './account-record.ts'
import { createChangeOwnEmail } from './change-own-email.ts'
import { createCheckPassword } from './check-password.ts'
import {
  type CustomerName,
  type CustomerQuery,
  createFindCustomers,
  type FoundCustomers,
  findIdByNumber,
} from './find-customers.ts'
import {
  type EmailChanged,
  type ErasedSelf,
  type LetterRequested,
  type NewAccount,
  type PasswordChanged,
  type PasswordChecked,
  type PasswordReset,
  type PasswordSet,
  type ProfileChanged,
  type Registered,
  type Unavailable,
  unavailable,
} from './outcomes.ts'
import { createRegisterCustomer, invalidMembers } from './register-customer.ts'
import { createSetOwnPassword, type NewPasswordByKey, type PasswordContext } from './set-own-password.ts'
import { createVouchedCustomers, type VouchedAccount, type VouchedCustomer } from './vouched-customers.ts'

/** What customers may change about themselves. An e-mail address is changed by other means: it must be proved first. */
export type OwnProfile = Omit<CustomerChange, 'email'>

/**
 * What customers do to their own accounts without a page of ours, for the endpoints of shops. The password policy, the
 * lockout, the budgets for mail, the letters and the audit entries are those of the hosted pages. Whatever cannot be done
 * here answers `unavailable`.
 */
export type SelfService = {
  register(account: NewAccount, asker: Asker): Promise<Registered>
  /**
   * Whether a registration with this address would be `taken`. Where addresses are confirmed it never is, whoever has the
   * address: then the answer is always yes.
   */
  isAddressFree(email: string, asker: Asker): Promise<boolean | Exclude<LetterRequested, { outcome: 'requested' }>>
  /** Mails another key to a customer whose address is not confirmed. */
  requestConfirmation(login: string, asker: Asker): Promise<LetterRequested>
  /**
   * Confirms an address by a key: of a letter of ours, or one that `registration-key` made. The customer, once. With `email` only
   * a key for that address.
   */
  confirm(key: string, email?: string): Promise<Customer | undefined>
  /** Undefined where the shop keeps its customers. The caller must have checked that it may see the customer: no token is looked at here. */
  find(key: CustomerKey): Promise<AccountRecord | undefined>
  /** The check of a sign-in, with its lockout, where nobody is signed in. */
  checkPassword(login: string, password: string, context: LoginContext): Promise<PasswordChecked>
  /** With the current password. Ends everything that was granted to the customer until now. */
  changePassword(
    customer: Pick<Customer, 'id' | 'email'>,
    passwords: { readonly current: string; readonly next: string },
    context: PasswordContext,
  ): Promise<PasswordChanged>
  /** Without the current password, for who has proved more than a token: ends everything that was granted until now. */
  setPassword(customer: Customer, password: string, context: PasswordContext & SetBy): Promise<PasswordSet>
  /** Mails a key for `resetPassword` to the customer with this login, if there is one. */
  requestPasswordReset(login: string, asker: Asker): Promise<LetterRequested>
  /** Whether `key` would reset the password of the customer with this address now. Nothing is used up. */
  isResetKey(key: string, email: string): Promise<boolean>
  /**
   * The customer with an address that somebody else vouches for, who never has a password of theirs here unless they set one;
   * made where there is none. One whose address is not confirmed is refused: a stranger may have made the account.
   */
  findOrMakeVouched(account: VouchedAccount): Promise<VouchedCustomer>
  /** For agents, who know customers by their number or their address. */
  findNamed(named: CustomerName): Promise<Customer | undefined | Unavailable>
  /** Ends everything that was granted to the customer until now. */
  resetPassword(newPassword: NewPasswordByKey, context: PasswordContext): Promise<PasswordReset>
  /**
   * A key for `resetPassword` in the hands of the caller, who mails it: for endpoints of shops that answer with one. Who has
   * it can sign in as the customer, so ask for a scope that only the shop's own services have.
   */
  issueResetKey(customer: Customer, ttlSeconds: number, by?: string): Promise<string | Unavailable>
  /** The same for `confirm`; good for 30 days unless said. */
  issueConfirmationKey(customer: Customer, ttlSeconds?: number): Promise<string | Unavailable>
  /** With the password. Nothing that was granted ends. */
  changeEmail(
    customer: Pick<Customer, 'id' | 'email'>,
    next: { readonly email: string; readonly password: string },
    context: PasswordContext,
  ): Promise<EmailChanged>
  /** Null removes a value, and what is absent stays. `by` is who changes it, unless it is the customer. */
  changeProfile(customerId: string, profile: OwnProfile, by?: string): Promise<ProfileChanged>
  /** Forgets the person, and ends everything that was granted. */
  erase(customer: Pick<Customer, 'id' | 'customerReference'>, by?: string): Promise<ErasedSelf>
  /** For agents only; `agent` is who asks, as in the audit trail. */
  search(query: CustomerQuery, agent: string): Promise<FoundCustomers | Unavailable>
}

/** Who sets the password, as the audit trail names them; the customer unless given. */
export type SetBy = { readonly by?: string | undefined }

/** What a customer, or an agent, did: for the audit trail. */
export type SelfServiceNote =
  | {
      readonly type: 'customer.changed' | 'customer.erased' | 'password.reset-requested'
      readonly customerId: string
      readonly reason: string
    }
  | { readonly type: 'customers.searched'; readonly actor: string; readonly reason: string }

export type SelfServiceDeps = {
  readonly knex: Knex
  readonly directory: Pick<Directory, 'findByLogin' | 'findById'>
  readonly records: Pick<CustomerRecords, 'find' | 'change'>
  readonly recovery: RecoveryServices
  readonly registrationKeys: RegistrationKeys
  readonly tellChanged: TellChanged
  readonly proofs: Pick<Proofs, 'make'>
  /** The check of a sign-in, with its lockout and its audit entries. */
  readonly authenticate: Authenticate
  /** The same, where the trail says that nobody was signed in. */
  readonly checkLogin: Authenticate
  readonly endSignIns: (customerId: string) => Promise<void>
  readonly note: (note: SelfServiceNote) => void
  readonly isRegistrationOpen: boolean
  readonly needsConfirmation: boolean
  readonly canMail: boolean
  /** Pages of the shop to which letters lead, with `{key}`; our own pages unless given. */
  readonly confirmationPage: string | undefined
  readonly resetPage: string | undefined
}

/** For the customers of our own tables. */
export function createSelfService(deps: SelfServiceDeps): SelfService {
  const { directory, recovery, registrationKeys, records, note, needsConfirmation, canMail, confirmationPage } = deps
  const { budgets, registration } = recovery
  const registerCustomer = createRegisterCustomer({ ...recovery, needsConfirmation, confirmationPage })
  const passwords = createSetOwnPassword({ ...deps, ...recovery })
  const search = createFindCustomers(deps)

  return {
    async register(account, asker) {
      if (!deps.isRegistrationOpen) return unavailable('registration-closed')
      if (needsConfirmation && !canMail) return unavailable('no-mail')
      return registerCustomer(account, asker)
    },

    async isAddressFree(email, asker) {
      if (!deps.isRegistrationOpen) return unavailable('registration-closed')
      const retryAfterSeconds = await budgets.takeForPlace(asker.ip)
      if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
      return needsConfirmation || (await directory.findByLogin(email)) === undefined
    },

    async requestConfirmation(login, asker) {
      if (!canMail) return unavailable('no-mail')
      const retryAfterSeconds = await budgets.takeForPlace(asker.ip)
      if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
      registration.requestConfirmation(login.trim(), { ...asker, shopPage: confirmationPage })
      return { outcome: 'requested' }
    },

    async confirm(key, email) {
      const id = (await registrationKeys.confirm(key, email)) ?? (await registration.confirmByKey(key, email))
      return id === undefined ? undefined : directory.findById(id)
    },

    find: createFindAccount(deps),
    checkPassword: createCheckPassword(deps),

    changePassword: passwords.change,
    setPassword: passwords.set,
    requestPasswordReset: async (login, asker) => (canMail ? passwords.request(login, asker) : unavailable('no-mail')),
    resetPassword: passwords.reset,
    changeEmail: createChangeOwnEmail({ ...deps, ...recovery }),
    isResetKey: async (key, email) => (await recovery.recovery.findFor(key, email)) !== undefined,
    findOrMakeVouched: createVouchedCustomers({ directory, rows: recovery.rows }),
    async findNamed(named) {
      if ('email' in named) return (await directory.findByLogin(named.email))?.customer
      const id = await findIdByNumber(deps, named.idCustomer)
      return id === undefined ? undefined : directory.findById(id)
    },
    async issueResetKey(customer, ttlSeconds, by) {
      const key = await recovery.recovery.issueKey(customer, ttlSeconds)
      if (by) note({ type: 'password.reset-requested', customerId: customer.id, reason: `a key, for ${by}` })
      return key
    },
    issueConfirmationKey: ({ id }, ttlSeconds) =>
      registrationKeys.issue(id, ttlSeconds === undefined ? {} : { ttlSeconds }),

    async changeProfile(customerId, profile, by = THE_CUSTOMER) {
      const members = tidy(profile)
      const invalid = invalidMembers(members)
      if (invalid.length > 0) return { outcome: 'invalid', members: invalid }
      const changed = await records.change(customerId, ANY_REVISION, members)
      if (changed.outcome !== 'changed') return { outcome: 'unknown' }
      if (revisionOf(changed.before) !== revisionOf(changed.now))
        note({ type: 'customer.changed', customerId, reason: `by ${by}: ${Object.keys(members).join(', ')}` })
      return { outcome: 'changed', customer: changed.now }
    },

    async erase({ customerReference }, by = THE_CUSTOMER) {
      const { knex, tellChanged, endSignIns: revoke } = deps
      const erased = await eraseCustomer({ knex, tellChanged, revoke }, customerReference)
      if (erased.outcome === 'unknown') return erased
      note({ type: 'customer.erased', customerId: erased.customerId, reason: `by ${by}` })
      return { outcome: 'erased' }
    },

    async search(query, agent) {
      const found = await search(query)
      note({ type: 'customers.searched', actor: agent, reason: `${found.total} found` })
      return found
    },
  }
}

const THE_CUSTOMER = 'the customer'
/** A customer's own change knows no revision: the last one stands. */
const ANY_REVISION = '*'

/** Names as they are kept; members that were not given are absent. */
function tidy({ givenName, familyName, locale, allowsSupport }: OwnProfile): OwnProfile {
  const name = (text: string | null) => text && typedText(text)
  return {
    ...(givenName !== undefined && { givenName: name(givenName) }),
    ...(familyName !== undefined && { familyName: name(familyName) }),
    ...(locale !== undefined && { locale }),
    ...(allowsSupport !== undefined && { allowsSupport }),
  }
}

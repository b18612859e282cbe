import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { Lockout } from '../../credentials/lockout/lockout.ts'
import type { PasswordPolicy } from '../../credentials/password-policy.ts'
import type { Passwords } from '../../credentials/passwords.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import type { Proofs } from '../proof.ts'
import { createEmailChanges, type EmailChanges, type EmailChangesDeps } from './email-changes.ts'
import { createOneTimeLinks } from './one-time-links.ts'
import { createRecovery } from './recovery.ts'
import type { MailBudgets } from './recovery-budgets.ts'
import { createPasswordChange } from './recovery-password-change.ts'
import { createUnblock } from './recovery-unblock.ts'
import { createRegistration } from './registration.ts'
import { createRegistrationRows, type RegistrationRows } from './registration-rows.ts'

export type RecoveryServices = ReturnType<typeof createRecoveryServices>

export type RecoveryServicesDeps = Omit<EmailChangesDeps, 'directory'> & {
  readonly storage: Storage
  readonly directory: Directory
  readonly proofs: Proofs
  readonly passwords: Passwords
  readonly policy: PasswordPolicy
  readonly lockout: Lockout
  readonly budgets: MailBudgets
  /** Ends every session and token of the customer. */
  readonly signOut: (customerId: string) => Promise<void>
  /** Writes a new password into the audit trail; `by` is who set it, the customer unless said. */
  readonly notePassword: (customerId: string, by?: string) => void
  /** Connects the account at a sign-in provider that a registration came from. */
  readonly connect?: (customerId: string, identity: ForeignIdentity) => Promise<unknown>
  /** The owner of a mailbox is about to have the account. */
  readonly onRecovering?: (customer: Customer) => Promise<void>
  /** After a recovery: takes away all passkeys of the customer but these. */
  readonly keepPasskeys?:
    | ((customerId: string, ids: readonly string[], languages: readonly string[]) => Promise<void>)
    | undefined
  /** Told of what customers did to their accounts: for the audit trail. */
  readonly note: (event: AccountEvent, customerId: string) => void
}

export type AccountEvent = 'registered' | 'confirmed' | 'unblocked' | 'recovery-requested'

const TRIES_WINDOW_SECONDS = 86_400

/** Everything by which people get into an account without their password: one set of links, budgets and letters. */
export function createRecoveryServices(deps: RecoveryServicesDeps) {
  const { knex, storage, budgets, lockout, note } = deps
  const links = createOneTimeLinks({ storage })
  const emailChanges = createEmailChanges(deps)
  const rows = noteRows(createRegistrationRows({ knex }), { note, emailChanges })
  const passwordChange = createPasswordChange(deps)
  const { confirmEmail } = rows
  return {
    budgets,
    rows,
    passwordChange,
    emailChanges,
    recovery: createRecovery({
      ...deps,
      links,
      budgets,
      passwordChange,
      lockout,
      confirmEmail,
      onRequested: (customerId) => note('recovery-requested', customerId),
    }),
    unblock: noteUnblocking(createUnblock({ ...deps, links, budgets, lockout }), note),
    registration: createRegistration({
      ...deps,
      passwordChange,
      rows,
      links,
      budgets,
      countTry: (token) => storage.increment(`confirmation:tries:${token}`, TRIES_WINDOW_SECONDS),
    }),
  }
}

type Note = RecoveryServicesDeps['note']

type Told = { readonly note: Note; readonly emailChanges: Pick<EmailChanges, 'announce'> }

function noteRows(rows: RegistrationRows, { note, emailChanges }: Told): RegistrationRows {
  return {
    ...rows,
    async add(customer) {
      const id = await rows.add(customer)
      if (id !== undefined) note('registered', id)
      return id
    },
    async moveEmail(id, email) {
      const change = await rows.moveEmail(id, email)
      if (change) emailChanges.announce(change, 'by the customer')
      return change
    },
    async confirmEmail(id, email) {
      const isConfirmed = await rows.confirmEmail(id, email)
      if (isConfirmed) note('confirmed', id)
      return isConfirmed
    },
  }
}

function noteUnblocking(unblock: ReturnType<typeof createUnblock>, note: Note): ReturnType<typeof createUnblock> {
  return {
    ...unblock,
    async finish(token, contextOf) {
      const customer = await unblock.finish(token, contextOf)
      if (customer) note('unblocked', customer.id)
      return customer
    },
  }
}

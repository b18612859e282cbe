import type { AuditEventType } from '../../audit/events.ts'
import type { AuditTrail } from '../../audit/trail.ts'
import type { TellChanged } from '../../customers/recent-customers.ts'
import type { PostLetter } from '../../customers/recovery/recovery-letters.ts'
import {
  type AccountEvent,
  createRecoveryServices,
  type RecoveryServices,
  type RecoveryServicesDeps,
} from '../../customers/recovery/recovery-services.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { Backends } from '../backends.ts'

export type RecoveryBackends = Pick<
  Backends,
  'branding' | 'database' | 'storage' | 'passwords' | 'passwordPolicy' | 'mailer' | 'auditTrail'
>

export type RecoveryDeps = Pick<
  RecoveryServicesDeps,
  'directory' | 'proofs' | 'budgets' | 'lockout' | 'postLetter' | 'connect' | 'onRecovering' | 'keepPasskeys'
> & {
  readonly endSignIn: EndSignIn
  readonly tellChanged: TellChanged
}

/** The ways into an account without its password, with their letters, their sign-outs and their audit entries. */
export function createRecovery(
  { database, storage, passwords, passwordPolicy: policy, auditTrail }: RecoveryBackends,
  { endSignIn, tellChanged, ...services }: RecoveryDeps,
): RecoveryServices {
  return createRecoveryServices({
    ...services,
    knex: database.knex,
    storage,
    passwords,
    policy,
    notePassword: (customerId, by = 'the customer') =>
      auditTrail.append({ type: 'password.changed', customerId, reason: `by ${by}` }),
    signOut: (id) => endSignIn({ what: { of: 'customer', id }, why: 'password-changed' }),
    endSignIns: (id) => endSignIn({ what: { of: 'customer', id }, why: 'email-changed' }),
    noteEmailChange({ customerId, reason, by }) {
      void tellChanged(customerId)
      auditTrail.append({ type: 'customer.email-changed', customerId, reason, ...(by !== undefined && { actor: by }) })
    },
    note: noteAccountEvents(auditTrail, tellChanged),
  })
}

/** Writes letters to customers and hands them to the mailer. */
export function createPostLetter({ writeLetter }: Backends['branding'], mailer: Backends['mailer']): PostLetter {
  return (write) =>
    mailer.post(async () => {
      const letter = await write()
      return letter && writeLetter(letter)
    })
}

const ACCOUNT_EVENTS = {
  registered: 'customer.registered',
  confirmed: 'customer.registered',
  unblocked: 'lockout.lifted',
  'recovery-requested': 'password.reset-requested',
} as const satisfies Record<AccountEvent, AuditEventType>

/** Writes what customers did to their accounts into the audit trail, and has it seen at once. */
export function noteAccountEvents({ append }: Pick<AuditTrail, 'append'>, tellChanged: TellChanged) {
  return (event: AccountEvent, customerId: string) => {
    void tellChanged(customerId)
    append({ type: ACCOUNT_EVENTS[event], customerId, reason: event })
  }
}

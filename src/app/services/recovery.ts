import type { AuditEventType } from '../../audit/events.ts'
import type { AuditTrail } from '../../audit/trail.ts'
import type { Config } from '../../config.ts'
import type { TellChanged } from '../../customers/recent-customers.ts'
import {
  type AccountEvent,
  createRecoveryServices,
  type RecoveryServices,
  type RecoveryServicesDeps,
} from '../../customers/recovery/recovery-services.ts'
import { createLetters } from '../../interaction/letters.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { Backends } from '../backends.ts'

export type RecoveryBackends = Pick<
  Backends,
  'database' | 'storage' | 'passwords' | 'passwordPolicy' | 'mailer' | 'auditTrail'
>

export type RecoveryDeps = Pick<RecoveryServicesDeps, 'directory' | 'proofs' | 'budgets' | 'lockout'> & {
  readonly endSignIn: EndSignIn
  readonly tellChanged: TellChanged
}

/** The ways into an account without its password, with their letters, their sign-outs and their audit entries. */
export function createRecovery(
  { ISSUER: issuer }: Pick<Config, 'ISSUER'>,
  { database, storage, passwords, passwordPolicy: policy, mailer, auditTrail }: RecoveryBackends,
  { endSignIn, tellChanged, ...services }: RecoveryDeps,
): RecoveryServices {
  const writeLetter = createLetters({ issuer })
  return createRecoveryServices({
    ...services,
    knex: database.knex,
    storage,
    passwords,
    policy,
    signOut: async (customerId, by = 'the customer') => {
      auditTrail.append({ type: 'password.changed', customerId, reason: `by ${by}` })
      await endSignIn({ what: { of: 'customer', id: customerId }, why: 'password-changed' })
    },
    endSignIns: (id) => endSignIn({ what: { of: 'customer', id }, why: 'email-changed' }),
    noteEmailChange({ customerId, reason, by }) {
      void tellChanged(customerId)
      auditTrail.append({ type: 'customer.email-changed', customerId, reason, ...(by !== undefined && { actor: by }) })
    },
    note: noteAccountEvents(auditTrail, tellChanged),
    postLetter: (write) =>
      mailer.post(async () => {
        const letter = await write()
        return letter && writeLetter(letter)
      }),
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

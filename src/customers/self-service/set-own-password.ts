import { normalizeEmail } from '../../credentials/email.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import type { LoginContext } from '../../credentials/lockout/lockout.ts'
import type { Authenticate } from '../authenticate.ts'
import type { Customer } from '../customer.ts'
import type { Proofs } from '../proof.ts'
import type { Asker } from '../recovery/recovery-letters.ts'
import type { RecoveryServices } from '../recovery/recovery-services.ts'
import type { LetterRequested, PasswordChanged, PasswordReset, PasswordSet } from './outcomes.ts'

export type SetOwnPasswordDeps = Pick<RecoveryServices, 'budgets' | 'passwordChange' | 'recovery'> & {
  readonly proofs: Pick<Proofs, 'make'>
  /** The check of a sign-in, with its lockout and its audit entries. */
  readonly authenticate: Authenticate
  /** To which a letter leads; our own page unless given. */
  readonly resetPage: string | undefined
}

/** Where a request comes from, and the languages of the letter that tells of the change. */
export type PasswordContext = LoginContext & { readonly languages: readonly string[] }

export type NewPasswordByKey = {
  readonly key: string
  readonly password: string
  /** The key must be of the customer with this address, where the shop's endpoint names one. */
  readonly email?: string | undefined
}

/** The ways in which customers set their passwords by an API, or a service of the shop does. */
export function createSetOwnPassword(deps: SetOwnPasswordDeps) {
  const { authenticate, budgets, passwordChange, proofs, recovery, resetPage } = deps
  return {
    /** The old password is checked as at a sign-in: a wrong one counts, and a login that is locked out stays so. */
    async change(
      customer: Pick<Customer, 'id' | 'email'>,
      { current, next }: { readonly current: string; readonly next: string },
      { languages, ...context }: PasswordContext,
    ): Promise<PasswordChanged> {
      const checked = await authenticate(customer.email, current, context)
      if (checked.outcome === 'locked' || checked.outcome === 'busy') return checked
      if (checked.outcome !== 'authenticated' || checked.customer.id !== customer.id)
        return { outcome: 'wrong-password' }
      const prepared = await passwordChange.prepare(next, checked.customer.email, networkOf(context.ip))
      if (prepared.outcome === 'refused') return { outcome: 'weak-password', reason: prepared.reason }
      if (prepared.outcome === 'busy') return prepared
      // Undefined when another change came in between: then the password that was shown is old.
      const proof = await passwordChange.apply(checked, prepared.password, languages)
      return { outcome: proof ? 'changed' : 'wrong-password' }
    },

    /** Without the current password; `by` is who sets it, as the audit trail names them. */
    async set(
      customer: Customer,
      password: string,
      { languages, by, ip }: PasswordContext & { readonly by?: string | undefined },
    ): Promise<PasswordSet> {
      const proof = await proofs.make(customer.id)
      const prepared = await passwordChange.prepare(password, customer.email, networkOf(ip))
      if (prepared.outcome === 'refused') return { outcome: 'weak-password', reason: prepared.reason }
      if (prepared.outcome === 'busy') return prepared
      const applied = proof && (await passwordChange.apply({ customer, proof, by }, prepared.password, languages))
      return { outcome: applied ? 'changed' : 'unknown' }
    },

    /** Mails a key to the customer with this login, if there is one. */
    async request(login: string, asker: Asker): Promise<LetterRequested> {
      const retryAfterSeconds = await budgets.takeForPlace(asker.ip)
      if (retryAfterSeconds !== undefined) return { outcome: 'too-many', retryAfterSeconds }
      recovery.request(login.trim(), asker, resetPage)
      return { outcome: 'requested' }
    },

    /** Sets the password by the key of a letter, once; passkeys go, for nobody is asked which to keep. A password that is refused leaves the key good. */
    async reset(
      { key, password, email }: NewPasswordByKey,
      { languages, ...context }: PasswordContext,
    ): Promise<PasswordReset> {
      const customer = await recovery.find(key)
      if (!customer || (email !== undefined && normalizeEmail(email) !== normalizeEmail(customer.email)))
        return { outcome: 'invalid-key' }
      const recovered = await recovery.finish(key, password, context, { languages })
      switch (recovered.outcome) {
        case 'dead':
          return { outcome: 'invalid-key' }
        case 'refused':
          return { outcome: 'weak-password', reason: recovered.reason }
        default:
          return recovered
      }
    },
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import type { PasswordPolicy, PasswordReview } from '../../credentials/password-policy.ts'
import { HashingBusyError, type Passwords } from '../../credentials/passwords.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import type { Proof, Proofs } from '../proof.ts'
import { languagesFor, type PostLetter } from './recovery-letters.ts'

export type PasswordRefusal = Extract<PasswordReview, { outcome: 'refused' }>['reason']

/** A password that may be used, or why it may not. */
export type PreparedPassword =
  | { readonly outcome: 'prepared'; readonly password: StoredPassword }
  | { readonly outcome: 'refused'; readonly reason: PasswordRefusal }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }

export type PasswordChange = ReturnType<typeof createPasswordChange>

export type PasswordChangeDeps = {
  readonly directory: Pick<Directory, 'setPassword'>
  readonly passwords: Pick<Passwords, 'hash'>
  readonly policy: PasswordPolicy
  readonly proofs: Pick<Proofs, 'make'>
  /** Writes the change into the audit trail; `by` is who set the password, the customer unless said. */
  readonly notePassword: (customerId: string, by?: string) => void
  /** Ends every session and token of the customer. */
  readonly signOut: (customerId: string) => Promise<void>
  readonly postLetter: PostLetter
}

type ChangeOf = {
  readonly customer: Customer
  readonly proof: Proof
  readonly by?: string | undefined
  /** Whether what is signed in stays so. */
  readonly staysSignedIn?: boolean
}

/** The two halves of a new password: whether it may be used, and putting it in force. */
export function createPasswordChange({
  directory,
  passwords,
  policy,
  proofs,
  notePassword,
  signOut,
  postLetter,
}: PasswordChangeDeps) {
  return {
    /** Checks the policy and hashes. Takes the same time for every account, and changes nothing. */
    async prepare(password: string, login: string, caller: string): Promise<PreparedPassword> {
      const review = await policy.review(password, login)
      if (review.outcome === 'refused') return review
      try {
        return { outcome: 'prepared', password: await passwords.hash(password, caller) }
      } catch (error) {
        if (!(error instanceof HashingBusyError)) throw error
        return { outcome: 'busy', retryAfterSeconds: error.retryAfterSeconds }
      }
    },

    /**
     * Sets the password, signs the customer out everywhere unless they want to stay signed in, and tells them by mail. The
     * answer is a proof of after that; undefined, with nothing changed, when the credentials changed since `proof`.
     */
    async apply(
      { customer, proof, by, staysSignedIn = false }: ChangeOf,
      password: StoredPassword,
      languages: readonly string[],
    ): Promise<Proof | undefined> {
      const { generation } = proof
      const options = { ...(generation !== undefined && { generation }), endsSignIns: !staysSignedIn, by }
      if (!(await directory.setPassword(customer.id, password, options))) return undefined
      notePassword(customer.id, by)
      if (!staysSignedIn) await signOut(customer.id)
      postLetter(async () => ({
        kind: staysSignedIn ? 'password-changed-only' : 'password-changed',
        to: customer.email,
        languages: languagesFor(customer.locale, languages),
        ...(customer.givenName !== undefined && { givenName: customer.givenName }),
        path: '/recovery',
      }))
      // A session knows its start to the second, and this one counts as before the change.
      if (!staysSignedIn) await pause(1000 - (Date.now() % 1000))
      return proofs.make(customer.id)
    },
  }
}

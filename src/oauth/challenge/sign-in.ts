import type { Customer } from '../../customers/customer.ts'
import type { Proof } from '../../customers/proof.ts'
import type { AuthSession } from './auth-sessions.ts'
import type { KeptPerson, Round } from './session-record.ts'

/** A customer who has proved something, as they are now. */
export type LivePerson = Omit<KeptPerson, 'proof'> & { readonly customer: Customer; readonly proof: Proof }

/** A sign-in under way, as a request finds it and leaves it. */
export type SignIn = {
  readonly session: AuthSession
  readonly clientId: string
  /** Of the key that the request proved. */
  readonly jkt?: string | undefined
  readonly round: Round
  readonly username?: string | undefined
  readonly person?: LivePerson | undefined
  /** Whose it is: nobody else goes on with it. */
  readonly customerId?: string | undefined
  readonly failures: number
}

/** Where a request comes from. */
export type Asker = { readonly ip: string; readonly languages: readonly string[]; readonly requestId: string }

/** What a request sends for a step; what was used is taken out. */
export type Given = {
  username?: string
  password?: string
  send?: string
  email_code?: string
  otp?: string
  recovery_code?: string
  passkey?: string
  new_password?: string
  company_user_id?: string
}

/** Why a step was not taken, for the app to say in its own words. */
export type Problem = { readonly code: string; readonly retry_after?: number }

/** What became of a step. */
export type Taken =
  | { readonly outcome: 'proved'; readonly person: LivePerson }
  /** `isGuess`: it counts towards the end of this sign-in. */
  | { readonly outcome: 'problem'; readonly problem: Problem; readonly isGuess: boolean }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number; readonly isServiceAway?: true | undefined }
  /** No app can go on with it. */
  | { readonly outcome: 'browser' }
  /** What was proved before does not hold any more. */
  | { readonly outcome: 'ended' }

export const WRONG_CREDENTIALS: Taken = guess('wrong_credentials')
export const WRONG_CODE: Taken = guess('wrong_code')

export function throttled(retryAfterSeconds: number): Taken {
  return {
    outcome: 'problem',
    problem: { code: 'throttled', retry_after: Math.ceil(retryAfterSeconds) },
    isGuess: false,
  }
}

function guess(code: string): Taken {
  return { outcome: 'problem', problem: { code }, isGuess: true }
}

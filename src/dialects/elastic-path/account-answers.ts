import type { AccountMember, Later, WeakPassword } from '../../customers/self-service/outcomes.ts'
import type { DialectAnswer } from '../dialect.ts'
import type { Unavailable } from '../own-account.ts'
import { detailedError, failedValidation } from './errors.ts'

/** What a new password must be, in characters. */
export type PasswordLength = { readonly min: number; readonly max: number }

const NOT_AVAILABLE: Record<Unavailable['why'], string> = {
  'shop-keeps-customers': 'This endpoint is not available here: the shop keeps its customers itself.',
  'registration-closed': 'Registration is not available here.',
  'no-mail': 'This endpoint is not available here: no e-mail can be sent.',
}

export const BAD_NAME = 'The data.name format is invalid.'

/** Whatever about an account may be refused that is no business of the endpoint. */
export type Refusal =
  | WeakPassword
  | Later
  | Unavailable
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  | { readonly outcome: 'not-own' | 'unknown' }

/** A refusal in the shop's words. */
export function refusalOfAccount(refused: Refusal, length: PasswordLength): DialectAnswer {
  switch (refused.outcome) {
    case 'unavailable':
      return detailedError(404, { detail: NOT_AVAILABLE[refused.why] })
    case 'busy':
      return detailedError(503, { retryAfterSeconds: refused.retryAfterSeconds })
    case 'too-many':
      return tooManyAttempts(refused.retryAfterSeconds)
    case 'weak-password':
      return failedValidation([weakness(refused.reason, length)])
    case 'invalid':
      return failedValidation([...new Set(refused.members.map(complaint))])
    default:
      return detailedError(403, {})
  }
}

/** The shop's SDK waits and tries again. */
export function tooManyAttempts(retryAfterSeconds: number): DialectAnswer {
  return detailedError(429, { detail: 'Too many attempts. Please try again later.', retryAfterSeconds })
}

function weakness(reason: WeakPassword['reason'], { min, max }: PasswordLength): string {
  if (reason === 'too-short') return `The data.password must be at least ${min} characters.`
  if (reason === 'too-long') return `The data.password may not be greater than ${max} characters.`
  if (reason === 'same-as-login') return 'The data.password and data.email must be different.'
  return 'The data.password is known to attackers. Please choose another.'
}

/** The shop has one name, and no language. */
function complaint(member: AccountMember): string {
  return member === 'email' ? 'The data.email must be a valid email address.' : BAD_NAME
}

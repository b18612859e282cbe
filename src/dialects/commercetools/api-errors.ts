import type { AccountMember, Later, WeakPassword } from '../../customers/self-service/outcomes.ts'
import type { DialectAnswer } from '../dialect.ts'
import type { Unavailable } from '../own-account.ts'
import { failure, json, unavailable } from './errors.ts'

/** What a new password must be, in characters. */
export type PasswordLength = { readonly min: number; readonly max: number }

/** One entry of `errors`; what else it has depends on its code. */
type ApiError = { readonly code: string; readonly message: string; readonly [member: string]: unknown }

/** The envelope of the API, which is not OAuth's: code and message, and no `error`. */
export function apiFailure(
  statusCode: number,
  errors: readonly [ApiError, ...ApiError[]],
  headers: Readonly<Record<string, string>> = {},
): DialectAnswer {
  return json(statusCode, { statusCode, message: errors[0].message, errors }, headers)
}

/** No JSON, or not of the shape that the endpoint takes. */
export function invalidJson(detailedErrorMessage: string): DialectAnswer {
  const message = 'Request body does not contain valid JSON.'
  return apiFailure(400, [{ code: 'InvalidJsonInput', message, detailedErrorMessage }])
}

export function resourceNotFound(what: string): DialectAnswer {
  return apiFailure(404, [{ code: 'ResourceNotFound', message: `The Customer with ID '${what}' was not found.` }])
}

/** Another caller changed the customer since this one looked. */
export function concurrentModification(id: string, expected: number, currentVersion: number): DialectAnswer {
  const message = `Object ${id} has a different version than expected. Expected: ${expected} - Actual: ${currentVersion}.`
  return apiFailure(409, [{ code: 'ConcurrentModification', message, currentVersion }])
}

export function badToken(): DialectAnswer {
  const message = 'The access token is missing, or does not work any more.'
  return failure(401, 'invalid_token', message, { 'WWW-Authenticate': 'Bearer realm="commercetools"' })
}

export function insufficientScope(scope: string): DialectAnswer {
  return failure(403, 'insufficient_scope', `Insufficient scope. The token needs the scope ${scope}.`)
}

/** Whatever about an account may be refused that is no business of the endpoint. */
export type AccountRefusal =
  | WeakPassword
  | Later
  | Unavailable
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  | { readonly outcome: 'not-own' | 'unknown' }

const NOT_AVAILABLE: Record<Unavailable['why'], string> = {
  'shop-keeps-customers': 'This endpoint is not available here: the shop keeps its customers itself.',
  'registration-closed': 'Registration is not available here.',
  'no-mail': 'This endpoint is not available here: no e-mail can be sent.',
}

/** A refusal in the shop's words. */
export function refusalOfAccount(refused: AccountRefusal, length: PasswordLength): DialectAnswer {
  switch (refused.outcome) {
    case 'unavailable':
      return apiFailure(404, [{ code: 'ResourceNotFound', message: NOT_AVAILABLE[refused.why] }])
    case 'busy':
      return unavailable({ status: 503, retryAfterSeconds: refused.retryAfterSeconds })
    case 'too-many':
    case 'locked':
      return tooMany(refused.retryAfterSeconds)
    case 'weak-password':
      return apiFailure(400, [{ code: 'InvalidInput', message: weakness(refused.reason, length) }])
    case 'invalid': {
      const [first = 'email', ...rest] = refused.members
      return apiFailure(400, [invalidField(first), ...rest.map(invalidField)])
    }
    default:
      return failure(403, 'insufficient_scope', 'The token is not the customer’s own.')
  }
}

/** The shop has no such limit. */
function tooMany(retryAfterSeconds: number): DialectAnswer {
  const error = { code: 'TooManyRequests', message: 'Too many attempts. Please try again later.' }
  return apiFailure(429, [error], { 'Retry-After': String(Math.ceil(retryAfterSeconds)) })
}

function weakness(reason: WeakPassword['reason'], { min, max }: PasswordLength): string {
  if (reason === 'too-short') return `The password must have at least ${min} characters.`
  if (reason === 'too-long') return `The password may have at most ${max} characters.`
  if (reason === 'same-as-login') return 'The password must not be the email address.'
  return 'The password is known to attackers. Please choose another.'
}

const FIELD_OF = { email: 'email', givenName: 'firstName', familyName: 'lastName', locale: 'locale' } as const

function invalidField(member: AccountMember): ApiError {
  const field = FIELD_OF[member]
  return { code: 'InvalidField', message: `The value is not valid for field ${field}.`, field }
}

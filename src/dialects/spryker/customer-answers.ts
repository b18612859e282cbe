import type { Later, WeakPassword } from '../../customers/self-service/outcomes.ts'
import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import type { Unavailable } from '../own-account.ts'
import { failure, failures, outage } from './documents.ts'

/** What a new password must be; the shop's own numbers are 8 and 64. */
export type PasswordLength = { readonly min: number; readonly max: number }

/** The ways in which anything about an account may be refused that are no business of the endpoint. */
export type Refusal = WeakPassword | Later | Unavailable | { readonly outcome: 'not-own' | 'unknown' }

const NOT_AVAILABLE: Record<Unavailable['why'], string> = {
  'shop-keeps-customers': 'This resource is not available here: the shop keeps its customers itself.',
  'registration-closed': 'Registration is not available here.',
  'no-mail': 'This resource is not available here: no e-mail can be sent.',
}

/** A refusal in the shop's words; `fields` are those with the new password. */
export function refusal(
  refused: Refusal,
  { fields, length }: { readonly fields: readonly [string, string]; readonly length: PasswordLength },
  context: AnswerContext,
): DialectAnswer {
  switch (refused.outcome) {
    case 'unavailable':
      return failure(404, undefined, NOT_AVAILABLE[refused.why], context)
    case 'busy':
      return outage({ status: 503, retryAfterSeconds: refused.retryAfterSeconds }, context)
    case 'too-many':
      return tooMany(refused.retryAfterSeconds, context)
    case 'weak-password':
      return weakPassword(refused.reason, fields, length, context)
    default:
      return unauthorized(context)
  }
}

/** Another customer's account, or one that is not the token's own: the same, whether or not there is such a customer. */
export function unauthorized(context: AnswerContext): DialectAnswer {
  return failure(403, '411', 'Unauthorized request.', context)
}

/** A resource was to be changed and none was named. */
export function idMissing(context: AnswerContext): DialectAnswer {
  return failure(400, undefined, 'Resource id is not specified.', context)
}

/** The two fields of a new password differ. */
export function passwordsDiffer([field, repeated]: readonly [string, string], context: AnswerContext): DialectAnswer {
  const detail = `Value in field ${field} should be identical to value in the ${repeated} field.`
  return failure(422, '406', detail, context)
}

/** The policy counts characters as people see them; what passes the fields' own rule may still break it. */
function weakPassword(
  reason: WeakPassword['reason'],
  fields: readonly [string, string],
  length: PasswordLength,
  context: AnswerContext,
): DialectAnswer {
  if (reason === 'breached') return failure(400, '422', 'The password is listed as common.', context)
  if (reason === 'same-as-login') return failure(400, '408', 'Invalid password', context)
  const complaint = reason === 'too-short' ? tooShort(length) : tooLong(length)
  const violation = (field: string) => ({ status: 422, code: '901', detail: `${field} => ${complaint}` })
  return failures([violation(fields[0]), violation(fields[1])], context)
}

export function tooShort({ min }: PasswordLength): string {
  return `This value is too short. It should have ${min} characters or more.`
}

export function tooLong({ max }: PasswordLength): string {
  return `This value is too long. It should have ${max} characters or less.`
}

/** The shop has no such limit; the status is that of its lockout. */
function tooMany(retryAfterSeconds: number, context: AnswerContext): DialectAnswer {
  const answer = failure(429, undefined, 'Too many requests from your address. Please try again later.', context)
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(Math.ceil(retryAfterSeconds)) } }
}

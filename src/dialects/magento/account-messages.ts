import type { Later, WeakPassword } from '../../customers/self-service/outcomes.ts'
import type { Unavailable } from '../own-account.ts'
import { type ErrorMessage, notAuthorized, outageMessage } from './messages.ts'
import type { Shop } from './shop.ts'

export const GUEST = "The current customer isn't authorized."
export const LOCKED: ErrorMessage = { message: 'The account is locked.' }
export const WRONG_PASSWORD: ErrorMessage = {
  message: "The password doesn't match this account. Verify the password and try again.",
}
/** The same in GraphQL. */
export const WRONG_LOGIN = 'Invalid login or password.'
export const INVALID_RESET_TOKEN: ErrorMessage = { message: 'The password token is mismatched. Reset and try again.' }
export const INVALID_KEY: ErrorMessage = {
  message: 'The confirmation token is invalid. Verify the token and try again.',
}
export const ALREADY_ACTIVE: ErrorMessage = { message: 'The account is already active.' }
export const TAKEN: ErrorMessage = {
  message: 'A customer with the same email address already exists in an associated website.',
}
export const NO_PERMISSION = 'You do not have permission to access this resource.'

/** Why something about an account is refused, whichever endpoint was asked. */
export type Refused = {
  readonly status: 400 | 401 | 404 | 429 | 503
  readonly error: ErrorMessage
  readonly retryAfterSeconds?: number
}

/** The ways in which anything about an account may be refused that are no business of the endpoint. */
export type CommonRefusal = WeakPassword | Later | Unavailable | { readonly outcome: 'not-own' | 'unknown' }

const UNAVAILABLE: Record<Unavailable['why'], string> = {
  'shop-keeps-customers': 'This is not available here: the shop keeps its customers itself.',
  'registration-closed': 'Registration is not available here.',
  'no-mail': 'This is not available here: no e-mail can be sent.',
}

/** A refusal in the shop's words. */
export function refusalOf(refused: CommonRefusal, shop: Shop): Refused {
  switch (refused.outcome) {
    case 'unavailable':
      return { status: 404, error: { message: UNAVAILABLE[refused.why] } }
    case 'busy':
      return {
        status: 503,
        error: { message: outageMessage({ status: 503 }) },
        retryAfterSeconds: refused.retryAfterSeconds,
      }
    case 'too-many':
      return { status: 429, error: TOO_MANY, retryAfterSeconds: refused.retryAfterSeconds }
    case 'weak-password':
      return { status: 400, error: weakPassword(refused.reason, shop) }
    default:
      return { status: 401, error: notAuthorized('self') }
  }
}

/** The shop has no such limit. */
const TOO_MANY: ErrorMessage = { message: 'Too many requests from your address. Please wait and try again later.' }

function weakPassword(reason: WeakPassword['reason'], shop: Shop): ErrorMessage {
  switch (reason) {
    case 'too-short':
      return {
        message: 'The password needs at least %1 characters. Create a new password and try again.',
        parameters: [String(shop.minPasswordLength)],
      }
    case 'too-long':
      return {
        message: 'Please enter a password with at most %1 characters.',
        parameters: [String(shop.maxPasswordLength)],
      }
    case 'same-as-login':
      return { message: "The password can't be the same as the email address. Create a new password and try again." }
    case 'breached':
      return { message: 'The password is known from a list of common passwords. Create a new password and try again.' }
  }
}

const LABELS = {
  email: { message: '"%1" is not a valid email address.', parameters: ['Email'] },
  givenName: { message: '%1 is not valid!', parameters: ['First Name'] },
  familyName: { message: '%1 is not valid!', parameters: ['Last Name'] },
  locale: { message: '%1 is not valid!', parameters: ['Locale'] },
} as const satisfies Record<string, ErrorMessage>

/** What is wrong with the members of an account; the first of several. */
export function invalidMember(members: readonly (keyof typeof LABELS)[]): ErrorMessage {
  return LABELS[members[0] ?? 'email']
}

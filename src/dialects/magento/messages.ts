import { describeOutage, type Outage } from '../outage.ts'

/** An error as the shop's web API words it: the template stays in `message`, its values are in `parameters`. */
export type ErrorMessage = {
  readonly message: string
  /** By name, or in the order of `%1`, `%2` …. */
  readonly parameters?: Readonly<Record<string, unknown>> | readonly unknown[]
  readonly errors?: readonly ErrorMessage[]
}

/** One text for a wrong password, an unknown login and every lock: it says nothing about the account. */
export const SIGN_IN_REFUSED =
  'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.'

/** Told only to those who know the password. */
export const UNCONFIRMED = "This account isn't confirmed. Verify and try again."

/** An admin's password was right, and their second factor comes next, at an address of its own. */
export const SECOND_FACTOR: ErrorMessage = {
  message: 'Please use the 2fa provider-specific endpoints to obtain a token.',
  parameters: { active_providers: ['google'] },
}

/** An admin's password was right and their code was not. */
export const WRONG_CODE = 'Invalid code.'

export const NO_ROUTE: ErrorMessage = { message: 'Request does not match any route.' }

const REQUIRED = '"%fieldName" is required. Enter and try again.'

/** The error for a protected route that is asked without a token that works. */
export function notAuthorized(resources: string): ErrorMessage {
  return { message: "The consumer isn't authorized to access %resources.", parameters: { resources } }
}

/** Names what is missing: one field by itself, several under a common message; undefined when nothing is. */
export function missingFields(names: readonly string[]): ErrorMessage | undefined {
  const errors = names.map((fieldName) => ({ message: REQUIRED, parameters: { fieldName } }))
  return errors.length > 1 ? { message: 'One or more input exceptions have occurred.', errors } : errors[0]
}

/** A list or an object where text is wanted. */
export const NOT_TEXT: ErrorMessage = {
  message: 'The "array" value\'s type is invalid. The "string" type was expected. Verify and try again.',
}

/** Something of ours failed, or the shop's customer service does not answer. */
export function outageMessage(outage: Outage): string {
  const what = outage.isCustomerServiceAway ? describeOutage(outage) : 'Internal Error.'
  return `${what} Details are in the log of the server, under the X-Request-Id of this answer.`
}

/** A message with its values put in: GraphQL has them so. */
export function rendered({ message, parameters = [] }: ErrorMessage): string {
  const named = Array.isArray(parameters)
    ? parameters.map((value, index) => [String(index + 1), value] as const)
    : Object.entries(parameters)
  // The longest name first: one may begin with another.
  return named
    .toSorted(([one], [other]) => other.length - one.length)
    .reduce((text, [name, value]) => text.replaceAll(`%${name}`, () => String(value)), message)
}

/** A member that must be given, as the web API names it. */
export function required(fieldName: string): ErrorMessage {
  return { message: REQUIRED, parameters: { fieldName } }
}

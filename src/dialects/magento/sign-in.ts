import { SECOND_FACTOR_REQUIRED } from '../../oauth/grants/second-factor-required.ts'
import type { AnswerContext, DialectAnswer, DialectRequest, OAuthFailure, OAuthParameters } from '../dialect.ts'
import { fail, refuse } from './answers.ts'
import { readFields } from './content.ts'
import { type ErrorMessage, SECOND_FACTOR, SIGN_IN_REFUSED, UNCONFIRMED, WRONG_CODE } from './messages.ts'

/** What an endpoint wants to be told, and how it asks for tokens with it. */
export type SignInForm<T, Parameters = OAuthParameters> = {
  readonly read: (fields: Readonly<Record<string, unknown>>) => T | { readonly refused: ErrorMessage }
  readonly toParameters: (credentials: T) => Parameters
}

/** Turns a token request of the web API into OAuth parameters, or refuses what cannot be read. */
export function readForm<T extends object, Parameters = OAuthParameters>(
  { body, headers, context }: DialectRequest,
  { read, toParameters }: SignInForm<T, Parameters>,
): Parameters | DialectAnswer {
  const content = readFields(body, typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined)
  if ('unreadable' in content) return refuse(400, { message: content.unreadable }, context)
  const credentials = read(content.fields)
  return 'refused' in credentials ? refuse(400, credentials.refused, context) : toParameters(credentials)
}

/** Why a sign-in failed, as the shop says it. A lock has the text of a wrong password. */
export function signInMessage({ error, authentication }: OAuthFailure): string | undefined {
  if (authentication?.outcome === 'unconfirmed') return UNCONFIRMED
  if (authentication?.reason === 'wrong-code') return WRONG_CODE
  // The token pipeline calls a request invalid whose login or password is longer than any.
  return error === 'invalid_grant' || error === 'invalid_request' ? SIGN_IN_REFUSED : undefined
}

export function refuseSignIn(failure: OAuthFailure, context: AnswerContext): DialectAnswer {
  if (failure.error === SECOND_FACTOR_REQUIRED) return refuse(400, SECOND_FACTOR, context)
  const message = signInMessage(failure)
  if (message) return refuse(401, { message }, context)
  return fail(failure.status === 503 ? failure : { status: 500 }, context)
}

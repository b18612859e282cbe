import type { AnswerContext, DialectAnswer, DialectRequest, OAuthFailure, OAuthParameters } from '../dialect.ts'
import { fail, refuse } from './answers.ts'
import { readFields } from './content.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { SECOND_FACTOR, SIGN_IN_REFUSED, UNCONFIRMED } from './messages.ts'

/** What the token pipeline refuses an agent's right password with where a second factor must follow. */
const SECOND_FACTOR_REQUIRED = 'second_factor_required'

/** Turns a token request of the web API into OAuth parameters, or refuses what cannot be read. */
export function readSignIn(
  { body, headers, context }: DialectRequest,
  toParameters: (credentials: Credentials) => OAuthParameters,
): OAuthParameters | DialectAnswer {
  const read = readFields(body, typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined)
  if ('unreadable' in read) return refuse(400, { message: read.unreadable }, context)
  const credentials = readCredentials(read.fields)
  return 'refused' in credentials ? refuse(400, credentials.refused, context) : toParameters(credentials)
}

/** Why a sign-in failed, as the shop says it. A lock has the text of a wrong password. */
export function signInMessage({ error, authentication }: OAuthFailure): string | undefined {
  if (authentication?.outcome === 'unconfirmed') return UNCONFIRMED
  return error === 'invalid_grant' ? SIGN_IN_REFUSED : undefined
}

export function refuseSignIn(failure: OAuthFailure, context: AnswerContext): DialectAnswer {
  if (failure.error === SECOND_FACTOR_REQUIRED) return refuse(400, SECOND_FACTOR, context)
  const message = signInMessage(failure)
  if (message) return refuse(401, { message }, context)
  return fail(failure.status === 503 ? 503 : 500, context)
}

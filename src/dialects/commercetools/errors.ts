import type { DialectAnswer, OAuthFailure } from '../dialect.ts'
import { describeOutage, type Outage, retryAfter } from '../outage.ts'

const NO_STORE = { 'Content-Type': 'application/json;charset=utf-8', 'Cache-Control': 'no-store' }

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): DialectAnswer {
  return { status, headers: { ...NO_STORE, ...headers }, body: JSON.stringify(body) }
}

/** The shop's envelope: OAuth's `error` and `error_description`, and the same again as code and message. */
export function failure(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): DialectAnswer {
  const errors = [{ code, message }]
  return json(status, { statusCode: status, message, errors, error: code, error_description: message }, headers)
}

export function badClient(): DialectAnswer {
  const message = 'Please provide valid client credentials using HTTP Basic Authentication.'
  return failure(401, 'invalid_client', message, { 'WWW-Authenticate': 'Basic realm="oauth"' })
}

export function notFound(): DialectAnswer {
  return failure(404, 'not_found', 'There is no such resource or project.')
}

/**
 * A refusal of the token pipeline in the shop's words. Why a customer was not let in is never told: a wrong password,
 * an unknown login, a lock and an e-mail address that is not confirmed are one answer.
 */
export function refusal(refused: OAuthFailure): DialectAnswer {
  const { error, description, authentication } = refused
  if (refused.status >= 500) return unavailable(refused)
  if (error === 'invalid_client') return badClient()
  if (error === 'invalid_grant' && authentication) {
    return failure(
      400,
      'invalid_customer_account_credentials',
      'Customer account with the given credentials not found.',
    )
  }
  return failure(400, error, description ?? 'The request was refused.')
}

/** Something broke, or there is too much to do right now. */
export function unavailable(outage: Outage): DialectAnswer {
  const { status } = outage
  const message = describeOutage(outage) ?? 'Something went wrong on our side.'
  return failure(status, status === 503 ? 'temporarily_unavailable' : 'server_error', message, retryAfter(outage))
}

import type { DialectAnswer, OAuthFailure } from '../dialect.ts'
import { describeOutage, type Outage, retryAfter } from '../outage.ts'

const HEADERS = { 'Content-Type': 'application/json;charset=UTF-8', 'Cache-Control': 'no-store' }

/** The one text that clients act on: they forget the token and go on as a new visitor. */
export const INVALID_REFRESH_TOKEN = 'invalid refresh_token'

/** An answer with JSON, never kept by a cache. */
export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): DialectAnswer {
  return { status, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) }
}

/** The shop's two shapes of an error in one object: SDKs read `message`, its API's description names `error`. */
export function failure(
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): DialectAnswer {
  return json(status, { status_code: String(status), message, error, error_description: message }, headers)
}

export function badRequest(message: string): DialectAnswer {
  return failure(400, 'invalid_request', message)
}

export function badClient(): DialectAnswer {
  const headers = { 'WWW-Authenticate': 'Basic realm="slas"' }
  return failure(401, 'invalid_client', 'Client authentication failed.', headers)
}

/** A wrong password, an unknown login, a lock and an address that is not confirmed are one answer. */
export function badCredentials(retryAfterSeconds?: number): DialectAnswer {
  return failure(401, 'invalid_grant', 'Unauthorized Credentials.', retryAfter({ retryAfterSeconds }))
}

export function notAllowed(message = 'The client may not do this.'): DialectAnswer {
  return failure(403, 'unauthorized_client', message)
}

export function tooMany(message = 'Too many requests. Please try again later.', seconds?: number): DialectAnswer {
  return failure(429, 'too_many_requests', message, retryAfter({ retryAfterSeconds: seconds }))
}

export function redirectTo(location: string): DialectAnswer {
  return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' }
}

/** The outage of a check that was not made now. */
export function busy(checked: { readonly retryAfterSeconds: number; readonly isServiceAway?: true }): Outage {
  const { retryAfterSeconds, isServiceAway } = checked
  return { status: 503, retryAfterSeconds, ...(isServiceAway && { isCustomerServiceAway: true }) }
}

export function unavailable(outage: Outage): DialectAnswer {
  const { status } = outage
  const message = describeOutage(outage) ?? 'Something went wrong on our side.'
  return failure(status, status === 503 ? 'temporarily_unavailable' : 'server_error', message, retryAfter(outage))
}

/** What the token pipeline refused, where the endpoint has no words of its own for it. */
export function refusal(refused: OAuthFailure, message: string): DialectAnswer {
  const { error, status } = refused
  if (status >= 500) return unavailable(refused)
  if (error === 'invalid_client') return badClient()
  if (error === 'unauthorized_client' || error === 'invalid_target' || error === 'invalid_scope') return notAllowed()
  return failure(400, error, message)
}

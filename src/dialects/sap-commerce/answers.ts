import type { DialectAnswer, IssuedTokens, OAuthFailure } from '../dialect.ts'
import { describeOutage, type Outage, retryAfter } from '../outage.ts'

/** What became of a request that is refused. */
export type Refused = {
  readonly failure: OAuthFailure
  readonly grantType: string
  /** The client authenticated by HTTP Basic. */
  readonly isBasic: boolean
}

/** How one generation of the shop answers at its token endpoint. */
export type Answers = {
  success(tokens: IssuedTokens): DialectAnswer
  badClient(isBasic: boolean): DialectAnswer
  missing(parameter: string): DialectAnswer
  unknownGrantType(): DialectAnswer
  unknownScope(known: readonly string[]): DialectAnswer
  refusal(refused: Refused): DialectAnswer
}

/** An answer that must not be kept, in JSON. */
export function json(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
  contentType = 'application/json;charset=UTF-8',
): DialectAnswer {
  return {
    status,
    headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store', Pragma: 'no-cache', ...headers },
    body: JSON.stringify(body),
  }
}

/** An error with its sentence; every 401 says in a header what would help (RFC 6750 §3). */
export function oauthError(
  status: number,
  error: string,
  error_description: string,
  headers: Readonly<Record<string, string>> = {},
): DialectAnswer {
  const challenge = status === 401 && {
    'WWW-Authenticate': `Bearer error="${error}", error_description="${error_description}"`,
  }
  return json(status, { error, error_description }, { ...challenge, ...headers })
}

/** The error of the shop's other web services, of which clients read the type alone. */
export function occError(status: number, type: string, message: string): DialectAnswer {
  return json(status, { errors: [{ message, type }] })
}

/** The same as `unavailable`, at the shop's other web services. */
export function occUnavailable(outage: Outage): DialectAnswer {
  const passing = describeOutage(outage)
  const answer = passing
    ? occError(503, 'ServiceUnavailableError', passing)
    : occError(500, 'InternalServerError', 'Internal Server Error')
  return { ...answer, headers: { ...answer.headers, ...retryAfter(outage) } }
}

/** The request names no client. */
export function noClient(): DialectAnswer {
  return oauthError(401, 'unauthorized', 'Full authentication is required to access this resource')
}

/** Something broke here, or is not reachable now. */
export function unavailable(outage: Outage): DialectAnswer {
  const passing = describeOutage(outage)
  if (!passing) return oauthError(500, 'server_error', 'Internal Server Error', retryAfter(outage))
  return oauthError(503, 'temporarily_unavailable', passing, retryAfter(outage))
}

/** Another method than an endpoint has. */
export function wrongMethod(method: string): DialectAnswer {
  return oauthError(405, 'method_not_allowed', `Request method '${method}' not supported`)
}

/** A parameter that comes twice, or a body that cannot be read: neither generation has words of its own for it. */
export function unreadable(status: number): DialectAnswer {
  return oauthError(status === 415 ? 415 : 400, 'invalid_request', 'The request cannot be read')
}

import type { DialectAnswer } from '../dialect.ts'
import { describeOutage, type Outage, retryAfter } from '../outage.ts'

/** One entry of `errors`. The SDK drops the HTTP status, so each entry repeats it: as text where the published
 * description of an endpoint has text, as a number elsewhere. */
export type ElasticPathError = {
  readonly status: number | string
  readonly title: string
  readonly detail?: string
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): DialectAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}

/** An error in the newer form: a status as text, and no detail of a refusal. */
export function plainError(status: number, retryAfterSeconds?: number): DialectAnswer {
  return json(
    status,
    { errors: [{ title: titleOf(status), status: String(status) }] },
    retryAfter({ retryAfterSeconds }),
  )
}

/** An outage in the newer form. Its detail is told: the client did nothing wrong. */
export function plainOutage(outage: Outage): DialectAnswer {
  const { status, retryAfterSeconds } = outage
  const entry = { title: titleOf(status), status: String(status), ...detailOf(outage) }
  return json(status, { errors: [entry] }, retryAfter({ retryAfterSeconds }))
}

/** An outage in the older form. */
export function detailedOutage(outage: Outage): DialectAnswer {
  const { status, retryAfterSeconds } = outage
  return detailedError(status, { ...detailOf(outage), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })
}

/** What keeps the service from answering, where that is not this server: the title says the rest. */
export function detailOf(outage: Outage): { readonly detail?: string } {
  const detail = outage.isCustomerServiceAway && describeOutage(outage)
  return detail ? { detail } : {}
}

/** An error in the older form: the status as a number, a detail where it helps. */
export function detailedError(
  status: number,
  {
    title = titleOf(status),
    detail,
    retryAfterSeconds,
  }: { title?: string; detail?: string; retryAfterSeconds?: number },
): DialectAnswer {
  return json(status, { errors: [{ status, title, ...(detail && { detail }) }] }, retryAfter({ retryAfterSeconds }))
}

/** One entry for each field that is missing or wrong. */
export function failedValidation(details: readonly string[]): DialectAnswer {
  return json(422, { errors: details.map((detail) => ({ status: 422, title: 'Failed Validation', detail })) })
}

/** The bearer is missing, ended, or no token of this dialect. */
export function badBearer(): DialectAnswer {
  return detailedError(401, { title: 'Unable to validate access token' })
}

function titleOf(status: number): string {
  return TITLES[status] ?? 'Error'
}

import type { DialectAnswer } from '../dialect.ts'
import { describeOutage, type Outage } from '../outage.ts'
import { json } from './json.ts'

/** An error of the backend API: a bare list, its members in the order of the OAuth errors. */
export function backendError(status: number, code: string, message: string, retryAfterSeconds?: number): DialectAnswer {
  return json(status, [{ message, status, code }], retryAfterSeconds)
}

/** The same with the code first, as the resources of the backend API write it. */
export function resourceError(status: number, code: string, message: string): DialectAnswer {
  return json(status, [{ code, message, status }])
}

/** Nothing can be answered right now. */
export function backendOutage(outage: Outage): DialectAnswer {
  const { status, retryAfterSeconds } = outage
  const code = status === 503 ? 'temporarily_unavailable' : 'server_error'
  return backendError(status, code, describeOutage(outage) ?? 'Internal Server Error', retryAfterSeconds)
}

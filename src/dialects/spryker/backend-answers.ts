import type { DialectAnswer } from '../dialect.ts'
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
export function backendOutage(status: number, retryAfterSeconds?: number): DialectAnswer {
  const message = status === 503 ? 'The service is busy. Please try again shortly.' : 'Internal Server Error'
  return backendError(status, status === 503 ? 'temporarily_unavailable' : 'server_error', message, retryAfterSeconds)
}

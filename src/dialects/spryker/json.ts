import type { DialectAnswer } from '../dialect.ts'

/** A plain JSON answer, for the endpoints that are not JSON:API. */
export function json(status: number, body: unknown, retryAfterSeconds?: number): DialectAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      ...(retryAfterSeconds !== undefined && { 'Retry-After': String(Math.ceil(retryAfterSeconds)) }),
    },
    body: JSON.stringify(body),
  }
}

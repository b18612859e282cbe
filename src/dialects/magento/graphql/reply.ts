import type { DialectAnswer } from '../../dialect.ts'

/** An answer of the shop's GraphQL address; `body` is JSON. */
export function reply(status: number, body: string, retryAfterSeconds?: number): DialectAnswer {
  const later = retryAfterSeconds !== undefined && { 'Retry-After': String(Math.ceil(retryAfterSeconds)) }
  return { status, headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...later }, body }
}

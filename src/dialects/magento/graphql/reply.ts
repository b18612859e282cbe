import type { DialectAnswer } from '../../dialect.ts'
import type { Outage } from '../../outage.ts'

/** An answer of the shop's GraphQL address; `body` is JSON. */
export function reply(status: number, body: string, retryAfterSeconds?: number): DialectAnswer {
  const later = retryAfterSeconds !== undefined && { 'Retry-After': String(Math.ceil(retryAfterSeconds)) }
  return { status, headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...later }, body }
}

/** No refusal: we failed (500), or cannot answer right now (503). */
export function outageExtensions({ status, retryAfterSeconds }: Outage) {
  const isPassing = status === 503
  return { category: isPassing ? 'unavailable' : 'internal', ...(isPassing && { retryAfterSeconds }) }
}

import { type GuardedFetch, OutgoingError, type OutgoingRequest } from '../outgoing/guarded-fetch.ts'
import type { SendResult } from './message.ts'

/** Answers that a receiver gives when it cannot now, and perhaps can later. */
const LATER = new Set([408, 425, 429])

/**
 * Posts once, and says what that is for the outbox: 2xx is taken; 408, 425, 429, 5xx and no answer are tried again; a redirect is not
 * followed and is, like every other answer and an address that may not be called, a refusal.
 */
export async function postOnce(fetch: GuardedFetch, url: string, request: OutgoingRequest): Promise<SendResult> {
  try {
    return resultOf(await fetch(url, { method: 'POST', ...request }))
  } catch (error) {
    if (!(error instanceof OutgoingError)) throw error
    return error.reason === 'address-not-allowed' ? { refused: error.message } : { retry: error.message }
  }
}

/** What an answer is for the outbox. */
export function resultOf({ status, headers }: Pick<Response, 'status' | 'headers'>): SendResult {
  if (status >= 200 && status < 300) return 'delivered'
  const answered = `it answered ${status}`
  if (status < 500 && !LATER.has(status)) return { refused: answered }
  const afterSeconds = retryAfter(headers.get('retry-after'), Date.now())
  return { retry: answered, ...(afterSeconds !== undefined && { afterSeconds }) }
}

/** Seconds from now, of a number or a date (RFC 9110 §10.2.3). */
function retryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  // A date begins with the day of the week; `Date.parse` alone finds one in `-5` and in much else.
  const atMs = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}

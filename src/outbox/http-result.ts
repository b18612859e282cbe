import { type GuardedFetch, OutgoingError, type OutgoingRequest } from '../outgoing/guarded-fetch.ts'
import type { SendResult } from './message.ts'

/** Which statuses mean that a receiver took a message, and that it cannot now and perhaps can later; 5xx always means the latter. */
export type Answers = { readonly isTaken: (status: number) => boolean; readonly later: readonly number[] }

const ANSWERS: Answers = { isTaken: (status) => status >= 200 && status < 300, later: [408, 425, 429] }

/**
 * Posts once, and says what that is for the outbox. No answer is tried again; an address that may not be called is a refusal. What an
 * answer is, `read` says.
 */
export async function postOnce(
  fetch: GuardedFetch,
  url: string,
  request: OutgoingRequest,
  read: (answer: Response) => SendResult | Promise<SendResult> = (answer) => resultOf(answer),
): Promise<SendResult> {
  try {
    return await read(await fetch(url, { method: 'POST', ...request }))
  } catch (error) {
    if (!(error instanceof OutgoingError)) throw error
    return error.reason === 'address-not-allowed' ? { refused: error.message } : { retry: error.message }
  }
}

/** What an answer is for the outbox. A redirect is not followed: like every answer that is neither taken nor for later, it is a refusal. */
export function resultOf(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { isTaken, later }: Answers = ANSWERS,
): SendResult {
  if (isTaken(status)) return 'delivered'
  const answered = `it answered ${status}`
  if (status < 500 && !later.includes(status)) return { refused: answered }
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

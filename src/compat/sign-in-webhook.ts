import { createHmac, randomUUID } from 'node:crypto'
import { createRetryQueue } from './retry-queue.ts'

/** A sign-in that the shop hears about. */
export type SignInReport = {
  readonly customerId: string
  readonly customerReference: string
  /** Whose guest cart the shop may now merge. */
  readonly anonymousId?: string
  readonly clientId: string
  readonly dialect: string
}

export type SignInWebhook = {
  report(report: SignInReport): void
  close(): Promise<void>
}

export type SignInWebhookDeps = {
  readonly url: string | undefined
  readonly secret: string | undefined
  /** Told of a report that was given up; `reason` names nobody. */
  readonly onGivenUp: (eventId: string, reason: string) => void
  readonly firstDelayMs?: number
  readonly queueLimit?: number
}

type Event = { readonly id: string; readonly body: string }

const TIMEOUT_MS = 5000
const FIRST_DELAY_MS = 1000
const MAX_ATTEMPTS = 8
const QUEUE_LIMIT = 1000
const IN_FLIGHT = 4

/**
 * Tells the shop of sign-ins, in the background: nobody waits for it. Each call carries
 * `Vestibule-Signature: t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`; a call that is not answered with 2xx is
 * repeated with growing delays under the same id. The queue is bounded, redirects are not followed.
 */
export function openSignInWebhook(deps: SignInWebhookDeps): SignInWebhook {
  const { url, secret, onGivenUp, firstDelayMs = FIRST_DELAY_MS, queueLimit = QUEUE_LIMIT } = deps
  if (!url || !secret) return { report() {}, async close() {} }
  const queue = createRetryQueue<Event>({
    attempt: (event) => send(url, secret, event),
    onGivenUp: ({ id }, reason) => onGivenUp(id, reason),
    limit: queueLimit,
    inFlight: IN_FLIGHT,
    maxAttempts: MAX_ATTEMPTS,
    firstDelayMs,
  })
  return {
    report(report) {
      const id = randomUUID()
      if (!queue.add({ id, body: bodyOf(id, report) })) onGivenUp(id, 'the queue is full or the server is stopping')
    },
    close: queue.close,
  }
}

function bodyOf(id: string, { customerId, customerReference, anonymousId, clientId, dialect }: SignInReport): string {
  return JSON.stringify({
    id,
    type: 'customer.signed_in',
    occurred_at: new Date().toISOString(),
    customer_id: customerId,
    customer_reference: customerReference,
    anonymous_customer_unique_id: anonymousId ?? null,
    client_id: clientId,
    dialect,
  })
}

/** @returns why the call failed; undefined when the shop took it. */
async function send(url: string, secret: string, { id, body }: Event): Promise<string | undefined> {
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  const headers = {
    'Content-Type': 'application/json',
    'Vestibule-Event': id,
    'Vestibule-Signature': `t=${timestamp},v1=${signature}`,
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.ok ? undefined : `the shop answered ${response.status}`
  } catch (error) {
    return `the shop did not answer (${(error as Error).name})`
  }
}

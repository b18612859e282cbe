import { randomUUID } from 'node:crypto'
import { sendSigned, type WebhookMessage } from '../webhook.ts'
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
  /** Told of a report that was given up; `reason` names no person. */
  readonly onGivenUp: (eventId: string, reason: string) => void
  readonly firstDelayMs?: number
  readonly queueLimit?: number
}

const FIRST_DELAY_MS = 1000
const MAX_ATTEMPTS = 8
const QUEUE_LIMIT = 1000
const IN_FLIGHT = 4

/**
 * Tells the shop of sign-ins, in the background and signed: the sign-in does not wait for it. A call that is not answered with 2xx
 * is repeated with growing delays under the same id. The queue is bounded.
 */
export function openSignInWebhook(deps: SignInWebhookDeps): SignInWebhook {
  const { url, secret, onGivenUp, firstDelayMs = FIRST_DELAY_MS, queueLimit = QUEUE_LIMIT } = deps
  if (!url || !secret) return { report() {}, async close() {} }
  const queue = createRetryQueue<WebhookMessage>({
    attempt: (message) => sendSigned({ url, secret }, message),
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

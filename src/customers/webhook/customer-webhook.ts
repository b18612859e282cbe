import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Log } from '../../log.ts'
import { type Deliveries, type DeliveriesDeps, NOTHING_TO_DO, openDeliveries } from '../../outbox/stream.ts'
import { sendSigned, type WebhookTarget } from '../../webhook.ts'
import { type CustomerEventRows, createCustomerEventRows } from './customer-event-rows.ts'

export type CustomerWebhookDeps = Partial<WebhookTarget> &
  Pick<DeliveriesDeps, 'lookEveryMs' | 'firstDelayMs'> & {
    readonly knex: Knex
    readonly log: Pick<Log, 'warn'>
  }

/** As operators see it in the outbox. */
export const CUSTOMER_QUEUE = { kind: 'customer-webhook', receiver: 'CUSTOMER_WEBHOOK_URL' } as const

const BATCH = 100

/**
 * Tells CUSTOMER_WEBHOOK_URL what happened to customers: every change at least once, those of one customer in order, in
 * batches of up to 100. Changes are noted by the database in the transaction that makes them, and forgotten when the
 * receiver has them. Without an address nothing is noted, and the answer is undefined.
 */
export async function openCustomerWebhook(deps: CustomerWebhookDeps): Promise<Deliveries | undefined> {
  const { knex, log, url, secret, lookEveryMs, firstDelayMs } = deps
  const rows = createCustomerEventRows(knex, randomUUID())
  if (url === undefined || secret === undefined) {
    await rows.end()
    return undefined
  }
  await rows.begin()
  return openDeliveries({
    knex,
    queue: CUSTOMER_QUEUE,
    behind: rows.behind,
    giveBack: rows.giveBack,
    deliver: () => deliverBatch(rows, { url, secret }),
    onFailure: (error, behind) => log.warn({ event: 'customer-webhook.failed', behind, err: error }),
    lookEveryMs,
    firstDelayMs,
  })
}

/** @returns why a batch was not delivered; undefined when it was. */
async function deliverBatch(rows: CustomerEventRows, target: WebhookTarget): Promise<string | undefined> {
  if (!(await rows.take())) return NOTHING_TO_DO
  const waiting = await rows.oldest(BATCH)
  const [first, last] = [waiting[0], waiting.at(-1)]
  if (!first || !last) return NOTHING_TO_DO
  const id = `customers-${first.seq}-${last.seq}`
  const events = waiting.map(({ event }) => event)
  const failure = await sendSigned(target, { id, body: JSON.stringify({ id, type: 'customer.events', events }) })
  if (failure === undefined) await rows.remove(waiting.map(({ seq }) => seq))
  return failure
}

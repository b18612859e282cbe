import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { type Deliveries, type DeliveriesDeps, NOTHING_TO_DO, openDeliveries } from '../outbox/stream.ts'
import { sendSigned, type WebhookTarget } from '../webhook.ts'
import { entriesAfter } from './audit-rows.ts'
import { type DeliveryTurns, openDeliveryTurns } from './delivery-turns.ts'

/** Sends the audit trail to AUDIT_WEBHOOK_URL. */
export type AuditWebhook = Deliveries

export type AuditWebhookDeps = WebhookTarget &
  Pick<DeliveriesDeps, 'lookEveryMs' | 'firstDelayMs'> & {
    readonly knex: Knex
    readonly log: Pick<Log, 'warn'>
  }

/** As operators see it in the outbox. */
export const AUDIT_QUEUE = { kind: 'audit-webhook', receiver: 'AUDIT_WEBHOOK_URL' } as const

const RECEIVER = 'webhook'
const BATCH = 100

/**
 * Sends the audit trail to AUDIT_WEBHOOK_URL: every entry at least once, in the order of the chain, in batches of up to
 * 100. How far it got is in the database, so that a restart and another node go on where this one stopped. What waits
 * stays in the database; memory holds one batch.
 */
export async function openAuditWebhook(deps: AuditWebhookDeps): Promise<AuditWebhook> {
  const { knex, log, lookEveryMs, firstDelayMs } = deps
  const turns = await openDeliveryTurns(knex, RECEIVER, randomUUID())
  return openDeliveries({
    knex,
    queue: AUDIT_QUEUE,
    ...turns,
    deliver: () => deliverBatch(deps, turns),
    onFailure: (error, behind) => log.warn({ event: 'audit-webhook.failed', behind, err: error }),
    lookEveryMs,
    firstDelayMs,
  })
}

/** @returns why a batch was not delivered; undefined when it was, or there was none. */
async function deliverBatch(deps: AuditWebhookDeps, turns: DeliveryTurns): Promise<string | undefined> {
  const place = await turns.take()
  if (place === undefined) return NOTHING_TO_DO
  const entries = await entriesAfter(deps.knex, place, BATCH)
  const [first, last] = [entries[0], entries.at(-1)]
  if (!first || !last) return NOTHING_TO_DO
  const id = `audit-${first.seq}-${last.seq}`
  const failure = await sendSigned(deps, { id, body: JSON.stringify({ id, type: 'audit.entries', entries }) })
  if (failure === undefined) await turns.advance(last.seq)
  return failure
}

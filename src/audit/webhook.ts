import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { sendSigned, type WebhookTarget } from '../webhook.ts'
import { entriesAfter } from './audit-rows.ts'
import { type DeliveryTurns, openDeliveryTurns } from './delivery-turns.ts'

export type AuditWebhook = {
  /** There is something new: do not wait for the next look. */
  wake(): void
  /** Entries that the receiver did not have at the last look: for metrics. */
  behind(): number
  close(): Promise<void>
}

export type AuditWebhookDeps = WebhookTarget & {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  /** How often other nodes' entries are looked for. */
  readonly lookEveryMs?: number
  /** After the first failure; doubles with each, up to five minutes. */
  readonly firstDelayMs?: number
}

const RECEIVER = 'webhook'
const BATCH = 100
const LOOK_EVERY_MS = 1000
const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 300_000
/** Another node has the turn, or took the last entries before us. */
const NOTHING_TO_DO = 'nothing to do'

/**
 * Sends the audit trail to AUDIT_WEBHOOK_URL: every entry at least once, in the order of the chain, in batches of up to
 * 100. How far it got is in the database, so that a restart and another node go on where this one stopped. What waits
 * stays in the database; memory holds one batch.
 */
export async function openAuditWebhook(deps: AuditWebhookDeps): Promise<AuditWebhook> {
  const { knex, log, lookEveryMs = LOOK_EVERY_MS, firstDelayMs = FIRST_DELAY_MS } = deps
  const turns = await openDeliveryTurns(knex, RECEIVER, randomUUID())
  let behind = 0
  let failures = 0
  let isClosing = false
  let isWoken = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined

  async function deliver(): Promise<void> {
    try {
      behind = await turns.behind()
      while (behind > 0 && !isClosing) {
        const failure = await deliverBatch(deps, turns)
        if (failure === NOTHING_TO_DO) break
        if (failure !== undefined) throw new Error(failure)
        failures = 0
        behind = await turns.behind()
      }
    } catch (error) {
      failures += 1
      log.warn({ event: 'audit-webhook.failed', behind, err: error })
    }
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer)
    if (isClosing) return
    timer = setTimeout(start, delayMs)
    timer.unref()
  }

  function start(): void {
    isWoken = false
    round = deliver().finally(() => {
      round = undefined
      if (failures > 0) schedule(Math.min(firstDelayMs * 2 ** (failures - 1), MAX_DELAY_MS))
      else schedule(isWoken ? 0 : lookEveryMs)
    })
  }

  start()
  return {
    wake() {
      isWoken = true
      // A receiver that is away is left alone until its time has come.
      if (!round && failures === 0) schedule(0)
    },
    behind: () => behind,
    async close() {
      isClosing = true
      clearTimeout(timer)
      await round
      await turns.giveBack().catch(() => {})
    },
  }
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

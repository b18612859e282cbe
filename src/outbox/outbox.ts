import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { openRounds } from '../rounds.ts'
import { GIVE_UP_MS, type Step } from './backoff.ts'
import { drain } from './drain.ts'
import type { NewMessage, Registration } from './message.ts'
import { forgetReceiver, giveUpOld, insertMessages, pruneDead, type ReceiverKey } from './message-rows.ts'
import { knownReceivers, readyReceivers } from './receiver-rows.ts'

/** Messages to others, durable and in order, with a queue for each receiver. */
export type Outbox = {
  /** Adds messages, all or none; in a transaction, if one is given, they are sent once it is committed. */
  enqueue(messages: readonly NewMessage[], transaction?: Knex.Transaction): Promise<void>
  /** Says how messages of a kind are sent. Those of kinds that this node does not know wait for one that does. */
  register(kind: string, registration: Registration): void
  /** The kinds that this node sends. */
  kinds(): readonly string[]
  /** There is something due: do not wait for the next look. */
  wake(): void
  close(): Promise<void>
}

export type OutboxDeps = {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  /** Told of every attempt, and of messages that became dead letters by their age. */
  readonly onAttempt?: (kind: string, outcome: Step['outcome']) => void
  /** How often what other nodes added, and what is due again, is looked for. */
  readonly lookEveryMs?: number
  readonly sendLimitMs?: number
}

const LOOK_EVERY_MS = 1000
const SEND_LIMIT_MS = 10_000
/** Receivers that are sent to at the same time; at most half of them are receivers that failed the last time. */
const RECEIVERS_AT_ONCE = 100
const FAILING_AT_ONCE = RECEIVERS_AT_ONCE / 2
const TIDY_EVERY_MS = 60_000
const DEAD_KEPT_MS = 30 * 24 * 3_600_000

/** Opens the outbox. Every node sends; a message is held by one of them at a time, and by another when that one died. */
export function openOutbox(deps: OutboxDeps): Outbox {
  const { knex, log, onAttempt = () => {}, lookEveryMs = LOOK_EVERY_MS, sendLimitMs = SEND_LIMIT_MS } = deps
  const registrations = new Map<string, Registration>()
  const draining = new Map<string, Promise<void>>()
  const holder = randomUUID()
  let tidiedAtMs = 0
  let failing = 0

  const drainDeps = { knex, log, holder, sendLimitMs, onAttempt }
  const warn = (error: unknown) => log.warn({ event: 'outbox.failed', err: error })

  async function look(isClosing: () => boolean): Promise<void> {
    if (registrations.size === 0) return
    for (const ready of await readyReceivers(knex, [...registrations.keys()])) {
      const registration = registrations.get(ready.kind)
      const key = JSON.stringify([ready.kind, ready.receiver])
      if (!registration || draining.has(key)) continue
      if (draining.size >= RECEIVERS_AT_ONCE || isClosing()) return
      const isFailing = ready.failures > 0
      if (isFailing && failing >= FAILING_AT_ONCE) continue
      failing += Number(isFailing)
      const drained = drain({ ...drainDeps, isClosing }, registration, ready)
        .catch(warn)
        .finally(() => {
          draining.delete(key)
          failing -= Number(isFailing)
          // For a receiver that found no room.
          if (draining.size === RECEIVERS_AT_ONCE - 1) rounds.wake()
        })
      draining.set(key, drained)
    }
    if (Date.now() - tidiedAtMs < TIDY_EVERY_MS) return
    tidiedAtMs = Date.now()
    await tidy()
  }

  /** Removes what waits for receivers that are gone, and gives up what is too old. */
  async function tidy(): Promise<void> {
    for (const known of await knownReceivers(knex, [...registrations.keys()]))
      if (await isGone(known)) await forgetReceiver(knex, known)
    for (const [kind, count] of await giveUpOld(knex, GIVE_UP_MS)) {
      for (let each = 0; each < count; each++) onAttempt(kind, 'given-up')
      log.warn({ event: 'outbox.given-up', kind, count })
    }
    await pruneDead(knex, DEAD_KEPT_MS)
  }

  const isGone = async ({ kind, receiver }: ReceiverKey) => registrations.get(kind)?.isGone(receiver) ?? false

  const rounds = openRounds({
    run: (isClosing) => look(isClosing).catch(warn),
    nextMs: (isWoken) => (isWoken ? 0 : lookEveryMs),
  })
  return {
    async enqueue(messages, transaction) {
      await insertMessages(transaction ?? knex, messages)
      if (transaction) transaction.executionPromise.then(rounds.wake, () => {})
      else rounds.wake()
    },
    register(kind, registration) {
      registrations.set(kind, registration)
      rounds.wake()
    },
    kinds: () => [...registrations.keys()],
    wake: rounds.wake,
    async close() {
      await rounds.close()
      await Promise.all(draining.values())
    },
  }
}

import type { Knex } from 'knex'
import { openRounds } from '../rounds.ts'
import { messageOf } from '../thrown.ts'
import { closedMs } from './backoff.ts'
import type { ReceiverKey } from './message-rows.ts'
import { isOpen, knowReceiver, noteReceiverFails, noteReceiverWorks } from './receiver-rows.ts'
import { shownFailure } from './shown-failure.ts'

/** Sends what waits in a table of its own to its one receiver, in order and in the background; nothing of it is dropped. */
export type Deliveries = {
  /** There is something new: do not wait for the next look. */
  wake(): void
  /** What the receiver did not have at the last look: for metrics. */
  behind(): number
  close(): Promise<void>
}

export type DeliveriesDeps = {
  readonly knex: Knex
  /** Under which operators see, pause and resume it, beside the queues of the outbox. */
  readonly queue: ReceiverKey
  /** How much waits. */
  readonly behind: () => Promise<number>
  /** Sends some of it. @returns why it was not taken; undefined when it was. */
  readonly deliver: () => Promise<string | undefined>
  readonly onFailure: (error: unknown, behind: number) => void
  /** Another node may go on. */
  readonly giveBack: () => Promise<void>
  /** How often what other nodes wrote is looked for. */
  readonly lookEveryMs?: number | undefined
  /** After the first failure; doubles with each. */
  readonly firstDelayMs?: number | undefined
}

/** What `deliver` answers when another node has the turn, or took the last of it before us. */
export const NOTHING_TO_DO = 'nothing to do'

const LOOK_EVERY_MS = 1000

/**
 * Delivers until nothing waits, looks again from time to time, and leaves a receiver that is away alone for longer and longer. For how
 * long is in the database: all nodes keep to it, and an operator can end it.
 */
export function openDeliveries(deps: DeliveriesDeps): Deliveries {
  const { knex, queue, lookEveryMs = LOOK_EVERY_MS, firstDelayMs } = deps
  let behind = 0
  let isKnown = false

  async function deliver(isClosing: () => boolean): Promise<void> {
    try {
      if (!isKnown) await knowReceiver(knex, queue)
      isKnown = true
      behind = await deps.behind()
      let isNoted = false
      while (behind > 0 && !isClosing() && (await isOpen(knex, queue))) {
        const failure = await deps.deliver()
        if (failure === NOTHING_TO_DO) break
        if (failure !== undefined) throw new Error(failure)
        if (!isNoted) await noteReceiverWorks(knex, queue)
        isNoted = true
        behind = await deps.behind()
      }
    } catch (error) {
      deps.onFailure(error, behind)
      const failure = shownFailure(messageOf(error))
      const closed = (failures: number) => closedMs(failures, undefined, { firstMs: firstDelayMs })
      await noteReceiverFails(knex, queue, { failure, closedMs: closed }).catch(() => {})
    }
  }

  const rounds = openRounds({ run: deliver, nextMs: (isWoken) => (isWoken ? 0 : lookEveryMs) })
  return {
    wake: rounds.wake,
    behind: () => behind,
    async close() {
      await rounds.close()
      await deps.giveBack().catch(() => {})
    },
  }
}

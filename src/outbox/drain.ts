import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { messageOf } from '../thrown.ts'
import { closedMs, type Step, stepAfter } from './backoff.ts'
import type { Message, Registration, SendResult } from './message.ts'
import { claimMessages, forgetReceiver, noteFailure, removeMessages } from './message-rows.ts'
import { noteReceiverFails, noteReceiverWorks, noteRefusal, type ReadyReceiver } from './receiver-rows.ts'
import { shownFailure } from './shown-failure.ts'

export type DrainDeps = {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  /** This node. */
  readonly holder: string
  readonly sendLimitMs: number
  readonly isClosing: () => boolean
  readonly onAttempt: (kind: string, outcome: Step['outcome']) => void
}

/** Sent to one receiver at a time. */
const AT_ONCE = 16
/** A node that died gives way after it: longer than an attempt may take, with the time to write down what came of it. */
const HELD_FOR_MS = 5000

type Tried = { readonly message: Message; readonly result: SendResult; readonly step: Step }

/** Sends what is due to one receiver until nothing is, or it fails. Of one that fails, one message at a time is tried. */
export async function drain(deps: DrainDeps, { send, isGone }: Registration, ready: ReadyReceiver): Promise<void> {
  const { knex, log, holder, sendLimitMs } = deps
  let { failures } = ready
  while (!deps.isClosing()) {
    if (await isGone(ready.receiver)) {
      await forgetReceiver(knex, ready)
      return
    }
    const limit = failures > 0 ? 1 : AT_ONCE
    const heldMs = sendLimitMs + HELD_FOR_MS
    const messages = await claimMessages(knex, ready, { limit, holder, heldMs })
    if (messages.length === 0) return
    const tried = await Promise.all(messages.map((message) => attempt(send, message, sendLimitMs)))
    await write(deps, tried)
    failures = await noteReceiver(knex, { ...ready, failures }, tried)
    for (const { message, step } of tried) {
      deps.onAttempt(message.kind, step.outcome)
      if (step.outcome === 'refused' || step.outcome === 'given-up') {
        const { id, kind, receiver } = message
        log.warn({ event: 'outbox.dead-letter', id, kind, receiver, outcome: step.outcome, reason: step.failure })
      }
    }
    if (failures > 0) return
  }
}

async function attempt(send: Registration['send'], message: Message, limitMs: number): Promise<Tried> {
  const result = await within(limitMs, () => send(message)).catch(
    (error: unknown): SendResult => ({ retry: messageOf(error) }),
  )
  return { message, result, step: stepAfter(result, message.attempts + 1) }
}

/** A sender that hangs holds nobody up. */
async function within(limitMs: number, run: () => Promise<SendResult>): Promise<SendResult> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => resolve({ retry: `no answer within ${limitMs} ms` }), limitMs)
  })
  try {
    return await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}

async function write({ knex, holder }: DrainDeps, tried: readonly Tried[]): Promise<void> {
  const delivered = tried.filter(({ step }) => step.outcome === 'delivered')
  await removeMessages(
    knex,
    delivered.map(({ message }) => message.id),
  )
  for (const { message, step } of tried) {
    if (step.outcome === 'delivered') continue
    const failure = shownFailure(step.failure)
    const afterMs = step.outcome === 'retry' ? { afterMs: step.afterMs } : {}
    await noteFailure(knex, holder, { id: message.id, failure, ...afterMs })
  }
}

/** @returns how often it failed in a row. */
async function noteReceiver(knex: Knex, receiver: ReadyReceiver, tried: readonly Tried[]): Promise<number> {
  const failed = tried.flatMap(({ result }) => (result !== 'delivered' && 'retry' in result ? [result] : []))
  const [first] = failed
  if (first) {
    const asked = Math.max(0, ...failed.map(({ afterSeconds = 0 }) => afterSeconds))
    const failure = shownFailure(first.retry)
    return noteReceiverFails(knex, receiver, { failure, closedMs: (failures) => closedMs(failures, asked) })
  }
  const refused = tried.find(({ step }) => step.outcome === 'refused')
  if (refused && 'failure' in refused.step) await noteRefusal(knex, receiver, shownFailure(refused.step.failure))
  if (tried.some(({ step }) => step.outcome === 'delivered')) await noteReceiverWorks(knex, receiver)
  return 0
}

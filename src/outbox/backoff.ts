import type { SendResult } from './message.ts'

/** What follows an attempt: the message is tried again, or is kept as a dead letter. */
export type Step =
  | { readonly outcome: 'delivered' }
  | { readonly outcome: 'retry'; readonly failure: string; readonly afterMs: number }
  | { readonly outcome: 'refused' | 'given-up'; readonly failure: string }

/** Attempts before a message is a dead letter. With the steps below they span more than an hour. */
export const MOST_ATTEMPTS = 8
/** A receiver that fails for so long, and a message that waited for so long. */
export const GIVE_UP_MS = 24 * 3_600_000
/** The longest wait that a receiver can ask for. */
const MOST_ASKED_MS = 300_000
const FIRST_MS = 1000
const STEP = 4
const JITTER = 0.25
/** A receiver that fails is left alone for at most so long. */
const MOST_CLOSED_MS = 60_000

/** After the `attempts`-th attempt, this one included. `random` is from 0 to 1. */
export function stepAfter(result: SendResult, attempts: number, random = Math.random()): Step {
  if (result === 'delivered') return { outcome: 'delivered' }
  if ('refused' in result) return { outcome: 'refused', failure: result.refused }
  if (attempts >= MOST_ATTEMPTS) return { outcome: 'given-up', failure: result.retry }
  const ownMs = jittered(FIRST_MS * STEP ** (attempts - 1), random)
  return { outcome: 'retry', failure: result.retry, afterMs: Math.max(ownMs, askedMs(result.afterSeconds)) }
}

/** For how long a receiver that failed `failures` times in a row is left alone, all of its messages with it. */
export function closedMs(
  failures: number,
  afterSeconds: number | undefined,
  {
    random = Math.random(),
    firstMs = FIRST_MS,
  }: { readonly random?: number; readonly firstMs?: number | undefined } = {},
): number {
  const ownMs = jittered(Math.min(firstMs * 2 ** (failures - 1), MOST_CLOSED_MS), random)
  return Math.max(ownMs, askedMs(afterSeconds))
}

/** So that what failed together does not come back together. */
function jittered(ms: number, random: number): number {
  return Math.round(ms * (1 - JITTER + 2 * JITTER * random))
}

function askedMs(afterSeconds = 0): number {
  return Number.isFinite(afterSeconds) ? Math.min(Math.max(0, afterSeconds * 1000), MOST_ASKED_MS) : 0
}

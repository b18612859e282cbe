import { setTimeout as pause } from 'node:timers/promises'

export type WaitOptions = {
  readonly deadlineMs?: number
  readonly everyMs?: number
  /** Completes "waited N ms for …" when the deadline passes. */
  readonly what?: string
}

/**
 * Asks `condition` again and again until it is truthy and returns what it said. A throw counts as "not yet".
 *
 * @throws when the deadline passes; the last throw of the condition is the cause.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 120_000, everyMs = 25, what = 'a condition' }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = Date.now() + deadlineMs
  let cause: unknown
  do {
    try {
      const answer = await condition()
      if (answer) return answer as Exclude<T, false | null | undefined | 0 | ''>
      cause = undefined
    } catch (error) {
      cause = error
    }
    await pause(everyMs)
  } while (Date.now() < deadline)
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  throw new Error(`waited ${deadlineMs} ms for ${what}${reason}`, { cause })
}

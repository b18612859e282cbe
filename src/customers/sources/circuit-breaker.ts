export type CircuitBreaker = {
  /** Seconds until the next call is allowed; undefined when it is allowed now. */
  restsForSeconds(): number | undefined
  succeeded(): void
  failed(): void
}

/**
 * Leaves a service alone that failed several times in a row, so that a shop that is down is answered at once and
 * not after a timeout each. After the pause one caller at a time tries.
 */
export function createCircuitBreaker({
  failures = 5,
  pauseSeconds = 10,
  nowMs = () => performance.now(),
}: {
  readonly failures?: number
  readonly pauseSeconds?: number
  readonly nowMs?: () => number
} = {}): CircuitBreaker {
  let failed = 0
  let openUntilMs = 0

  return {
    restsForSeconds() {
      if (failed < failures) return undefined
      const restMs = openUntilMs - nowMs()
      if (restMs > 0) return Math.max(1, Math.ceil(restMs / 1000))
      // This caller tries; the next ones wait for what it finds.
      openUntilMs = nowMs() + pauseSeconds * 1000
      return undefined
    },
    succeeded() {
      failed = 0
    },
    failed() {
      failed++
      if (failed >= failures) openUntilMs = nowMs() + pauseSeconds * 1000
    },
  }
}

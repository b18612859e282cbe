import { setTimeout } from 'node:timers/promises'

export type ConstantTimeRefusal = {
  /** Takes note, at a start, of what a kind of check costs that is in use; it is not forgotten before the next start. */
  expect(kind: string, spentMs: number): void
  /** Learns what a kind of check takes whose cost is not that of our own argon2id. */
  observe(kind: string, spentMs: number): void
  /** Waits until a refusal has taken as long as the slowest kind of check in use. Holds no core meanwhile. */
  hold(spentMs: number): Promise<void>
}

type Cost = { readonly averageMs: number; readonly seenAtMs: number; readonly isExpected?: true }

/** A kind not met for so long is taken to be gone. */
const MEMORY_MS = 60 * 60 * 1000
const MAX_FLOOR_MS = 3000
/** Checks scatter: most of them end within this much of their average. */
const SCATTER = 1.3
const WEIGHT = 1 / 8

/**
 * A bcrypt row takes a quarter of a second to check and our own a hundredth: without a floor, the time of a refusal
 * would tell whose account came from another shop. There is none while every row is our own.
 */
export function createConstantTimeRefusal(nowMs: () => number = () => performance.now()): ConstantTimeRefusal {
  const costs = new Map<string, Cost>()

  const floorMs = () => {
    let slowestMs = 0
    for (const [kind, { averageMs, seenAtMs, isExpected }] of costs) {
      if (!isExpected && nowMs() - seenAtMs > MEMORY_MS) costs.delete(kind)
      else slowestMs = Math.max(slowestMs, averageMs)
    }
    return Math.min(slowestMs * SCATTER, MAX_FLOOR_MS)
  }

  return {
    expect(kind, spentMs) {
      costs.set(kind, { averageMs: spentMs, seenAtMs: nowMs(), isExpected: true })
    },
    observe(kind, spentMs) {
      const known = costs.get(kind)
      const averageMs = known?.averageMs ?? spentMs
      costs.set(kind, { ...known, averageMs: averageMs + (spentMs - averageMs) * WEIGHT, seenAtMs: nowMs() })
    },
    async hold(spentMs) {
      const restMs = floorMs() - spentMs
      if (restMs > 0) await setTimeout(restMs)
    },
  }
}

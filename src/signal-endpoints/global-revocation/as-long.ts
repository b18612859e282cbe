import { setTimeout as delay } from 'node:timers/promises'

/** Does something about `count` people. */
export type AsLong = (count: number, act: () => Promise<void>) => Promise<void>

const KEPT = 50
/** Before anybody was ended here. */
const USUAL_MS = 20

/**
 * Lets an answer about nobody take as long as one about somebody did lately, so that the time of an answer does not tell whether there
 * is such a person.
 */
export function createAsLong(
  wait: (ms: number) => Promise<unknown> = delay,
  now: () => number = performance.now.bind(performance),
): AsLong {
  const took: number[] = []
  return async function asLong(count, act) {
    if (count === 0) {
      await wait(took[Math.floor(Math.random() * took.length)] ?? USUAL_MS)
      return
    }
    const startedMs = now()
    await act()
    took.push(now() - startedMs)
    if (took.length > KEPT) took.shift()
  }
}

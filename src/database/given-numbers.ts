/** Leaves a sequence of integers a hundred million numbers, more than a shop ever makes. */
const HIGHEST_RAISING = 2_000_000_000

/**
 * Whether a number that was given by hand takes the sequence along, so that it is not given out again. One near the end of
 * integers does not: a single row would leave no number for anybody after it.
 */
export function isRaising(given: number): boolean {
  return given <= HIGHEST_RAISING
}

/** What a collection of garbage just before or after a reading moves the middle by. */
const TOLERATED_SHARE = 0.05

/**
 * Whether sizes that were read one after another still grow in their second half, by the middle sizes of both halves: garbage
 * that is collected now and then makes a saw, of which a reading hits any point. Flat is a middle that is higher by a
 * twentieth at most.
 */
export function growth(sizes: readonly number[]): { readonly by: number; readonly isFlat: boolean } {
  const half = Math.floor(sizes.length / 2)
  const [before, after] = [middle(sizes.slice(0, half)), middle(sizes.slice(half))]
  return { by: after - before, isFlat: after - before <= before * TOLERATED_SHARE }
}

function middle(sizes: readonly number[]): number {
  return sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0
}

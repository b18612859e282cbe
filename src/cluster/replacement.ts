/** One that lives shorter than this died of its start. */
const EARLY_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
const EARLY_DEATHS_ALLOWED = 5

export type Replacement = { readonly outcome: 'replace'; readonly afterMs: number } | { readonly outcome: 'give up' }

/**
 * What to do about a worker that died, knowing how long the last ones lived, newest last. One that worked for a while
 * is replaced at once; after early deaths in a row the pause doubles. While others serve this goes on for ever: a
 * database that is away must not take the node with it. When no worker is left, it gives up.
 */
export function planReplacement(livedMs: readonly number[], { isAnyServing }: { isAnyServing: boolean }): Replacement {
  const lastLong = livedMs.findLastIndex((lived) => lived >= EARLY_MS)
  const earlyDeaths = livedMs.length - 1 - lastLong
  if (earlyDeaths > EARLY_DEATHS_ALLOWED && !isAnyServing) return { outcome: 'give up' }
  const afterMs = earlyDeaths === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (earlyDeaths - 1), LONGEST_PAUSE_MS)
  return { outcome: 'replace', afterMs }
}

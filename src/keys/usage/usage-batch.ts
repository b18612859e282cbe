import type { Verifier } from './key-usage.ts'

const MAX_FETCHERS = 5000
const MAX_NAME_LENGTH = 100
const OTHERS = '(others)'

type Use = { readonly signed: number; readonly seen: number; readonly signedAt?: number; readonly seenAt?: number }

/** Counts not yet written. Bounded: fetchers beyond 5,000 between two writes are counted together. */
export type UsageBatch = {
  readonly sets: Map<string, { kids: readonly string[]; at: number }>
  readonly fetches: Map<string, Verifier & { hash: string; at: number; count: number }>
  readonly uses: Map<string, Use>
}

/** A batch with nothing counted yet. */
export function emptyBatch(): UsageBatch {
  return { sets: new Map(), fetches: new Map(), uses: new Map() }
}

/** Notes that a key set is published, from the first time on. */
export function countSet({ sets }: UsageBatch, hash: string, kids: readonly string[], at: number): void {
  if (!sets.has(hash)) sets.set(hash, { kids, at })
}

/** Notes a fetch of the key set. */
export function countFetch({ fetches }: UsageBatch, fetcher: Verifier, hash: string, at: number): void {
  const verifier = bounded(fetches, fetcher)
  const count = (fetches.get(nameOf(verifier))?.count ?? 0) + 1
  fetches.set(nameOf(verifier), { ...verifier, hash, at, count })
}

/** Notes that a key signed, or that a token it signed arrived. */
export function countUse({ uses }: UsageBatch, kid: string, what: 'signed' | 'seen', at: number): void {
  const use = uses.get(kid) ?? { signed: 0, seen: 0 }
  uses.set(kid, { ...use, [what]: use[what] + 1, [`${what}At`]: at })
}

function bounded(fetches: UsageBatch['fetches'], { verifier, address }: Verifier): Verifier {
  const named = { verifier: verifier.slice(0, MAX_NAME_LENGTH), address: address.slice(0, MAX_NAME_LENGTH) }
  const isFull = fetches.size >= MAX_FETCHERS && !fetches.has(nameOf(named))
  return isFull ? { verifier: OTHERS, address: OTHERS } : named
}

function nameOf({ verifier, address }: Verifier): string {
  return JSON.stringify([verifier, address])
}

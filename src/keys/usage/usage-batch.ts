import { networkOf } from '../../credentials/ip-network.ts'
import type { Verifier } from './key-usage.ts'

const MAX_FETCHERS = 5000
const MAX_NAME_LENGTH = 100
/** Programs that one network is believed to run; a stranger invents as many as they like. */
export const MOST_PER_NETWORK = 20
export const OTHERS = '(others)'

type Use = { signed: number; seen: number; signedAt?: number; seenAt?: number }

/** Counts not yet written. Bounded: fetchers beyond 5,000 between two writes, and beyond 20 of a network, are counted together. */
export type UsageBatch = {
  readonly sets: Map<string, { kids: readonly string[]; at: number }>
  readonly fetches: Map<string, Verifier & { hash: string; at: number; count: number }>
  /** Verifiers in `fetches` by network. */
  readonly networks: Map<string, number>
  readonly uses: Map<string, Use>
}

/** A batch with nothing counted yet. */
export function emptyBatch(): UsageBatch {
  return { sets: new Map(), fetches: new Map(), networks: new Map(), uses: new Map() }
}

/** Notes that a key set is published, from the first time on. */
export function countSet({ sets }: UsageBatch, hash: string, kids: readonly string[], at: number): void {
  if (!sets.has(hash)) sets.set(hash, { kids, at })
}

/** Notes a fetch of the key set. */
export function countFetch(batch: UsageBatch, fetcher: Verifier, hash: string, at: number): void {
  const { fetches, networks } = batch
  // As most of them come: a verifier that is counted already, under a name that needs no shortening.
  const counted = fetches.get(nameOf(fetcher))
  if (counted) {
    Object.assign(counted, { hash, at, count: counted.count + 1 })
    return
  }
  const verifier = bounded(batch, fetcher)
  const known = fetches.get(nameOf(verifier))
  const network = networkOf(verifier.address)
  if (!known) networks.set(network, (networks.get(network) ?? 0) + 1)
  fetches.set(nameOf(verifier), { ...verifier, hash, at, count: (known?.count ?? 0) + 1 })
}

/** Notes that a key signed, or that a token it signed arrived. */
export function countUse({ uses }: UsageBatch, kid: string, what: 'signed' | 'seen', at: number): void {
  let use = uses.get(kid)
  if (!use) {
    use = { signed: 0, seen: 0 }
    uses.set(kid, use)
  }
  use[what] += 1
  use[what === 'signed' ? 'signedAt' : 'seenAt'] = at
}

function bounded({ fetches, networks }: UsageBatch, { verifier, address }: Verifier): Verifier {
  const named = { verifier: verifier.slice(0, MAX_NAME_LENGTH), address: address.slice(0, MAX_NAME_LENGTH) }
  if (fetches.has(nameOf(named))) return named
  if (fetches.size >= MAX_FETCHERS) return { verifier: OTHERS, address: OTHERS }
  const network = networkOf(named.address)
  return (networks.get(network) ?? 0) < MOST_PER_NETWORK ? named : { verifier: OTHERS, address: network }
}

function nameOf({ verifier, address }: Verifier): string {
  // An address has no spaces.
  return `${address} ${verifier}`
}

import { createRecent } from '../cache.ts'
import type { Storage } from '../storage/storage.ts'

/** Wrong secrets for one client from one network before that network is refused unchecked. */
const MOST_FAILURES = 50
const WINDOW_SECONDS = 900
/** Pairs of client and network that are remembered at a time. */
const MOST_PAIRS = 10_000

export type SecretGuessingDeps = {
  readonly storage: Pick<Storage, 'increment'>
  /** Told once when a network is refused from now on. */
  readonly onLimit: (clientId: string, network: string) => void
  /** Epoch seconds. */
  readonly now?: () => number
}

/**
 * Bounds guessing of client secrets, per client and network. Only a wrong secret costs a trip to storage. A network from
 * which the client proved itself is never refused unchecked: guesses from there do not lock the client out.
 */
export function createSecretGuessing({ storage, onLimit, now = () => Date.now() / 1000 }: SecretGuessingDeps) {
  const proven = createRecent<true>(MOST_PAIRS)
  const refusedUntil = createRecent<number>(MOST_PAIRS)

  /** Whether the client proved itself from there not long ago: its secret is checked without counting. */
  function isKnownPlace(clientId: string, network: string): boolean {
    return proven.get(pairOf(clientId, network)) !== undefined
  }

  async function verify(clientId: string, network: string, check: () => Promise<boolean>): Promise<boolean> {
    const pair = pairOf(clientId, network)
    const isProven = proven.get(pair) !== undefined
    if (!isProven && (refusedUntil.get(pair) ?? 0) > now()) return false
    if (await check()) {
      proven.set(pair, true)
      return true
    }
    if (isProven) return false
    const failures = await storage.increment(`client-secret:${pair}`, WINDOW_SECONDS)
    if (failures < MOST_FAILURES) return false
    refusedUntil.set(pair, now() + WINDOW_SECONDS)
    onLimit(clientId, network)
    return false
  }

  return { verify, isKnownPlace }
}

/** A network has no spaces, so that the last one parts the two. */
function pairOf(clientId: string, network: string): string {
  return `${clientId} ${network}`
}

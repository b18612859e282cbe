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
  const proven = createRecent<true>()
  const refusedUntil = createRecent<number>()

  return async function verify(clientId: string, network: string, check: () => Promise<boolean>): Promise<boolean> {
    const pair = JSON.stringify([clientId, network])
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
}

/** A map that forgets its oldest entry when it is full. */
function createRecent<Value>() {
  const entries = new Map<string, Value>()
  return {
    get: (key: string) => entries.get(key),
    set(key: string, value: Value): void {
      entries.delete(key)
      entries.set(key, value)
      const [oldest] = entries.keys()
      if (entries.size > MOST_PAIRS && oldest !== undefined) entries.delete(oldest)
    },
  }
}

import { resetCounter } from '../../storage/reset-counter.ts'
import type { Storage } from '../../storage/storage.ts'
import { normalizeEmail } from '../email.ts'
import { networkOf } from '../ip-network.ts'

/** The wrong passwords some shop's own endpoint bears for one login, beside the lockout that spans all endpoints. */
export type Throttle = {
  /** Whose counters they are. */
  readonly name: string
  readonly attempts: number
  /** Counted from the last wrong password that was still checked. */
  readonly seconds: number
}

type Context = { readonly ip: string; readonly throttle?: Throttle }
type Check<C extends Context, Result> = (login: string, password: string, context?: C) => Promise<Result>
type Locked = { readonly outcome: 'locked'; readonly retryAfterSeconds: number }

const KIND = 'LoginThrottle'
/** Counters are judged by the artifact beside them; this is only when an old one is forgotten. */
const COUNTER_SECONDS = 86_400
const FAILURES: readonly string[] = ['refused', 'unconfirmed']

/**
 * The same check, where the endpoint has a throttle: refused unchecked once there were too many wrong passwords for a login
 * from one network. What is refused unchecked does not lengthen it; a right password forgets them all.
 */
export function throttleLogins<C extends Context, Result extends { readonly outcome: string }>(
  authenticate: Check<C, Result>,
  {
    storage,
    now = () => Date.now() / 1000,
  }: { storage: Pick<Storage, 'get' | 'put' | 'increment'>; now?: () => number },
): Check<C, Result | Locked> {
  return async function throttled(login, password, context) {
    if (!context?.throttle) return authenticate(login, password, context)
    const { name, attempts, seconds } = context.throttle
    const key = `throttle:${name}:${normalizeEmail(login)}:${networkOf(context.ip)}`
    const last = (await storage.get(KIND, key))?.artifact
    if (last !== undefined && Number(last.failures) >= attempts) {
      return { outcome: 'locked', retryAfterSeconds: Math.max(1, Math.ceil(Number(last.until) - now())) }
    }
    const result = await authenticate(login, password, context)
    if (result.outcome === 'authenticated' && last !== undefined) await forget(key)
    if (FAILURES.includes(result.outcome)) {
      if (last === undefined) await forget(key)
      const failures = await storage.increment(key, COUNTER_SECONDS)
      await storage.put(KIND, key, { failures, until: now() + seconds }, seconds)
    }
    return result
  }

  async function forget(key: string): Promise<void> {
    await resetCounter(storage, key)
    await storage.put(KIND, key, { failures: 0 }, 1)
  }
}

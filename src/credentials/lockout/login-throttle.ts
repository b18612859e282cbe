import { randomUUID } from 'node:crypto'
import type { Storage } from '../../storage/storage.ts'
import { normalizeEmail } from '../email.ts'
import { networkOf } from '../ip-network.ts'
import { noteWhoseLater } from '../whose-attempt.ts'

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
type ThrottleDeps = {
  readonly storage: Pick<Storage, 'get' | 'putOnce' | 'raise' | 'extend' | 'remove' | 'increment'>
  readonly now?: () => number
  /** The id of the person with a login, for the audit trail of what is refused unchecked. */
  readonly findPerson?: (login: string) => Promise<string | undefined>
}

/** The name of the counter in use, which lives until `seconds` after the last wrong password: then another one begins. */
const KIND = 'LoginThrottle'
/** When a full counter lets the next attempt through. */
const UNTIL = 'LoginThrottleUntil'
/** A counter is not used for longer than its name lives; this is only when an old one is forgotten. */
const COUNTER_SECONDS = 86_400
const FAILURES: readonly string[] = ['refused', 'unconfirmed']

/**
 * The same check, where the endpoint has a throttle: refused unchecked once there were too many wrong passwords for a login
 * from one network. An attempt is counted before it is checked, so that many at once are no more than one after another.
 * What is refused unchecked does not lengthen it; a right password forgets them all.
 */
export function throttleLogins<C extends Context, Result extends { readonly outcome: string }>(
  authenticate: Check<C, Result>,
  { storage, now = () => Date.now() / 1000, findPerson = async () => undefined }: ThrottleDeps,
): Check<C, Result | Locked> {
  return async function throttled(login, password, context) {
    if (!context?.throttle) return authenticate(login, password, context)
    const { name, attempts, seconds } = context.throttle
    const key = `throttle:${name}:${normalizeEmail(login)}:${networkOf(context.ip)}`
    const counter = `${key}:${await counterOf(key, seconds)}`
    const count = await storage.increment(counter, COUNTER_SECONDS)
    if (count > attempts) {
      await storage.increment(counter, COUNTER_SECONDS, -1)
      const until = Number((await storage.get(UNTIL, key))?.artifact.atMs ?? 0) / 1000
      const locked: Locked = { outcome: 'locked', retryAfterSeconds: Math.max(1, Math.ceil(until - now())) }
      return noteWhoseLater(locked, () => findPerson(login))
    }
    let outcome: string | undefined
    try {
      const result = await authenticate(login, password, context)
      outcome = result.outcome
      return result
    } finally {
      await settle(outcome)
    }

    async function settle(settled: string | undefined): Promise<void> {
      if (settled === 'authenticated') await storage.remove(KIND, key)
      else if (settled === undefined || !FAILURES.includes(settled))
        await storage.increment(counter, COUNTER_SECONDS, -1)
      else {
        await storage.extend(KIND, key, seconds)
        await storage.raise(UNTIL, key, Math.round((now() + seconds) * 1000), seconds)
      }
    }
  }

  /** One of those who ask at once names it. */
  async function counterOf(key: string, seconds: number): Promise<string> {
    const known = await storage.get(KIND, key)
    if (known) return String(known.artifact.counter)
    const counter = randomUUID()
    if (await storage.putOnce(KIND, key, { counter }, seconds)) return counter
    return String((await storage.get(KIND, key))?.artifact.counter ?? counter)
  }
}

import { resetCounter } from '../storage/reset-counter.ts'
import type { Storage } from '../storage/storage.ts'
import type { Lockout } from './lockout/lockout.ts'
import type { LockoutOperations } from './lockout/lockout-operations.ts'

/** The ways to show a second factor; each has its own count of wrong codes. */
export const FACTORS = ['app', 'recovery', 'mail'] as const
export type Factor = (typeof FACTORS)[number]

/** What became of a code: one that is `locked` was not looked at. */
export type Redeemed =
  | { readonly outcome: 'right' }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }

/** A code, whose it is said to be, and from where it comes. */
export type Attempt = { readonly personId: string; readonly factor: Factor; readonly code: string; readonly ip: string }

export type FactorGuard = {
  /** Lets `look` see the code unless too many were wrong before; it is true for exactly one caller of a right one. */
  redeem(attempt: Attempt, look: () => Promise<boolean>): Promise<Redeemed>
  /** An operator makes up for all wrong codes of a person. */
  forgive(personId: string): Promise<void>
}

/** Failures in a row after which a factor is not looked at any more (NIST SP 800-63B-4 §3.2.2). */
const MOST_FAILURES = 100
/** As long as a person may be away and the failures still count. */
const MEMORY_SECONDS = 365 * 86_400
const LOCKED_SECONDS = 3600

/**
 * Counts wrong codes of each factor of each person, apart from wrong passwords: only who knows the password can guess codes, so
 * that the counts lock out nobody for what strangers do. An attempt is counted before its code is looked at.
 */
export function createFactorGuard({
  lockout,
  lockoutOperations,
  storage,
  realm,
}: {
  /** With counters of its own, few attempts, and blocks that grow. */
  readonly lockout: Pick<Lockout, 'reserve'>
  readonly lockoutOperations: Pick<LockoutOperations, 'liftLogin'>
  readonly storage: Pick<Storage, 'increment'>
  /** Whose factors they are, for the names of the counters. */
  readonly realm: string
}): FactorGuard {
  const accountOf = (personId: string, factor: Factor) => `${personId}:${factor}`
  const counterOf = (account: string) => `factor:failures:${realm}:${account}`

  return {
    async redeem({ personId, factor, code, ip }, look) {
      const account = accountOf(personId, factor)
      const { lockedForSeconds, settle } = await lockout.reserve(account, code, { ip })
      if (lockedForSeconds !== undefined) {
        await settle('unchecked')
        return { outcome: 'locked', retryAfterSeconds: lockedForSeconds }
      }
      const count = (by?: number) => storage.increment(counterOf(account), MEMORY_SECONDS, by)
      const failures = await count()
      const giveBack = () => Promise.all([settle('unchecked'), count(-1)])
      if (failures > MOST_FAILURES) {
        await giveBack()
        return { outcome: 'locked', retryAfterSeconds: LOCKED_SECONDS }
      }
      const isRight = await look().catch(async (error: unknown) => {
        await giveBack()
        throw error
      })
      await settle(isRight ? 'success' : 'failure')
      if (isRight) await count(-failures)
      return { outcome: isRight ? 'right' : 'wrong' }
    },

    async forgive(personId) {
      const accounts = FACTORS.map((factor) => accountOf(personId, factor))
      await Promise.all(
        accounts.flatMap((account) => [
          resetCounter(storage, counterOf(account)),
          lockoutOperations.liftLogin(account),
        ]),
      )
    },
  }
}

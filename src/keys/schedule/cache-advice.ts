import { keyOutlook } from './key-outlook.ts'
import type { RotatingKey } from './rotation.ts'
import type { RotationPolicy } from './rotation-policy.ts'

const MIN_CACHE_SECONDS = 10

/**
 * Seconds a verifier may keep the key set it fetches at `now`: the policy's, shortened so that no copy outlives the
 * next planned change, and never under ten seconds.
 */
export function cacheSecondsAt(keys: readonly RotatingKey[], policy: RotationPolicy, now: number): number {
  const untilChange = nextChangeAt(keys, policy) - now
  if (untilChange <= 0) return Math.min(policy.jwksCacheSeconds, MIN_CACHE_SECONDS)
  return Math.min(policy.jwksCacheSeconds, Math.max(untilChange, MIN_CACHE_SECONDS))
}

/** Epoch seconds at which the schedule next changes the key set; infinite where nothing is planned. */
export function nextChangeAt(keys: readonly RotatingKey[], policy: RotationPolicy): number {
  return Math.min(...keyOutlook(keys, policy).map(({ at }) => at), Number.POSITIVE_INFINITY)
}

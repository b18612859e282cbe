import { nextSignerOf, type RotatingKey, signerOf } from './rotation.ts'
import { publicationSeconds, type RotationPolicy, retentionSeconds } from './rotation-policy.ts'

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
  const rotations = policy.algorithms.map((algorithm) => {
    const own = keys.filter((key) => key.algorithm === algorithm)
    const [signer, successor] = [signerOf(own), nextSignerOf(own)]
    if (!signer || !successor || !policy.isAutomatic) return Number.POSITIVE_INFINITY
    return Math.max(signer.since + policy.rotationSeconds, successor.createdAt + publicationSeconds(policy))
  })
  const removals = keys.filter((key) => key.state === 'retired').map((key) => key.since + retentionSeconds(policy))
  return Math.min(...rotations, ...removals)
}

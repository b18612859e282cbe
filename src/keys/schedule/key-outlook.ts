import { nextSignerOf, type RotatingKey, signerOf } from './rotation.ts'
import { publicationSeconds, type RotationPolicy, retentionSeconds } from './rotation-policy.ts'

/** What the schedule will do with a key by itself, and when (epoch seconds). */
export type KeyOutlook = { readonly kid: string; readonly next: 'activate' | 'retire' | 'remove'; readonly at: number }

/** The countdown of every key that has one; a node that does not publish the next key yet can put a rotation off. */
export function keyOutlook(keys: readonly RotatingKey[], policy: RotationPolicy): KeyOutlook[] {
  const rotations = policy.algorithms.flatMap((algorithm): KeyOutlook[] => {
    const own = keys.filter((key) => key.algorithm === algorithm)
    const [signer, successor] = [signerOf(own), nextSignerOf(own)]
    if (!signer || !successor || !policy.isAutomatic) return []
    const at = Math.max(signer.since + policy.rotationSeconds, successor.createdAt + publicationSeconds(policy))
    return [
      { kid: signer.kid, next: 'retire', at },
      { kid: successor.kid, next: 'activate', at },
    ]
  })
  const removals = keys
    .filter((key) => key.state === 'retired')
    .map((key): KeyOutlook => ({ kid: key.kid, next: 'remove', at: key.since + retentionSeconds(policy) }))
  return [...rotations, ...removals]
}

import { type KeyOutlook, keyOutlook } from '../schedule/key-outlook.ts'
import type { KeyState, SigningAlgorithm } from '../signing-key.ts'
import type { KeyUsage } from '../usage/key-usage.ts'
import type { KeyUsageRecorder } from '../usage/usage-recorder.ts'
import type { KeyRing } from './key-ring.ts'

/** One line of `vestibule keys list`. */
export type KeyListing = Omit<KeyUsage, 'firstPublishedAt'> & {
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly createdAt: number
  /** Epoch seconds at which the key came into its state. */
  readonly since: number
  readonly ageSeconds: number
  readonly firstPublishedAt: number
  /** What the schedule does with it next; absent where nothing is planned. */
  readonly next?: KeyOutlook['next']
  /** Epoch seconds. */
  readonly nextAt?: number
}

/** Every key with what is known about its use, those that sign first. */
export async function listKeys(deps: {
  readonly ring: Pick<KeyRing, 'keys' | 'policy'>
  readonly keyUsage: Pick<KeyUsageRecorder, 'report'>
  readonly now: number
}): Promise<KeyListing[]> {
  const keys = deps.ring.keys()
  const outlook = keyOutlook(keys, deps.ring.policy())
  const keyUsage = await deps.keyUsage.report(keys.map((key) => key.kid))
  return keys.map(({ kid, algorithm, state, createdAt, since }) => {
    const known = keyUsage.find((each) => each.kid === kid) ?? { kid, verifiersBehind: [] }
    const ageSeconds = Math.max(0, deps.now - createdAt)
    const next = outlook.find((each) => each.kid === kid)
    return {
      firstPublishedAt: createdAt,
      ...known,
      algorithm,
      state,
      createdAt,
      since,
      ageSeconds,
      ...(next && { next: next.next, nextAt: next.at }),
    }
  })
}

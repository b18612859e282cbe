import type { KeyState, SigningAlgorithm } from '../signing-key.ts'
import { publicationSeconds, type RotationPolicy, retentionSeconds } from './rotation-policy.ts'

/** What a rotation rule has to know of a key. */
export type RotatingKey = {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  readonly createdAt: number
  readonly since: number
}

export type RotationStep =
  | { readonly action: 'generate'; readonly algorithm: SigningAlgorithm; readonly state: 'pending' | 'active' }
  | { readonly action: 'activate'; readonly kid: string; readonly since: number }
  | { readonly action: 'retire'; readonly kid: string; readonly since: number }
  | { readonly action: 'remove'; readonly kid: string }
  | { readonly action: 'revoke'; readonly kid: string }

/** Kids that an active node does not publish yet; none of them may start to sign. */
export type Unpublished = ReadonlySet<string>

const NONE: Unpublished = new Set()

/**
 * Decides what must happen to the key set at `now`, in an order in which every prefix of the steps leaves a usable
 * key set: a signer is made before the old one goes. Pure: no clock, no I/O, no randomness.
 */
export function planRotation(
  keys: readonly RotatingKey[],
  policy: RotationPolicy,
  now: number,
  unpublished: Unpublished = NONE,
): RotationStep[] {
  const planned = policy.algorithms.flatMap((algorithm) => {
    const own = keys.filter((key) => key.algorithm === algorithm)
    return planSigner(algorithm, { keys: own, policy, now, unpublished })
  })
  const removed = keys.filter((key) => isOver(key, policy, now)).map((key): RotationStep => remove(key.kid))
  return [...planned, ...removed]
}

/**
 * The key that signs: of several marked active (a crash between two steps leaves that) the one promoted last, so
 * that every node picks the same.
 */
export function signerOf<Key extends RotatingKey>(keys: readonly Key[]): Key | undefined {
  return keys.filter((key) => key.state === 'active').sort(newestFirst)[0]
}

/** The pending key that was published first; it signs next. */
export function nextSignerOf<Key extends RotatingKey>(keys: readonly Key[]): Key | undefined {
  return keys.filter((key) => key.state === 'pending').sort((a, b) => newestFirst(b, a))[0]
}

/** Steps that let `successor` sign and retire whatever signed before, among keys of one algorithm. */
export function promote(keys: readonly RotatingKey[], successor: RotatingKey, now: number): RotationStep[] {
  const before = keys.filter((key) => key.state === 'active' && key.kid !== successor.kid)
  // Later than every other promotion even if this node's clock is behind: the newest of two active keys signs.
  const since = Math.max(now, ...before.map((key) => key.since + 1))
  return [{ action: 'activate', kid: successor.kid, since }, ...before.map((key) => retire(key, now))]
}

/** The step that stops a key from signing; it stays published. */
export function retire(key: RotatingKey, now: number): RotationStep {
  return { action: 'retire', kid: key.kid, since: Math.max(now, key.since) }
}

/** The step that takes a key out of the published set for good. */
export function remove(kid: string): RotationStep {
  return { action: 'remove', kid }
}

type Situation = {
  readonly keys: readonly RotatingKey[]
  readonly policy: RotationPolicy
  readonly now: number
  readonly unpublished: Unpublished
}

function planSigner(algorithm: SigningAlgorithm, { keys, policy, now, unpublished }: Situation): RotationStep[] {
  const signer = signerOf(keys)
  const successor = nextSignerOf(keys)
  const spare: RotationStep = { action: 'generate', algorithm, state: 'pending' }

  if (!signer) {
    // Nothing signs: no verifier can be waited for. On the very first boot none has cached anything either.
    const first: RotationStep = { action: 'generate', algorithm, state: 'active' }
    return successor ? [...promote(keys, successor, now), spare] : [first, spare]
  }
  if (successor && policy.isAutomatic && isDue(signer, policy, now) && isReady(successor, policy, now, unpublished)) {
    const others = keys.filter((key) => key.state === 'pending' && key !== successor)
    return [...promote(keys, successor, now), ...(others.length > 0 ? [] : [spare])]
  }
  const losers = keys.filter((key) => key.state === 'active' && key !== signer).map((key) => retire(key, now))
  return successor ? losers : [...losers, spare]
}

function isDue(signer: RotatingKey, policy: RotationPolicy, now: number): boolean {
  return now - signer.since >= policy.rotationSeconds
}

function isReady(successor: RotatingKey, policy: RotationPolicy, now: number, unpublished: Unpublished): boolean {
  return now - successor.createdAt >= publicationSeconds(policy) && !unpublished.has(successor.kid)
}

function isOver(key: RotatingKey, policy: RotationPolicy, now: number): boolean {
  return key.state === 'retired' && now - key.since >= retentionSeconds(policy)
}

function newestFirst(a: RotatingKey, b: RotatingKey): number {
  return b.since - a.since || b.createdAt - a.createdAt || (a.kid < b.kid ? -1 : 1)
}

import type { SigningAlgorithm } from '../signing-key.ts'
import {
  nextSignerOf,
  promote,
  type RotatingKey,
  type RotationStep,
  retire,
  signerOf,
  type Unpublished,
} from './rotation.ts'
import { manualWaitSeconds, type RotationPolicy } from './rotation-policy.ts'

/** Why an operator's wish was not carried out; `reason` is a sentence for people, with the way out. */
export type KeyRefusal = {
  readonly outcome: 'refused'
  readonly code: 'unknown-key' | 'wrong-state' | 'too-soon' | 'not-on-every-node' | 'no-successor' | 'not-served'
  readonly reason: string
}

/** What a manual operation decides; `changed` carries the steps to write. */
export type ManualDecision = { readonly outcome: 'changed'; readonly steps: readonly RotationStep[] } | KeyRefusal

/** What the rules of manual operations look at. */
export type ManualContext = {
  readonly keys: readonly RotatingKey[]
  readonly policy: RotationPolicy
  readonly now: number
  readonly unpublished: Unpublished
  /**
   * `over-verifiers` passes over the time that verifiers keep their copies, `over-everything` also over nodes that do
   * not publish a key and over missing successors. Nothing passes over a key that does not exist.
   */
  readonly force: 'no' | 'over-verifiers' | 'over-everything'
}

/** One more pending key; it signs after those that wait already. */
export function decideGenerate({ policy }: ManualContext, algorithm: SigningAlgorithm): ManualDecision {
  if (!policy.algorithms.includes(algorithm)) {
    return refuse(
      'not-served',
      `${algorithm} has no signing key; this server signs with ${policy.algorithms.join(', ')}`,
    )
  }
  return changed([{ action: 'generate', algorithm, state: 'pending' }])
}

/** The key signs from now on; the one that did is retired. Takes back a rotation when given a retired key. */
export function decideActivate(context: ManualContext, kid: string): ManualDecision {
  const key = context.keys.find((candidate) => candidate.kid === kid)
  if (!key) return unknown(kid)
  const own = sameAlgorithm(context, key.algorithm)
  if (signerOf(own) === key) return refuse('wrong-state', `kid ${kid} is signing already`)
  return refusalToSign(context, key) ?? changed(promote(own, key, context.now))
}

/** Every algorithm given goes to its next key, or none does. */
export function decideRotate(context: ManualContext, algorithms: readonly SigningAlgorithm[]): ManualDecision {
  const steps: RotationStep[] = []
  for (const algorithm of algorithms) {
    const decision = replaceSigner(context, algorithm)
    if (decision.outcome === 'refused') return decision
    steps.push(...decision.steps)
  }
  return changed(steps)
}

/** The key stops signing, or never starts, and stays published until its last token has expired. */
export function decideRetire(context: ManualContext, kid: string): ManualDecision {
  const key = context.keys.find((candidate) => candidate.kid === kid)
  if (!key) return unknown(kid)
  if (key.state === 'retired') return refuse('wrong-state', `kid ${kid} is retired already`)
  if (signerOf(sameAlgorithm(context, key.algorithm)) === key) return replaceSigner(context, key.algorithm)
  return changed([retire(key, context.now)])
}

/** Removes a compromised key at once, even if verifiers lack its successor: a forged token is worse than a refused one. */
export function decideRevoke({ keys, now, unpublished }: ManualContext, kid: string): ManualDecision {
  const key = keys.find((candidate) => candidate.kid === kid)
  if (!key) return unknown(kid)
  const own = keys.filter((candidate) => candidate.algorithm === key.algorithm)
  const revoke: RotationStep = { action: 'revoke', kid }
  if (signerOf(own) !== key) return changed([revoke])
  const others = own.filter((candidate) => candidate !== key)
  const successor = nextSignerOf(others.filter((other) => !unpublished.has(other.kid))) ?? nextSignerOf(others)
  // The successor first, so that a crash between the two leaves a signer.
  return changed([...(successor ? promote(others, successor, now) : [generateActive(key.algorithm)]), revoke])
}

/** After a restored backup it is unknown which keys were removed since: all are removed, and new ones sign at once. */
export function decideReplaceAll({ keys, policy }: ManualContext): ManualDecision {
  return changed([
    ...policy.algorithms.map(generateActive),
    ...keys.map(({ kid }): RotationStep => ({ action: 'revoke', kid })),
  ])
}

function replaceSigner(context: ManualContext, algorithm: SigningAlgorithm): ManualDecision {
  const own = sameAlgorithm(context, algorithm)
  const successor = nextSignerOf(own)
  if (successor) return refusalToSign(context, successor) ?? changed(promote(own, successor, context.now))
  if (context.force !== 'over-everything') {
    return refuse(
      'no-successor',
      `there is no pending ${algorithm} key to replace it; generate one and wait, or use --force`,
    )
  }
  const losers = own.filter((key) => key.state === 'active').map((key) => retire(key, context.now))
  return changed([generateActive(algorithm), ...losers])
}

function refusalToSign({ policy, now, unpublished, force }: ManualContext, key: RotatingKey): KeyRefusal | undefined {
  if (force === 'over-everything') return undefined
  const ageSeconds = Math.max(0, now - key.createdAt)
  if (force === 'no' && ageSeconds < manualWaitSeconds(policy)) {
    return refuse(
      'too-soon',
      `kid ${key.kid} was published ${ageSeconds} s ago; verifiers cache JWKS for ${manualWaitSeconds(policy)} s; ` +
        `wait ${manualWaitSeconds(policy) - ageSeconds} s, or use --force`,
    )
  }
  if (unpublished.has(key.kid)) {
    return refuse('not-on-every-node', `kid ${key.kid} is not published by every node yet; try again, or use --force`)
  }
  return undefined
}

function sameAlgorithm({ keys }: ManualContext, algorithm: SigningAlgorithm): RotatingKey[] {
  return keys.filter((key) => key.algorithm === algorithm)
}

function generateActive(algorithm: SigningAlgorithm): RotationStep {
  return { action: 'generate', algorithm, state: 'active' }
}

function changed(steps: readonly RotationStep[]): ManualDecision {
  return { outcome: 'changed', steps }
}

function refuse(code: KeyRefusal['code'], reason: string): KeyRefusal {
  return { outcome: 'refused', code, reason }
}

function unknown(kid: string): KeyRefusal {
  return refuse('unknown-key', `there is no key with kid ${kid}; "vestibule keys list" shows all keys`)
}

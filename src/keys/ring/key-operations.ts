import { setTimeout as pause } from 'node:timers/promises'
import type { JWK } from 'jose'
import {
  decideActivate,
  decideGenerate,
  decideReplaceAll,
  decideRetire,
  decideRevoke,
  decideRotate,
  type KeyRefusal,
  type ManualContext,
  type ManualDecision,
} from '../schedule/manual-rotation.ts'
import type { RotationStep } from '../schedule/rotation.ts'
import type { SigningAlgorithm, SigningKey } from '../signing-key.ts'
import type { KeyRing } from './key-ring.ts'

/** An active node follows a change in two seconds; one that is slower than this is not waited for when forced. */
const NODES_FOLLOW_WITHIN_MS = 5000
const ASK_AGAIN_AFTER_MS = 50

/** What an operator's wish came to; `changes` is ready for the audit log. */
export type KeyOperationOutcome =
  | { readonly outcome: 'changed'; readonly changes: readonly { action: RotationStep['action']; kid: string }[] }
  | KeyRefusal

/** What an operator can do to the keys by hand; each is one change under the store's lock. */
export type KeyOperations = {
  generate(algorithm: SigningAlgorithm): Promise<KeyOperationOutcome>
  /** All algorithms, or the one given. */
  rotate(options?: { readonly algorithm?: SigningAlgorithm; readonly force?: boolean }): Promise<KeyOperationOutcome>
  activate(kid: string, options?: { readonly force?: boolean }): Promise<KeyOperationOutcome>
  retire(kid: string, options?: { readonly force?: boolean }): Promise<KeyOperationOutcome>
  /** For a compromised key: out of the published set at once, and no token it signed is believed again. */
  revoke(kid: string): Promise<KeyOperationOutcome>
  /** Revokes every key and signs with new ones: for a store whose memory of removed keys is gone. */
  replaceAll(): Promise<KeyOperationOutcome>
}

/** Manual operations on an open ring; the schedule goes on beside them and refills what they use up. */
export function createKeyOperations(ring: Pick<KeyRing, 'change' | 'refresh'>): KeyOperations {
  async function attempt(
    decide: (context: ManualContext) => ManualDecision,
    force: ManualContext['force'],
  ): Promise<KeyOperationOutcome> {
    const { outcome, written } = await ring.change((keys, policy, now, unpublished) => {
      const decision = decide({ keys, policy, now, unpublished, force })
      return { steps: decision.outcome === 'changed' ? decision.steps : [], outcome: decision }
    })
    // A used-up pending key is replaced now rather than at the next look of the schedule.
    if (outcome.outcome === 'changed' || outcome.code === 'no-successor') await ring.refresh()
    return outcome.outcome === 'refused' ? outcome : { outcome: 'changed', changes: written }
  }

  /** Force does not wait for verifiers. It does give our own nodes the moment they need to publish the key. */
  async function carryOut(
    decide: (context: ManualContext) => ManualDecision,
    isForced = false,
  ): Promise<KeyOperationOutcome> {
    if (!isForced) return attempt(decide, 'no')
    const deadlineMs = performance.now() + NODES_FOLLOW_WITHIN_MS
    for (;;) {
      const outcome = await attempt(decide, 'over-verifiers')
      const passes = outcome.outcome === 'refused' && ['not-on-every-node', 'no-successor'].includes(outcome.code)
      if (!passes) return outcome
      if (performance.now() >= deadlineMs) return attempt(decide, 'over-everything')
      await pause(ASK_AGAIN_AFTER_MS)
    }
  }

  return {
    generate: (algorithm) => carryOut((context) => decideGenerate(context, algorithm)),
    rotate: ({ algorithm, force } = {}) =>
      carryOut((context) => decideRotate(context, algorithm ? [algorithm] : context.policy.algorithms), force),
    activate: (kid, { force } = {}) => carryOut((context) => decideActivate(context, kid), force),
    retire: (kid, { force } = {}) => carryOut((context) => decideRetire(context, kid), force),
    revoke: (kid) => carryOut((context) => decideRevoke(context, kid)),
    replaceAll: () => carryOut(decideReplaceAll),
  }
}

/** The published keys as a JWK Set (RFC 7517 §5), for verifiers that cannot fetch it. */
export function exportPublicKeys(keys: readonly SigningKey[]): { keys: JWK[] } {
  return {
    keys: keys.map(({ kid, algorithm, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use: 'sig',
    })),
  }
}

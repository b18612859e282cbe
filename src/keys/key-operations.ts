import type { JWK } from 'jose'
import type { KeyRing } from './key-ring.ts'
import {
  decideActivate,
  decideGenerate,
  decideRetire,
  decideRevoke,
  decideRotate,
  type KeyRefusal,
  type ManualContext,
  type ManualDecision,
} from './manual-rotation.ts'
import type { RotationStep } from './rotation.ts'
import type { SigningAlgorithm, SigningKey } from './signing-key.ts'

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
}

/** Manual operations on an open ring; the schedule goes on beside them and refills what they use up. */
export function createKeyOperations(ring: Pick<KeyRing, 'change' | 'refresh'>): KeyOperations {
  async function carryOut(
    decide: (context: ManualContext) => ManualDecision,
    force = false,
  ): Promise<KeyOperationOutcome> {
    const { outcome, written } = await ring.change((keys, policy, now, unpublished) => {
      const decision = decide({ keys, policy, now, unpublished, force })
      return { steps: decision.outcome === 'changed' ? decision.steps : [], outcome: decision }
    })
    if (outcome.outcome === 'refused') return outcome
    // A used-up pending key is replaced now rather than at the next look of the schedule.
    await ring.refresh()
    return { outcome: 'changed', changes: written }
  }

  return {
    generate: (algorithm) => carryOut((context) => decideGenerate(context, algorithm)),
    rotate: ({ algorithm, force } = {}) =>
      carryOut((context) => decideRotate(context, algorithm ? [algorithm] : context.policy.algorithms), force),
    activate: (kid, { force } = {}) => carryOut((context) => decideActivate(context, kid), force),
    retire: (kid, { force } = {}) => carryOut((context) => decideRetire(context, kid), force),
    revoke: (kid) => carryOut((context) => decideRevoke(context, kid)),
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

import type { AssertionRefusal, Passkeys } from '../../credentials/passkeys/passkeys.ts'
import { methodsOf } from '../../credentials/passkeys/passkeys.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { type Proof, proofOf } from '../proof.ts'

/** What a sign-in by passkey ends in. */
export type PasskeyAuthentication =
  /** `amr`: how it was done (RFC 8176). */
  | {
      readonly outcome: 'authenticated'
      readonly customer: Customer
      readonly proof: Proof
      readonly amr: readonly string[]
      /** The counter did not go on: the passkey may have been copied. For the audit trail. */
      readonly isCounterBehind: boolean
    }
  | { readonly outcome: 'unconfirmed'; readonly customer: Customer }
  | {
      readonly outcome: 'refused'
      /** For the audit trail; callers are not told. */
      readonly reason: AssertionRefusal | 'blocked'
      readonly customerId?: string
      /** The id of a passkey that we do not have. */
      readonly unknownId?: string
    }

export type PasskeySignIn = (place: string, json: string) => Promise<PasskeyAuthentication>

export type PasskeySignInDeps = {
  readonly passkeys: Pick<Passkeys, 'assert'>
  readonly directory: Pick<Directory, 'findCredentials'>
}

/**
 * Signs in the owner of a passkey, who passes the same checks of the account as with a password. What fails counts towards
 * no lockout: a signature cannot be guessed, and strangers could lock people out with it.
 */
export function createPasskeySignIn({ passkeys, directory }: PasskeySignInDeps): PasskeySignIn {
  return async function signInByPasskey(place, json) {
    const startedAtMs = Date.now()
    const asserted = await passkeys.assert(place, json)
    if (asserted.outcome === 'refused') {
      const { reason, passkey, unknownId } = asserted
      const customerId = passkey?.personId
      return { outcome: 'refused', reason, ...(customerId && { customerId }), ...(unknownId && { unknownId }) }
    }
    const { passkey, isCounterBehind, noteUse } = asserted
    const refuse = (reason: AssertionRefusal | 'blocked') =>
      ({ outcome: 'refused', reason, customerId: passkey.personId }) as const
    const found = await directory.findCredentials(passkey.personId)
    if (found?.customer.status !== 'active') return refuse('blocked')
    // After the credentials were read: had it been removed before, their generation would be another one.
    if (!(await noteUse())) return refuse('counter-went-back')
    const { customer } = found
    if (!customer.emailVerified) return { outcome: 'unconfirmed', customer }
    return {
      outcome: 'authenticated',
      customer,
      proof: proofOf(found, startedAtMs),
      amr: methodsOf(passkey),
      isCounterBehind,
    }
  }
}

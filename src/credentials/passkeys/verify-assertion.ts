import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server'
import type { PresentedAssertion } from './presented.ts'
import type { RelyingParty } from './relying-party.ts'

/** What an authenticator says of a credential that it just used. */
export type Assertion = {
  readonly signCount: number
  readonly isBackupEligible: boolean
  readonly isBackedUp: boolean
}

/**
 * Checks an assertion (WebAuthn §7.2), but for the counter and the owner, which the row decides. The challenge must have
 * been redeemed.
 */
export async function verifyAssertion(
  { id, origins }: RelyingParty,
  { challenge, ...presented }: PresentedAssertion,
  { credentialId, publicKey }: { readonly credentialId: string; readonly publicKey: string },
): Promise<Assertion | undefined> {
  const verification = await verifyAuthenticationResponse({
    // Its type wants members that no check reads.
    response: { ...presented, clientExtensionResults: {} } as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: [...origins],
    expectedRPID: id,
    requireUserVerification: true,
    // With 0 it takes every counter.
    credential: { id: credentialId, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 },
  }).catch(() => undefined) // it throws whatever is wrong with what was presented
  if (!verification?.verified) return undefined
  const { newCounter, credentialDeviceType, credentialBackedUp } = verification.authenticationInfo
  return {
    signCount: newCounter,
    isBackupEligible: credentialDeviceType === 'multiDevice',
    isBackedUp: credentialBackedUp,
  }
}

import { type RegistrationResponseJSON, verifyRegistrationResponse } from '@simplewebauthn/server'
import { ALGORITHMS } from './ceremony-options.ts'
import type { PresentedAttestation } from './presented.ts'
import type { RelyingParty } from './relying-party.ts'

/** What a new credential is, as its authenticator says. */
export type NewCredential = {
  readonly credentialId: string
  /** COSE, as base64url. */
  readonly publicKey: string
  readonly signCount: number
  readonly transports: readonly string[]
  readonly aaguid: string
  /** It may be on several devices; fixed for its life. */
  readonly isBackupEligible: boolean
  readonly isBackedUp: boolean
  readonly isUserVerified: boolean
}

/**
 * Checks a new credential (WebAuthn §7.1). The challenge must have been redeemed. What a browser made by itself
 * (`isUpgrade`) may come without anybody's touch; everything else needs the person, verified by the authenticator.
 */
export async function verifyRegistration(
  { id, origins }: RelyingParty,
  { challenge, ...presented }: PresentedAttestation,
  { isUpgrade }: { readonly isUpgrade: boolean },
): Promise<NewCredential | undefined> {
  const verification = await verifyRegistrationResponse({
    // Its type wants members that no check reads.
    response: { ...presented, clientExtensionResults: {} } as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: [...origins],
    expectedRPID: id,
    requireUserPresence: !isUpgrade,
    requireUserVerification: !isUpgrade,
    supportedAlgorithmIDs: [...ALGORITHMS],
  }).catch(() => undefined) // it throws whatever is wrong with what was presented
  if (!verification?.verified) return undefined
  const { credential, aaguid, credentialDeviceType, credentialBackedUp, userVerified } = verification.registrationInfo
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    signCount: credential.counter,
    transports: presented.response.transports ?? [],
    aaguid,
    isBackupEligible: credentialDeviceType === 'multiDevice',
    isBackedUp: credentialBackedUp,
    isUserVerified: userVerified,
  }
}

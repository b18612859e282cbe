import type { RelyingParty } from './relying-party.ts'

/** For people who need time, or a telephone from another room (WebAuthn §15.1). */
const TIMEOUT_MS = 600_000

/** EdDSA, ES256 and RS256, said here so that every node takes the same, whatever its version of Node could. */
export const ALGORITHMS: readonly number[] = [-8, -7, -257]

/** The person a passkey is made for. */
export type PasskeyOwner = {
  /** Opaque, 1 to 64 bytes as base64url: it comes back as `userHandle`. */
  readonly userHandle: string
  /** What lists of passkeys show. */
  readonly email: string
  readonly displayName?: string | undefined
}

/** What the browser is asked to make: JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, without nulls. */
export function creationOptions(
  { id, name }: RelyingParty,
  { userHandle, email, displayName = '' }: PasskeyOwner,
  challenge: string,
  existing: readonly { readonly credentialId: string; readonly transports: readonly string[] }[],
) {
  return {
    rp: { id, name },
    user: { id: userHandle, name: email, displayName },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: TIMEOUT_MS,
    // The same authenticator then says that it has one already.
    excludeCredentials: existing.map(({ credentialId, transports }) => ({
      type: 'public-key',
      id: credentialId,
      ...(transports.length > 0 && { transports }),
    })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
    extensions: { credProps: true },
  }
}

/**
 * What the browser is asked to prove. It names no passkeys, so that the page is the same for every address that is typed.
 * The authenticator checks the person: a passkey stands in for two factors.
 */
export function requestOptions({ id }: RelyingParty, challenge: string) {
  return { challenge, rpId: id, allowCredentials: [], userVerification: 'required', timeout: TIMEOUT_MS }
}

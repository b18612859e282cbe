import type { SigningAlgorithm } from '../../keys/signing-key.ts'
import type { JwtSigner } from './sign-jwt.ts'

/** The claims of an access token, in the order in which they are written. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>

/** How a resource server wants its access tokens signed. */
export type AccessTokenHeader = { readonly algorithm: SigningAlgorithm; readonly typ: string }

/** Signs access tokens (RFC 9068 §2). */
export type AccessTokenSigner = {
  /** Whether there is a key for an algorithm. */
  canSign(algorithm: string): boolean
  /** @throws where there is none. */
  sign(header: AccessTokenHeader, claims: AccessTokenClaims): Promise<string>
}

export type AccessTokenSignerDeps = {
  readonly signer: JwtSigner
  /** Told the size of each payload, in bytes. */
  readonly noteSize: (bytes: number) => void
}

/** Signs with the key that signs for the engine as well. */
export function createAccessTokenSigner({ signer, noteSize }: AccessTokenSignerDeps): AccessTokenSigner {
  return {
    canSign: signer.canSign,

    async sign(header, claims) {
      const payload = JSON.stringify(claims)
      noteSize(Buffer.byteLength(payload))
      return signer.sign(header, payload)
    },
  }
}

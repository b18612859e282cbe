import type { KeyObject } from 'node:crypto'

export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/** pending: published, not yet signing · active: signing · retired: published, verifying only. */
export type KeyState = 'pending' | 'active' | 'retired'

/** A key as the rest of the program sees it. Signing is synchronous and local wherever the key is. */
export type SigningKey = {
  /** RFC 7638 thumbprint of the public key: the same key has the same kid on every node. */
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  /** Epoch seconds at which the key was made and first published. */
  readonly createdAt: number
  /** Epoch seconds at which the key came into its present state. */
  readonly since: number
  readonly publicKey: KeyObject
  /** The JWS signature over `signingInput`; ECDSA in the IEEE P1363 form (RFC 7518 §3.4). */
  sign(signingInput: Uint8Array): Uint8Array | Promise<Uint8Array>
}

import type { JsonWebKey } from 'node:crypto'
import { z } from 'zod'
import type { KeyState, SigningAlgorithm } from './signing-key.ts'

/** What is published about a key: `kty` and the public members of RFC 7518 §6. */
export type PublicJwk = Readonly<JsonWebKey>

/** Where the private half is: in the record itself, or in a device or service that signs for us. */
export type KeyMaterial =
  | { readonly kind: 'local'; readonly privateJwk: Readonly<JsonWebKey> }
  | { readonly kind: 'external'; readonly reference: string }

/** A signing key as a store keeps it, with its private half readable. */
export type KeyRecord = {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly state: KeyState
  /** Epoch seconds at which the key was made and first published. */
  readonly createdAt: number
  /** Epoch seconds at which the key came into its present state. */
  readonly since: number
  readonly publicJwk: PublicJwk
  readonly material: KeyMaterial
}

/** What stays of a removed key, so that a restored backup never brings it back to life. */
export type Tombstone = {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly removedAt: number
  /** Set where the key was compromised: every token it signed is dead from then on. */
  readonly revokedAt?: number
  /** For what is accepted longer than the key was published. Absent for a compromised key, and for removals of older versions. */
  readonly publicJwk?: PublicJwk
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const
const algorithm = z.enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
const epochSeconds = z.number().int().nonnegative()

/** The members every kind of key file or row has; `sealed` and `external` say where the private half is. */
export const keyDocument = z.looseObject({
  kid: z.string().regex(/^[\w-]{43}$/, 'must be an RFC 7638 thumbprint'),
  kty: z.enum(['EC', 'RSA', 'OKP']),
  alg: algorithm,
  state: z.enum(['pending', 'active', 'retired']),
  created_at: epochSeconds,
  since: epochSeconds,
  sealed: z
    .strictObject({
      enc: z.literal('A256GCM'),
      secret: z.string(),
      iv: z.string(),
      tag: z.string(),
      ciphertext: z.string(),
    })
    .optional(),
  external: z.string().optional(),
})

/** A key on disk or in a row: a JWK (RFC 7517 §4) with our own members beside it. */
export type KeyDocument = z.infer<typeof keyDocument>

/** An encrypted private half; `secret` is the id of the KEY_ENCRYPTION_KEY that opens it, never the secret itself. */
export type Sealed = NonNullable<KeyDocument['sealed']>

/** A tombstone on disk. */
export const tombstoneDocument = z.object({
  kid: z.string(),
  alg: algorithm,
  removed_at: epochSeconds,
  revoked_at: epochSeconds.optional(),
  public_jwk: z.record(z.string(), z.string()).optional(),
})

/** The members of a private JWK that must never be published. */
export function privateMembers(jwk: Readonly<JsonWebKey>): JsonWebKey {
  return Object.fromEntries(PRIVATE_MEMBERS.filter((name) => name in jwk).map((name) => [name, jwk[name]]))
}

/** The public half of a JWK, without our own members or any private one. */
export function publicMembers(jwk: Readonly<JsonWebKey>): PublicJwk {
  const names = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const
  return Object.fromEntries(names.filter((name) => name in jwk).map((name) => [name, jwk[name]]))
}

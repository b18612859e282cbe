import type { ClientMetadata } from './client-schema.ts'

export type { ClientMetadata } from './client-schema.ts'

export type Client = {
  readonly metadata: ClientMetadata
  readonly isEnabled: boolean
  readonly secrets: readonly ClientSecret[]
}

/** A secret is kept as its SHA-256 only. Several live side by side, so that one can be replaced while both work. */
export type ClientSecret = {
  readonly name: string
  readonly sha256: string
  /** Epoch seconds; absent: does not expire. */
  readonly expiresAt?: number
}

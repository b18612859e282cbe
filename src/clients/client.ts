import type { ClientMetadata as RegisteredMetadata } from './client-schema.ts'

/** Of a client that the document at its client id describes, instead of an operator. */
export type DocumentFacts = {
  /** Of the address that is its client id. */
  readonly host: string
  /** Of what people consent to: another one asks them again. */
  readonly digest: string
  /** Whether an operator listed it in CLIENT_METADATA_HOSTS; otherwise it is a stranger. */
  readonly isListed: boolean
}

/** What is known of a client: what an operator may register, and where that came from instead. */
export type ClientMetadata = RegisteredMetadata & { readonly document?: DocumentFacts | undefined }

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

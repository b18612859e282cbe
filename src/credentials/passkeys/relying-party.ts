/** Who we are to authenticators. */
export type RelyingParty = {
  /** A domain: the issuer's host or a parent of it. A passkey works for this id only, so it never changes. */
  readonly id: string
  /** Shown by authenticators when a passkey is made. */
  readonly name: string
  /** The issuer's, and others on which the shop uses the same passkeys (related origins, WebAuthn §5.11). */
  readonly origins: readonly string[]
}

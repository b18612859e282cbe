/** Who fetched the key set: a client id where it is known, otherwise the User-Agent; and the network address. */
export type Verifier = { readonly verifier: string; readonly address: string }

export type KeyUsage = {
  readonly kid: string
  /** Epoch seconds; absent where it never happened. */
  readonly firstPublishedAt?: number
  readonly lastSignedAt?: number
  /** When a token with this kid last arrived at introspection. */
  readonly lastSeenAt?: number
  /** Verifiers seen in the last 30 days whose newest fetch did not have this key yet. */
  readonly verifiersBehind: readonly (Verifier & { readonly lastFetchedAt: number })[]
}

/** A proof that was checked, to be remembered until it is too old to be used again. */
export type UsedProof = {
  /** The digest of the key and the proof's `jti`. */
  readonly id: string
  /** The key's thumbprint. */
  readonly jkt: string
  readonly untilMs: number
}

/** Remembers proofs that were used. */
export type ReplayStore = {
  /**
   * One atomic step: of two equal proofs one is `new` (`SET id 1 NX PXAT untilMs` in Redis). `full` is answered 503, and
   * `used` refused.
   */
  remember(proof: UsedProof): 'new' | 'used' | 'full' | Promise<'new' | 'used' | 'full'>
}

export type DpopOptions = {
  /** Refuses tokens that are not bound to a key. */
  readonly isRequired?: boolean
  /** How old a proof may be: 60 seconds. */
  readonly maxAgeSeconds?: number
  /** Wants a nonce of this service in every proof (RFC 9449 §9). */
  readonly nonce?:
    | boolean
    | {
        /** At least 32 characters, the same on every node; without it each process makes its own. */
        readonly secret?: string
        /** How long a nonce is good: 300 seconds. */
        readonly seconds?: number
      }
  /** How many proofs are remembered at most: 100000, of one key a tenth of that. */
  readonly maxProofs?: number
  /** One that nodes share; without it each process remembers its own, and a proof passes once on every one. */
  readonly replayStore?: ReplayStore
}

import { randomBytes } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'

export type SignInLinks = ReturnType<typeof createSignInLinks>

export type NewSignInLink = {
  readonly customerId: string
  /** At most ten minutes; a reusable link always lives eight hours. */
  readonly ttlSeconds?: number
  /** Works more than once. Refused unless the settings allow such links. */
  readonly isReusable?: boolean
}

/** `madeAtMs`, epoch milliseconds: signing the customer out everywhere ends older links too. */
export type RedeemedLink = { readonly customerId: string; readonly madeAtMs: number }

export type MintedLink =
  | { readonly outcome: 'minted'; readonly token: string; readonly expiresAt: number }
  | { readonly outcome: 'reusable-not-allowed' }

const KIND = 'SignInLink'
const TTL_SECONDS = 120
const MAX_TTL_SECONDS = 600
const REUSABLE_TTL_SECONDS = 28_800

/**
 * Tokens for links that sign a customer in: made by an operator's program, used once, gone in minutes. A token is good
 * for the hosted pages of one issuer and for nothing else: it is no access token, and no access token is one.
 */
export function createSignInLinks({
  storage,
  audience,
  allowsReuse,
}: {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume'>
  /** The issuer whose pages the links lead to. */
  readonly audience: string
  readonly allowsReuse: boolean
}) {
  return {
    async mint({ customerId, ttlSeconds = TTL_SECONDS, isReusable = false }: NewSignInLink): Promise<MintedLink> {
      if (isReusable && !allowsReuse) return { outcome: 'reusable-not-allowed' }
      const token = randomBytes(32).toString('base64url')
      const lifetime = isReusable ? REUSABLE_TTL_SECONDS : Math.max(1, Math.min(ttlSeconds, MAX_TTL_SECONDS))
      await storage.put(KIND, token, { customerId, audience, isReusable, madeAtMs: Date.now() }, lifetime)
      return { outcome: 'minted', token, expiresAt: Math.floor(Date.now() / 1000) + lifetime }
    },

    /** Whom a token signs in. Defined for exactly one caller, unless the token is reusable. */
    async redeem(token: string): Promise<RedeemedLink | undefined> {
      const artifact = (await storage.get(KIND, token))?.artifact
      if (artifact?.audience !== audience) return undefined
      const isUsable = artifact.isReusable === true ? allowsReuse : await storage.consume(KIND, token)
      return isUsable
        ? { customerId: String(artifact.customerId), madeAtMs: Number(artifact.madeAtMs ?? 0) }
        : undefined
    },
  }
}

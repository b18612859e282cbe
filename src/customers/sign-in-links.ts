import { randomBytes } from 'node:crypto'
import type { Storage } from '../storage/storage.ts'
import { type Customer, isActiveCompanyUser } from './customer.ts'
import type { Proofs } from './proof.ts'

export type SignInLinks = ReturnType<typeof createSignInLinks>

export type NewSignInLink = {
  readonly customerId: string
  /** As whom the customer goes on; the selection rule decides unless given. */
  readonly companyUserId?: string | undefined
  /** At most ten minutes; a reusable link always lives eight hours. */
  readonly ttlSeconds?: number
  /** Works more than once. Refused unless the settings allow such links. */
  readonly isReusable?: boolean
}

export type MintedLink =
  | { readonly outcome: 'minted'; readonly token: string; readonly expiresAt: number }
  | { readonly outcome: 'reusable-not-allowed' | 'unknown-customer' }

/** What became of a link that was followed. `reason` is for the audit trail. */
export type RedeemedLink =
  | { readonly outcome: 'redeemed'; readonly customer: Customer; readonly companyUserId?: string }
  | { readonly outcome: 'refused'; readonly reason: string; readonly customerId?: string }

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
  proofs,
  audience,
  allowsReuse,
}: {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume'>
  readonly proofs: Proofs
  /** The issuer whose pages the links lead to. */
  readonly audience: string
  readonly allowsReuse: boolean
}) {
  return {
    async mint({
      customerId,
      companyUserId,
      ttlSeconds = TTL_SECONDS,
      isReusable = false,
    }: NewSignInLink): Promise<MintedLink> {
      if (isReusable && !allowsReuse) return { outcome: 'reusable-not-allowed' }
      const proof = await proofs.make(customerId)
      if (!proof) return { outcome: 'unknown-customer' }
      const token = randomBytes(32).toString('base64url')
      const lifetime = isReusable ? REUSABLE_TTL_SECONDS : Math.max(1, Math.min(ttlSeconds, MAX_TTL_SECONDS))
      await storage.put(KIND, token, { proof, audience, isReusable, companyUserId }, lifetime)
      return { outcome: 'minted', token, expiresAt: Math.floor(Date.now() / 1000) + lifetime }
    },

    /**
     * The customer a token signs in, unless something ended it since. Redeemed by exactly one caller, unless the token is
     * reusable.
     */
    async redeem(token: string): Promise<RedeemedLink> {
      const artifact = (await storage.get(KIND, token))?.artifact
      if (artifact?.audience !== audience) return { outcome: 'refused', reason: 'unknown or expired' }
      const isUsable = artifact.isReusable === true ? allowsReuse : await storage.consume(KIND, token)
      if (!isUsable) return { outcome: 'refused', reason: 'used before' }
      const customer = (await proofs.measure(artifact.proof))?.customer
      if (!customer) return { outcome: 'refused', reason: 'signed out since' }
      const companyUserId = typeof artifact.companyUserId === 'string' ? artifact.companyUserId : undefined
      if (companyUserId === undefined) return { outcome: 'redeemed', customer }
      const companyUser = customer.companyUsers.find(({ id }) => id === companyUserId)
      if (!companyUser || !isActiveCompanyUser(companyUser))
        return { outcome: 'refused', reason: 'a company user who may not act', customerId: customer.id }
      return { outcome: 'redeemed', customer, companyUserId }
    },
  }
}

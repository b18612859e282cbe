import { z } from 'zod'
import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { Storage } from '../../storage/storage.ts'

/** A person at a provider who may be connected with the account that is signed in to next. */
export type LinkOffer = { readonly identity: ForeignIdentity; readonly provider: string }

export type LinkOffers = ReturnType<typeof createLinkOffers>

const KIND = 'UpstreamLinkOffer'
const TTL_SECONDS = 900

const stored = z.object({
  provider: z.string(),
  identity: z.object({
    upstreamId: z.string(),
    issuer: z.string(),
    subject: z.string(),
    email: z.object({ address: z.string(), trust: z.enum(['authoritative', 'verified', 'none']) }).optional(),
    givenName: z.string().optional(),
    familyName: z.string().optional(),
  }),
})

/** Offers to connect, each in one sign-in under way, whose cookie guards it. */
export function createLinkOffers({ storage }: { readonly storage: Pick<Storage, 'put' | 'get' | 'consume'> }) {
  async function find(uid: string): Promise<LinkOffer | undefined> {
    const found = await storage.get(KIND, uid)
    // Members that are absent are no members that are undefined.
    return found && found.consumedAt === undefined ? (stored.safeParse(found.artifact).data as LinkOffer) : undefined
  }

  return {
    make: (uid: string, offer: LinkOffer): Promise<void> => storage.put(KIND, uid, offer, TTL_SECONDS),
    find,
    /** For exactly one caller. */
    async take(uid: string): Promise<LinkOffer | undefined> {
      const offer = await find(uid)
      return offer && (await storage.consume(KIND, uid)) ? offer : undefined
    },
  }
}

import { z } from 'zod'
import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { Storage } from '../../storage/storage.ts'

const KIND = 'UpstreamName'
const TTL_SECONDS = 30 * 86_400
const MAX_LENGTH = 2000

const user = z.object({
  name: z.object({ firstName: z.string().optional(), lastName: z.string().optional() }).optional(),
})
const kept = z.object({ givenName: z.string().optional(), familyName: z.string().optional() })

/**
 * Apple tells a person's name once, at the very first sign-in, beside the token and unsigned. It is kept for a month, for
 * people who do not finish their registration at once.
 */
export function createFirstNames({ storage }: { readonly storage: Pick<Storage, 'put' | 'get'> }) {
  return async function withFirstName(identity: ForeignIdentity, told: string | undefined): Promise<ForeignIdentity> {
    const id = [identity.upstreamId, identity.issuer, identity.subject].join('\n')
    const name = told === undefined ? undefined : parse(told)
    if (name) await storage.put(KIND, id, name, TTL_SECONDS)
    const known = name ?? kept.safeParse((await storage.get(KIND, id))?.artifact).data
    return { ...identity, ...known }
  }
}

function parse(told: string): z.output<typeof kept> | undefined {
  if (told.length > MAX_LENGTH) return undefined
  try {
    const { firstName: givenName, lastName: familyName } = user.parse(JSON.parse(told)).name ?? {}
    const name = { ...(givenName && { givenName }), ...(familyName && { familyName }) }
    return givenName || familyName ? name : undefined
  } catch {
    return undefined
  }
}

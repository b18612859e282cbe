import { hash, randomBytes } from 'node:crypto'
import { networkOf } from '../../credentials/ip-network.ts'
import type { Artifact, Storage } from '../../storage/storage.ts'

/** What a link is good for; a link for one purpose does nothing for another. */
export type LinkPurpose = 'recovery' | 'unblock' | 'confirmation'

type AskedFor = { readonly subject: string; readonly ip: string }

export type OneTimeLinks = ReturnType<typeof createOneTimeLinks>

const KIND = 'OneTimeLink'
const NEWEST = 'NewestOneTimeLink'
const TOKEN = /^[\w-]{43}$/

/**
 * Tokens for links in mails: 256 random bits, kept as a digest, used once. Of the links for one purpose and subject
 * that were asked for from one network only the newest works: a stranger who asks ends no link of the owner.
 */
export function createOneTimeLinks({
  storage,
}: {
  readonly storage: Pick<Storage, 'put' | 'putOnce' | 'get' | 'consume' | 'remove'>
}) {
  async function read(purpose: LinkPurpose, token: string): Promise<Artifact | undefined> {
    if (!TOKEN.test(token)) return undefined
    const link = await storage.get(KIND, `${purpose}:${token}`)
    if (!link || link.consumedAt !== undefined) return undefined
    const newest = await storage.get(NEWEST, newestOf(purpose, link.artifact))
    return newest?.artifact.digest === digest(token) ? link.artifact : undefined
  }

  return {
    /** Makes the newest link of a subject for who asks from `ip`, and returns its token; their older ones are dead. */
    async issue(
      purpose: LinkPurpose,
      { subject, ip }: AskedFor,
      content: Artifact,
      ttlSeconds: number,
    ): Promise<string> {
      const token = randomBytes(32).toString('base64url')
      const link = { ...content, subject, from: networkOf(ip) }
      await storage.putOnce(KIND, `${purpose}:${token}`, link, ttlSeconds)
      await storage.put(NEWEST, newestOf(purpose, link), { digest: digest(token) }, ttlSeconds)
      return token
    },

    /** What the link was made with, while it works. Looking uses nothing up: mail scanners look, too. */
    read,

    /** As `read`, for exactly one caller. */
    async redeem(purpose: LinkPurpose, token: string): Promise<Artifact | undefined> {
      const content = await read(purpose, token)
      if (!content || !(await storage.consume(KIND, `${purpose}:${token}`))) return undefined
      await storage.remove(NEWEST, newestOf(purpose, content))
      return content
    },
  }
}

/** Links of an earlier release do not say where they were asked for. */
function newestOf(purpose: LinkPurpose, { subject, from }: Artifact): string {
  return from === undefined ? `${purpose}:${subject}` : `${purpose}:${subject}:${from}`
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}

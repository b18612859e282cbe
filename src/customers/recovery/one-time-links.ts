import { hash, randomBytes } from 'node:crypto'
import type { Artifact, Storage } from '../../storage/storage.ts'

/** What a link is good for; a link for one purpose does nothing for another. */
export type LinkPurpose = 'recovery' | 'unblock' | 'confirmation'

export type OneTimeLinks = ReturnType<typeof createOneTimeLinks>

const KIND = 'OneTimeLink'
const NEWEST = 'NewestOneTimeLink'
const TOKEN = /^[\w-]{43}$/

/**
 * Tokens for links in mails: 256 random bits, kept as a digest, used once. Of the links for one purpose and subject
 * only the newest works.
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
    const newest = await storage.get(NEWEST, `${purpose}:${String(link.artifact.subject)}`)
    return newest?.artifact.digest === digest(token) ? link.artifact : undefined
  }

  return {
    /** Makes the newest link of a subject and returns its token; older ones are dead. */
    async issue(purpose: LinkPurpose, subject: string, content: Artifact, ttlSeconds: number): Promise<string> {
      const token = randomBytes(32).toString('base64url')
      await storage.putOnce(KIND, `${purpose}:${token}`, { ...content, subject }, ttlSeconds)
      await storage.put(NEWEST, `${purpose}:${subject}`, { digest: digest(token) }, ttlSeconds)
      return token
    },

    /** What the link was made with, while it works. Looking uses nothing up: mail scanners look, too. */
    read,

    /** As `read`, for exactly one caller. */
    async redeem(purpose: LinkPurpose, token: string): Promise<Artifact | undefined> {
      const content = await read(purpose, token)
      if (!content || !(await storage.consume(KIND, `${purpose}:${token}`))) return undefined
      await storage.remove(NEWEST, `${purpose}:${String(content.subject)}`)
      return content
    },
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}

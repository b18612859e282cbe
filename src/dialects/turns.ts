import { hashId } from '../storage/hash-id.ts'
import type { Storage } from '../storage/storage.ts'

/** How often something may be done for one subject. */
export type Turn = { readonly of: string; readonly subject: string; readonly limit: number; readonly seconds: number }

const SESSION_ID = 'DialectSessionId'
/** As long as a refresh token can go on. */
const SESSION_ID_SECONDS = 31_536_000

/** What dialects count, and the names of sessions that clients choose, kept for all nodes. */
export function createTurns(storage: Pick<Storage, 'increment' | 'get' | 'putOnce'>) {
  return {
    /** False once it was done `limit` times within `seconds`. */
    async takeTurn({ of, subject, limit, seconds }: Turn): Promise<boolean> {
      return (await storage.increment(`dialect:${of}:${hashId(subject)}`, seconds)) <= limit
    },

    /**
     * Whether a session may have this name, which the client chose: not when somebody who signed in has it. Whoever signs in
     * keeps it for themselves; without an account nothing is kept.
     */
    async mayName(sessionId: string, accountId?: string): Promise<boolean> {
      const owner = async () => (await storage.get(SESSION_ID, sessionId))?.artifact.accountId
      if (accountId === undefined) return (await owner()) === undefined
      if (await storage.putOnce(SESSION_ID, sessionId, { accountId }, SESSION_ID_SECONDS)) return true
      return (await owner()) === accountId
    },
  }
}

export type Turns = ReturnType<typeof createTurns>

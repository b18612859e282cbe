import { randomBytes } from 'node:crypto'
import { hashId } from '../../storage/hash-id.ts'
import { seal, unseal } from '../../storage/seal.ts'
import type { Storage } from '../../storage/storage.ts'

export type TokenCodes = ReturnType<typeof createTokenCodes>

/** A token that a code stands for; `expiresAt` in epoch seconds. */
export type CodedToken = { readonly token: string; readonly expiresAt: number }

/** Whom a code is for, and what must be said beside it. */
export type CodeOwner = { readonly accountId: string; readonly login: string }

const KIND = 'TokenCode'
const NEWEST = 'NewestTokenCode'
const CODE = /^[0-9a-f]{32}$/

/**
 * Codes for tokens that were issued already: who has the code gets the token, once. 128 random bits; the token is sealed
 * under the code, so that storage alone reads none. Of the codes for one account only the newest works.
 */
export function createTokenCodes({ storage }: { readonly storage: Pick<Storage, 'put' | 'get' | 'consume'> }) {
  return {
    async make({ accountId, login }: CodeOwner, { token, expiresAt }: CodedToken, ttlSeconds: number): Promise<string> {
      const code = randomBytes(16).toString('hex')
      await storage.put(
        KIND,
        code,
        { accountId, login, expiresAt, worksUntilMs: Date.now() + ttlSeconds * 1000, sealed: seal(code, KIND, token) },
        ttlSeconds,
      )
      await storage.put(NEWEST, accountId, { digest: hashId(code) }, ttlSeconds)
      return code
    },

    /** The token, for exactly one caller who knows the login of the account too; another login uses nothing up. */
    async redeem(code: string, login: string): Promise<CodedToken | undefined> {
      const artifact = CODE.test(code) ? (await storage.get(KIND, code))?.artifact : undefined
      if (!artifact || artifact.login !== login || Date.now() >= Number(artifact.worksUntilMs)) return undefined
      const newest = await storage.get(NEWEST, String(artifact.accountId))
      if (newest?.artifact.digest !== hashId(code) || !(await storage.consume(KIND, code))) return undefined
      const token = unseal(code, KIND, String(artifact.sealed))
      return token === undefined ? undefined : { token, expiresAt: Number(artifact.expiresAt) }
    },
  }
}

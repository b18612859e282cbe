import { readClientIdUrl } from './client-id-url.ts'
import type { DocumentBlock, DocumentRows } from './document-rows.ts'

const PART = 100

export type BlockingDeps = {
  readonly rows: DocumentRows
  /** What is remembered of clients is out of date. */
  readonly onChange: () => Promise<void>
  /** Ends every token of a client. */
  readonly endTokens: (clientId: string, by: string) => Promise<unknown>
}

/** Shuts out a host, or one address: no sign-in begins with its documents, and every token of theirs ends. */
export function createDocumentBlocking({ rows, onChange, endTokens }: BlockingDeps) {
  return {
    /** False where it is blocked already; what is left of an earlier try is ended all the same. */
    async block(block: Omit<DocumentBlock, 'createdAt'>): Promise<boolean> {
      const isNew = await rows.block(block, Math.floor(Date.now() / 1000))
      await onChange()
      let after = ''
      for (;;) {
        const ids = await rows.consentedAt(block.target, after, PART)
        for (const id of ids) await endTokens(id, block.blockedBy)
        after = ids.at(-1) ?? ''
        if (ids.length < PART) return isNew
      }
    },

    /** False where it was not blocked. Tokens that were ended stay so. */
    async unblock(target: string): Promise<boolean> {
      const wasBlocked = await rows.unblock(target)
      await onChange()
      return wasBlocked
    },
  }
}

/** A host as addresses write it, with its port where that is not 443, or a whole address; undefined for anything else. */
export function readBlockTarget(text: string): string | undefined {
  if (text.startsWith('https://')) return readClientIdUrl(text)?.href
  const url = text.length <= 253 && /^[a-z0-9.:-]+$/.test(text) ? URL.parse(`https://${text}/`) : null
  return url?.host === text && !url.hostname.endsWith('.') ? text : undefined
}

import { hash } from 'node:crypto'
import { seal, unseal } from '../../storage/seal.ts'
import type { Storage } from '../../storage/storage.ts'

const KIND = 'ConsoleNote'
/** Long enough to follow a redirect. */
const TTL_SECONDS = 120

/** Keeps a value for the page that a redirect leads to, such as a new secret: sealed under the session, read once. */
export function createOneTimeNotes(storage: Pick<Storage, 'put' | 'get' | 'consume' | 'remove'>) {
  const idOf = (sessionId: string, path: string) => hash('sha256', `${sessionId}\n${path}`, 'base64url')
  return {
    keep: (sessionId: string, path: string, value: string): Promise<void> =>
      storage.put(KIND, idOf(sessionId, path), { value: seal(sessionId, path, value) }, TTL_SECONDS),

    async take(sessionId: string, path: string): Promise<string | undefined> {
      const id = idOf(sessionId, path)
      const stored = await storage.get(KIND, id)
      if (!stored || !(await storage.consume(KIND, id))) return undefined
      await storage.remove(KIND, id)
      return unseal(sessionId, path, String(stored.artifact.value))
    },
  }
}

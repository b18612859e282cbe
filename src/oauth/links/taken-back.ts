import type { ClientLinks } from '../../client-links/client-links.ts'
import { Unavailable } from '../../http/unavailable.ts'
import type { Storage } from '../../storage/storage.ts'

const KIND = 'TakenBack'
/** Five years. */
const KEPT_SECONDS = 5 * 31_536_000
/** Somebody who writes the same at the same time is waited for this often. */
const MOST_TRIES = 10

export type TakenBack = ReturnType<typeof createTakenBack>

export type TakenBackDeps = {
  readonly storage: Pick<Storage, 'get' | 'putOnce' | 'swap'>
  readonly links: Pick<ClientLinks, 'consentsOf'>
}

/**
 * Scopes that customers took from a client while they left it the rest. A grant keeps in mind what was taken from it; a client that gets
 * a grant of its own by each assertion would have all of them again a moment later.
 */
export function createTakenBack({ storage, links }: TakenBackDeps) {
  const read = async (name: string) => {
    const found = await storage.get(KIND, name)
    // As it is written below: when each scope was taken, in epoch milliseconds.
    return { version: found?.version, taken: (found?.artifact.taken ?? {}) as Readonly<Record<string, number>> }
  }

  return {
    async note(customerId: string, clientId: string, scopes: readonly string[]): Promise<void> {
      const name = nameOf(customerId, clientId)
      const now = Object.fromEntries(scopes.map((scope) => [scope, Date.now()]))
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const { version, taken } = await read(name)
        const artifact = { taken: { ...taken, ...now } }
        const isWritten =
          version === undefined
            ? await storage.putOnce(KIND, name, artifact, KEPT_SECONDS)
            : await storage.swap(KIND, name, version, { artifact, ttlSeconds: KEPT_SECONDS })
        if (isWritten) return
      }
      throw new Unavailable('storage', 'others go on changing what was taken back')
    },

    /** Those that the customer has not allowed the client on a page since, nor by connecting the person of an issuer anew. */
    async scopesOf(customerId: string, clientId: string, connectedAtMs = 0): Promise<readonly string[]> {
      const { taken } = await read(nameOf(customerId, clientId))
      const entries = Object.entries(taken).filter(([, atMs]) => atMs >= connectedAtMs)
      if (entries.length === 0) return []
      const consents = await links.consentsOf(customerId, clientId)
      const isAllowedAgain = ([scope, atMs]: [string, number]) =>
        consents.some((consent) => consent.atMs > atMs && consent.scopes.includes(scope))
      return entries.filter((entry) => !isAllowedAgain(entry)).map(([scope]) => scope)
    },
  }
}

function nameOf(customerId: string, clientId: string): string {
  return JSON.stringify([customerId, clientId])
}

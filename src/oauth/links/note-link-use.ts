import { createRecent } from '../../cache.ts'
import type { ClientLinks } from '../../client-links/client-links.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { NoteLinkUse } from '../tokens/note-issuance.ts'

export type NoteLinkUseDeps = {
  readonly links: Pick<ClientLinks, 'noteUse'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly nowMs?: () => number
}

/** A service may show one token a thousand times a second: of one grant and purpose a use is noted once in so long. */
const NOTE_AGAIN_MS = 60_000
const MOST_REMEMBERED = 10_000

/** Notes uses of links with software of others; what the shop's own software does is none. */
export function createNoteLinkUse({ links, findClient, nowMs = Date.now }: NoteLinkUseDeps): NoteLinkUse {
  const noted = createRecent<number>(MOST_REMEMBERED)
  return function noteLinkUse(use) {
    const [key, now] = [`${use.grantId} ${use.usedFor}`, nowMs()]
    const since = now - (noted.get(key) ?? Number.NEGATIVE_INFINITY)
    if (since >= 0 && since < NOTE_AGAIN_MS) return
    noted.set(key, now)
    findClient(use.clientId).then(
      (client) => {
        if (client && client.first_party !== true) links.noteUse(use)
      },
      () => noted.delete(key),
    )
  }
}

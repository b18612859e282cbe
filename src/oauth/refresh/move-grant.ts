import type { Storage } from '../../storage/storage.ts'

/** Somebody who writes the same grant at the same time is waited for this often. */
const MOST_TRIES = 10

/**
 * Has a grant say the company user that its family acts as by now: of two that were asked for at once, the one that the family kept.
 * Each writer looks again after its write, so that the last one sees that both agree. A grant that ended stays ended.
 */
export async function moveGrant(
  storage: Pick<Storage, 'get' | 'swap'>,
  { grantId, family }: { readonly grantId: string; readonly family: string },
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const stored = await storage.get('Grant', grantId)
    const companyUserId = (await storage.get('RefreshToken', family))?.artifact.companyUserId
    if (!stored || companyUserId === undefined || stored.artifact.companyUserId === companyUserId) return
    // As long as a grant can live at all: another refresh token may have put its end off, and this code does not know how far.
    const ttlSeconds = Math.max(1, Number(stored.artifact.exp) - Math.floor(Date.now() / 1000))
    const artifact = { ...stored.artifact, companyUserId }
    await storage.swap('Grant', grantId, stored.version, { artifact, ttlSeconds })
  }
}

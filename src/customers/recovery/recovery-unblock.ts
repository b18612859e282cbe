import type { Lockout, LoginContext } from '../../credentials/lockout/lockout.ts'
import type { Artifact } from '../../storage/storage.ts'
import type { Customer } from '../customer.ts'
import { issueAccountLink } from './account-links.ts'
import type { RecoveryDeps } from './recovery.ts'
import { type Asker, linkLetter } from './recovery-letters.ts'

export type Unblock = Pick<ReturnType<typeof createUnblock>, 'request' | 'find' | 'finish'>

export type UnblockDeps = Pick<RecoveryDeps, 'directory' | 'proofs' | 'links' | 'budgets' | 'postLetter'> & {
  readonly lockout: Pick<Lockout, 'unblock' | 'remember'>
}

const TTL_SECONDS = 1800

/** Lifting a block by a link in a mail: who reads the mail of an account is its owner and no guesser. */
export function createUnblock(deps: UnblockDeps) {
  const { proofs, links, postLetter, lockout } = deps
  const findLive = async (link: Artifact | undefined) => (await proofs.measure(link?.proof))?.customer

  return {
    /** As for recovery: the same for everybody, in the background. */
    request(login: string, asker: Asker): void {
      postLetter(async () => {
        const request = { purpose: 'unblock', login, asker, ttlSeconds: TTL_SECONDS } as const
        const link = await issueAccountLink(deps, request)
        return link && linkLetter(link, { kind: 'unblock', path: '/unblock', asker, ttlSeconds: TTL_SECONDS })
      })
    },

    async find(token: string): Promise<Customer | undefined> {
      return findLive(await links.read('unblock', token))
    },

    /** Lifts the block where the link is followed and makes that device known; the place that asked stays blocked. */
    async finish(token: string, contextOf: (login: string) => LoginContext): Promise<Customer | undefined> {
      const customer = await findLive(await links.redeem('unblock', token))
      if (!customer) return undefined
      const context = contextOf(customer.email)
      await Promise.all([lockout.unblock(customer.email, context), lockout.remember(customer.email, context)])
      return customer
    },
  }
}

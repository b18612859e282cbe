import type { Lockout, LoginContext } from '../../credentials/lockout/lockout.ts'
import type { Artifact } from '../../storage/storage.ts'
import type { Customer } from '../customer.ts'
import { proofOf } from '../proof.ts'
import type { RecoveryDeps } from './recovery.ts'
import { type Asker, languagesFor } from './recovery-letters.ts'

export type Unblock = Pick<ReturnType<typeof createUnblock>, 'request' | 'find' | 'finish'>

export type UnblockDeps = Pick<RecoveryDeps, 'directory' | 'proofs' | 'links' | 'budgets' | 'postLetter'> & {
  readonly lockout: Pick<Lockout, 'unblock' | 'remember'>
}

const TTL_SECONDS = 1800

/** Lifting a block by a link in a mail: who reads the mail of an account is its owner and no guesser. */
export function createUnblock({ directory, proofs, links, budgets, postLetter, lockout }: UnblockDeps) {
  const findLive = async (link: Artifact | undefined) => (await proofs.measure(link?.proof))?.customer

  return {
    /** As for recovery: the same for everybody, in the background. */
    request(login: string, asker: Asker): void {
      postLetter(async () => {
        const madeAtMs = Date.now()
        const found = await directory.findByLogin(login)
        if (found?.customer.status !== 'active') return undefined
        const { id, email, locale, givenName } = found.customer
        if (!(await budgets.takeForAccount('unblock', email, asker))) return undefined
        const content = { proof: proofOf(found, madeAtMs) }
        return {
          kind: 'unblock',
          to: email,
          languages: languagesFor(locale, asker.languages),
          ...(givenName !== undefined && { givenName }),
          path: '/unblock',
          token: await links.issue('unblock', { subject: id, ip: asker.ip }, content, TTL_SECONDS),
          ttlSeconds: TTL_SECONDS,
        }
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

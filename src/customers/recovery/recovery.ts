import { normalizeEmail } from '../../credentials/email.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import type { Lockout, LoginContext } from '../../credentials/lockout/lockout.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import type { Measured, Proofs } from '../proof.ts'
import { issueAccountLink } from './account-links.ts'
import type { OneTimeLinks } from './one-time-links.ts'
import type { MailBudgets } from './recovery-budgets.ts'
import { type Asker, linkLetter, type PostLetter } from './recovery-letters.ts'
import type { PasswordChange, PasswordRefusal } from './recovery-password-change.ts'

export type Recovered =
  | { readonly outcome: 'changed'; readonly customer: Customer }
  | { readonly outcome: 'refused'; readonly reason: PasswordRefusal }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }
  /** Used, expired, replaced by a newer one, or never ours. */
  | { readonly outcome: 'dead' }

export type Recovery = {
  /**
   * Mails a link to the customer with this login, if there is one. In the background, so that the answer does not show
   * whether there is one. It leads to the shop's own page where one is given.
   */
  request(login: string, asker: Asker, shopPage?: string): void
  /** A key as of a letter, for a caller that may set anybody's password and sends its own letter. */
  issueKey(customer: Customer, ttlSeconds: number): Promise<string>
  /** The customer a link is for, while it works. */
  find(token: string): Promise<Customer | undefined>
  /** The same, where it is the customer with this address. */
  findFor(token: string, email: string): Promise<Measured | undefined>
  /** As `findFor`, for exactly one caller: the link is used up, and nothing else changes. */
  redeemFor(token: string, email: string): Promise<Measured | undefined>
  /**
   * Sets the password and signs the customer out everywhere. Of the passkeys those stay that the customer named: somebody else may
   * have added the others. A password that is refused leaves the link good.
   */
  finish(token: string, password: string, context: LoginContext, wishes: RecoveryWishes): Promise<Recovered>
}

export type RecoveryWishes = {
  /** Of the letters about it. */
  readonly languages: readonly string[]
  /** None where nobody could be asked. */
  readonly keptPasskeys?: readonly string[]
}

export type RecoveryDeps = {
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly proofs: Pick<Proofs, 'make' | 'measure'>
  readonly links: OneTimeLinks
  readonly budgets: MailBudgets
  readonly postLetter: PostLetter
  readonly passwordChange: PasswordChange
  readonly lockout: Pick<Lockout, 'unblock' | 'remember'>
  /** Who reads the mail of an address owns it. */
  readonly confirmEmail: (customerId: string, email: string) => Promise<boolean>
  /** The owner of the mailbox is about to have the account: takes away what others may have left in it. */
  readonly onRecovering?: ((customer: Customer) => Promise<void>) | undefined
  /** Takes away all passkeys of the customer but these, with what they signed in; absent where there are no passkeys. */
  readonly keepPasskeys?:
    | ((customerId: string, ids: readonly string[], languages: readonly string[]) => Promise<void>)
    | undefined
  /** A letter with a link goes out to this customer. */
  readonly onRequested: (customerId: string) => void
}

const TTL_SECONDS = 1800
/** Of keys that no person asked for: the newest of them works. */
const BY_AN_API = '0.0.0.0'

/** Recovery of a forgotten password by a link in a mail. */
export function createRecovery(deps: RecoveryDeps): Recovery {
  const { proofs, links, postLetter, passwordChange, lockout } = deps
  const find = async (token: string) => proofs.measure((await links.read('recovery', token))?.proof)

  const findFor = async (token: string, email: string) => {
    const found = await find(token)
    return found && normalizeEmail(found.customer.email) === normalizeEmail(email) ? found : undefined
  }

  return {
    request(login, asker, shopPage) {
      postLetter(async () => {
        const request = { purpose: 'recovery', login, asker, ttlSeconds: TTL_SECONDS } as const
        const link = await issueAccountLink(deps, request)
        if (!link) return undefined
        deps.onRequested(link.customer.id)
        const page = { path: '/recovery/new', shopPage }
        return linkLetter(link, { kind: 'recovery', ...page, asker, ttlSeconds: TTL_SECONDS })
      })
    },

    async issueKey(customer, ttlSeconds) {
      const proof = await proofs.make(customer.id)
      return links.issue('recovery', { subject: customer.id, ip: BY_AN_API }, { proof }, ttlSeconds)
    },

    find: async (token) => (await find(token))?.customer,

    findFor,

    async redeemFor(token, email) {
      const found = await findFor(token, email)
      return found?.customer.emailVerified && (await links.redeem('recovery', token)) ? found : undefined
    },

    async finish(token, password, context, { languages, keptPasskeys = [] }) {
      const found = await find(token)
      if (!found) return { outcome: 'dead' }
      const { customer } = found
      const prepared = await passwordChange.prepare(password, customer.email, networkOf(context.ip))
      if (prepared.outcome !== 'prepared') return prepared
      if (!(await links.redeem('recovery', token))) return { outcome: 'dead' }
      // Before the sign-outs, so that none of it outlives them.
      await deps.onRecovering?.(customer)
      if (!(await passwordChange.apply(found, prepared.password, languages))) return { outcome: 'dead' }
      await deps.keepPasskeys?.(customer.id, keptPasskeys, languages)
      await deps.confirmEmail(customer.id, customer.email)
      await Promise.all([lockout.unblock(customer.email, context), lockout.remember(customer.email, context)])
      return { outcome: 'changed', customer }
    },
  }
}

import type { ForeignIdentity } from '../../credentials/foreign-identity.ts'
import type { Customer } from '../customer.ts'
import type { Directory } from '../directory.ts'
import { languagesFor, type PostLetter } from '../recovery/recovery-letters.ts'
import type { WaysIn } from '../ways-in.ts'
import type { LinkRows } from './link-rows.ts'

export type LinkedAccounts = ReturnType<typeof createLinkedAccounts>

export type LinkedAccountsDeps = {
  readonly links: LinkRows
  readonly directory: Pick<Directory, 'findById'>
  readonly waysIn: WaysIn
  /** What people call a provider. */
  readonly nameOf: (upstreamId: string) => string
  readonly note: (event: LinkEvent, customerId: string, reason: string) => void
  readonly postLetter?: PostLetter | undefined
}

export type LinkEvent = 'customer.upstream-linked' | 'customer.upstream-unlinked'

/** The accounts of a customer at sign-in providers: each change is told by mail and is in the audit trail. */
export function createLinkedAccounts(deps: LinkedAccountsDeps) {
  const { links, directory, waysIn, note } = deps

  return {
    ofCustomer: links.ofCustomer,
    /** What people call the provider or the issuer of a link. */
    nameOf: deps.nameOf,

    /** Connects a person at a provider with the customer, who has proved that both are theirs. */
    async connect(customerId: string, identity: ForeignIdentity): Promise<'connected' | 'taken'> {
      if (!(await links.add(customerId, identity)))
        return (await links.customerOf(identity)) === customerId ? 'connected' : 'taken'
      tell('customer.upstream-linked', customerId, identity.upstreamId)
      return 'connected'
    },

    /** Tells of a connection that somebody else has made for the customer: their mail provider, for its own mailboxes. */
    tellConnected: (customerId: string, upstreamId: string): void =>
      tell('customer.upstream-linked', customerId, upstreamId),

    /** Takes one away, unless nothing would be left by which the customer gets in. */
    async disconnect(customerId: string, linkId: string): Promise<'disconnected' | 'last-way-in' | 'unknown'> {
      const removed = await waysIn.takeAway(customerId, { kind: 'provider', id: linkId }, (transaction) =>
        links.remove(customerId, linkId, transaction),
      )
      if (removed === 'last-way-in') return removed
      if (!removed) return 'unknown'
      tell('customer.upstream-unlinked', customerId, removed.upstreamId)
      return 'disconnected'
    },

    /**
     * Leaves only what belongs to the owner of the mailbox, who has just recovered the account by it: whoever had the account
     * before may have connected a way in of their own (a trojan identifier).
     */
    async afterRecovery({ id, email }: Pick<Customer, 'id' | 'email'>): Promise<void> {
      for (const { upstreamId } of await links.removeOthers(id, email))
        tell('customer.upstream-unlinked', id, upstreamId, 'after a recovery by mail')
    },
  }

  function tell(event: LinkEvent, customerId: string, upstreamId: string, why?: string): void {
    note(event, customerId, why === undefined ? upstreamId : `${upstreamId}, ${why}`)
    deps.postLetter?.(async () => {
      const customer = await directory.findById(customerId)
      return (
        customer && {
          kind: event === 'customer.upstream-linked' ? 'upstream-linked' : 'upstream-unlinked',
          to: customer.email,
          languages: languagesFor(customer.locale),
          ...(customer.givenName !== undefined && { givenName: customer.givenName }),
          values: { provider: deps.nameOf(upstreamId) },
          path: '/recovery',
        }
      )
    })
  }
}

import type { Knex } from 'knex'
import type { Directory } from '../directory.ts'
import { type EmailChange, findEmailChange, UNDO_SECONDS, type Undone, undoEmailChange } from '../email-change-rows.ts'
import { languagesFor, type PostLetter } from './recovery-letters.ts'

export type EmailChanges = {
  /** Tells the former address, with the way to undo it, and the audit trail; `by` is who changed it. */
  announce(change: EmailChange, how: 'by an operator' | 'by an import' | 'by the customer', by?: string): void
  /** The address that a token would restore, while it can. */
  find(token: string): Promise<string | undefined>
  /** Restores the former address and signs the customer out everywhere. */
  undo(token: string): Promise<Undone['outcome']>
}

export type EmailChangesDeps = {
  readonly knex: Knex
  readonly directory: Pick<Directory, 'findById'>
  readonly postLetter: PostLetter
  /** Into the audit trail, which never has the addresses. */
  readonly noteEmailChange: (change: { customerId: string; reason: string; by?: string }) => void
  /** Ends every session and token of a customer whose address changed. */
  readonly endSignIns: (customerId: string) => Promise<void>
}

/** Changes of a customer's address: the owner of the former one is told, and can undo them. */
export function createEmailChanges(deps: EmailChangesDeps): EmailChanges {
  const { knex, directory, postLetter, noteEmailChange, endSignIns } = deps
  return {
    announce({ customerId, from, token }, how, by) {
      noteEmailChange({ customerId, reason: how, ...(by !== undefined && { by }) })
      postLetter(async () => {
        const customer = await directory.findById(customerId)
        return {
          kind: 'email-changed',
          to: from,
          languages: languagesFor(customer?.locale),
          ...(customer?.givenName !== undefined && { givenName: customer.givenName }),
          path: '/email-undo',
          token,
          ttlSeconds: UNDO_SECONDS,
        }
      })
    },
    find: (token) => findEmailChange(knex, token),
    async undo(token) {
      const undone = await undoEmailChange(knex, token)
      if (undone.outcome !== 'undone') return undone.outcome
      await endSignIns(undone.customerId)
      noteEmailChange({ customerId: undone.customerId, reason: 'undone from the former address' })
      return undone.outcome
    },
  }
}

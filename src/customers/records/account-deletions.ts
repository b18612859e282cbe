import type { Knex } from 'knex'
import type { Customer } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'
import { type EraseDeps, eraseCustomer } from './erase.ts'

/** An account that is to be erased. Epoch seconds. */
export type AccountDeletion = { readonly dueAt: number }

export type AccountDeletions = ReturnType<typeof createAccountDeletions>

/** What happened to a deletion, for the audit trail and the letter to the customer. */
export type DeletionNote = 'asked' | 'called-off' | 'done'

export type AccountDeletionsDeps = {
  readonly knex: Knex
  readonly delaySeconds: number
  /** Ends every session and token of a customer who was erased. */
  readonly revokeErased: EraseDeps['revoke']
  readonly tellChanged: TellChanged
  readonly endSignIns: (customerId: string) => Promise<void>
  /** The names of companies that nobody else would look after; holds them until the transaction ends. */
  readonly leftAloneNow: (transaction: Knex, customerId: string) => Promise<readonly string[]>
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  /** Given the customer as they were before they were erased. */
  readonly tell: (note: DeletionNote, customer: Customer, deletion: AccountDeletion) => void
}

const BATCH = 20

/** Customers who want their account erased: asked for, with a while to call it off, and done. */
export function createAccountDeletions(deps: AccountDeletionsDeps) {
  const { knex, delaySeconds, revokeErased, tellChanged, endSignIns, leftAloneNow, findCustomer, tell } = deps
  const seconds = () => Math.floor(Date.now() / 1000)

  /** One customer whose day has come: however many nodes do it, once, and not after it was called off. */
  async function eraseOne(customerId: string): Promise<boolean> {
    const customer = await findCustomer(customerId)
    if (!customer) return false
    let dueAt: number | undefined
    const claim = async (transaction: Knex, id: string) => {
      const rows = await transaction('account_deletions')
        .where({ customer_id: id })
        .where('due_at', '<=', seconds())
        .delete()
        .returning<{ due_at: string | number }[]>('due_at')
      dueAt = rows[0] && Number(rows[0].due_at)
      return dueAt !== undefined
    }
    const erased = await eraseCustomer({ knex, revoke: revokeErased, tellChanged, claim }, customer.customerReference)
    if (erased.outcome === 'erased' && dueAt !== undefined) tell('done', customer, { dueAt })
    return erased.outcome === 'erased'
  }

  async function eraseDue(): Promise<number> {
    const due = await knex('account_deletions')
      .where('due_at', '<=', seconds())
      .orderBy('due_at')
      .limit(BATCH)
      .select<{ customer_id: string }[]>('customer_id')
    let count = 0
    for (const { customer_id: id } of due) if (await eraseOne(id)) count++
    return count
  }

  return {
    async find(customerId: string): Promise<AccountDeletion | undefined> {
      const row = await knex('account_deletions')
        .where({ customer_id: customerId })
        .first<{ due_at: string | number } | undefined>('due_at')
      return row && { dueAt: Number(row.due_at) }
    },

    /**
     * Signs the customer out everywhere. A deletion that was asked for before keeps its day. Refused, with nothing done, while
     * a company would be left that nobody looks after: of its last two administrators who ask at once one may go.
     */
    async ask(customer: Customer): Promise<'asked' | 'last-administrator'> {
      const dueAt = seconds() + delaySeconds
      const made = await knex.transaction<object[] | undefined>(async (transaction) => {
        if ((await leftAloneNow(transaction, customer.id)).length > 0) return undefined
        const rows: object[] = await transaction('account_deletions')
          .insert({ customer_id: customer.id, asked_at: seconds(), due_at: dueAt })
          .onConflict('customer_id')
          .ignore()
          .returning('customer_id')
        return rows
      })
      if (!made) return 'last-administrator'
      await endSignIns(customer.id)
      if (made.length > 0) tell('asked', customer, { dueAt })
      if (delaySeconds === 0) await eraseDue()
      return 'asked'
    },

    /** False when there was none, or it is too late. */
    async callOff(customer: Customer): Promise<boolean> {
      const rows = await knex('account_deletions')
        .where({ customer_id: customer.id })
        .delete()
        .returning<{ due_at: string | number }[]>('due_at')
      const dueAt = rows[0]?.due_at
      if (dueAt === undefined) return false
      tell('called-off', customer, { dueAt: Number(dueAt) })
      return true
    },

    /** Erases accounts whose day has come; how many. */
    eraseDue,
  }
}

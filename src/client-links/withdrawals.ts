import type { Knex } from 'knex'

const TABLE = 'withdrawn_links'

/** Epoch milliseconds. */
type Instant = number

export type Withdrawals = ReturnType<typeof createWithdrawals>

/**
 * When customers took back what a client had. Their grants have ended; this outlives them, so that nobody else brings the link back: a
 * client could present the next assertion about the customer at once.
 */
export function createWithdrawals({ knex }: { readonly knex: Knex }) {
  return {
    /** Keeps the latest of several. */
    async note(customerId: string, clientId: string): Promise<void> {
      await knex(TABLE)
        .insert({ customer_id: customerId, client_id: clientId, at_ms: Date.now() })
        .onConflict(['customer_id', 'client_id'])
        .merge(['at_ms'])
    },

    /** Undefined where there was none. */
    async lastOf(customerId: string, clientId: string): Promise<Instant | undefined> {
      const row = await knex(TABLE)
        .where({ customer_id: customerId, client_id: clientId })
        .first<{ at_ms: string | number } | undefined>('at_ms')
      return row && Number(row.at_ms)
    },

    /** Of a customer who was erased. */
    async forget(customerId: string): Promise<void> {
      await knex(TABLE).where({ customer_id: customerId }).delete()
    },
  }
}

import type { Knex } from 'knex'

const APPROVALS = 'purchase_mandate_approvals'

export type NewApproval = {
  readonly mandateId: string
  readonly order: string
  readonly amount: number
  readonly now: number
  readonly lapsesAt: number
}

/** Keeps that the customer approved an order; once more takes the place of what was approved before. */
export async function writeApproval(
  knex: Knex,
  { mandateId, order, amount, now, lapsesAt }: NewApproval,
): Promise<void> {
  const columns = { amount, approved_at: now, lapses_at: lapsesAt, used_at: null }
  await knex(APPROVALS)
    .insert({ mandate_id: mandateId, order_id: order, ...columns })
    .onConflict(['mandate_id', 'order_id'])
    .merge(columns)
}

/** Uses up the approval of an order of this amount; false where there is none that is fresh and unused. */
export async function takeApproval(
  knex: Knex,
  { mandateId, order, amount, now }: Omit<NewApproval, 'lapsesAt'>,
): Promise<boolean> {
  const taken = await knex(APPROVALS)
    .where({ mandate_id: mandateId, order_id: order })
    .whereNull('used_at')
    .where('lapses_at', '>', now)
    .where('amount', '>=', amount)
    .update({ used_at: now })
  return taken === 1
}

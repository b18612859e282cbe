import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { type Span, spanOf } from './calendar.ts'
import type { Hold, Mandate, Remaining } from './mandate.ts'

/** As the driver gives it: whole numbers of eight bytes are texts. */
type Row = {
  readonly id: string
  readonly mandate_id: string
  readonly order_id: string
  readonly state: 'held' | 'captured' | 'released'
  readonly amount: string | number
  readonly held_amount: string | number
  readonly categories: readonly string[]
  readonly merchant: string | null
  readonly evidence: string | null
  readonly placed_by: string
  readonly held_at: string | number
  readonly lapses_at: string | number
  readonly settled_at: string | number | null
}

const HOLDS = 'purchase_mandate_holds'

/** A hold with what it was placed for, which its amount is no more once it is captured. */
export type StoredHold = Hold & { readonly heldAmount: number }

export async function findHold(
  knex: Knex,
  of: { readonly mandateId: string; readonly order: string } | { readonly mandateId: string; readonly id: string },
  now: number,
): Promise<StoredHold | undefined> {
  const row = await knex(HOLDS)
    .where({ mandate_id: of.mandateId, ...('order' in of ? { order_id: of.order } : { id: of.id }) })
    .first<Row | undefined>('*')
  return row && toHold(row, now)
}

/** Newest first. */
export async function listHolds(knex: Knex, mandateId: string, now: number, limit: number): Promise<StoredHold[]> {
  const rows = await knex(HOLDS)
    .where({ mandate_id: mandateId })
    .orderBy([
      { column: 'held_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit)
    .select<Row[]>('*')
  return rows.map((row) => toHold(row, now))
}

/** What has been spent and held, in the periods of now. */
export type Usage = {
  /** Captured and held in the period of the budget. */
  readonly spent: number
  /** The same, in the period of the ceiling of orders. */
  readonly orders: number
  /** Captured at any time. */
  readonly captured: number
  readonly open: number
  /** Rows that are kept for the mandate, of any state. */
  readonly rows: number
}

export type UsageAt = { readonly now: number; readonly timeZone: string }

export async function readUsage(knex: Knex, { id, terms }: Mandate, { now, timeZone }: UsageAt): Promise<Usage> {
  const [budget, orders] = [spanOf(terms.budget?.period ?? 'once', now, timeZone), ordersSpan({ terms }, now, timeZone)]
  const { rows } = await knex.raw<{ rows: Record<keyof Usage, string>[] }>(
    `select
       coalesce(sum(amount) filter (where counts and held_at >= :budgetStart), 0) as spent,
       count(*) filter (where counts and held_at >= :ordersStart) as orders,
       coalesce(sum(amount) filter (where state = 'captured'), 0) as captured,
       count(*) filter (where counts and state = 'held') as open,
       count(*) as rows
     from (
       select amount, held_at, state, state = 'captured' or (state = 'held' and lapses_at > :now) as counts
       from ${HOLDS} where mandate_id = :id) as holds`,
    { id, now, budgetStart: budget.start, ordersStart: orders.start },
  )
  const [row] = rows
  const number = (name: keyof Usage) => Number(row?.[name] ?? 0)
  return {
    spent: number('spent'),
    orders: number('orders'),
    captured: number('captured'),
    open: number('open'),
    rows: number('rows'),
  }
}

function ordersSpan({ terms }: Pick<Mandate, 'terms'>, now: number, timeZone: string): Span {
  return spanOf(terms.orders?.period ?? 'once', now, timeZone)
}

/** What is left after this usage. A mandate that was lowered below what is spent has nothing left. */
export function remainingOf({ terms }: Pick<Mandate, 'terms'>, usage: Usage, { now, timeZone }: UsageAt): Remaining {
  const { budget, orders, per_order, expires_at } = terms
  const period = budget?.period ?? orders?.period ?? 'once'
  return {
    amount: budget ? Math.max(0, budget.amount - usage.spent) : (per_order?.amount ?? 0),
    ...(orders && { orders: Math.max(0, orders.max - usage.orders) }),
    until: Math.min(spanOf(period, now, timeZone).end, expires_at),
  }
}

export type NewHold = Pick<
  Hold,
  'mandateId' | 'order' | 'amount' | 'categories' | 'placedBy' | 'heldAt' | 'lapsesAt'
> & {
  readonly merchant?: string | undefined
  readonly evidence?: string | undefined
}

/** Places a hold, or places that of an order again that was released or lapsed. */
export async function writeHold(knex: Knex, hold: NewHold): Promise<StoredHold> {
  const columns = {
    state: 'held',
    amount: hold.amount,
    held_amount: hold.amount,
    categories: JSON.stringify(hold.categories),
    merchant: hold.merchant ?? null,
    evidence: hold.evidence ?? null,
    placed_by: hold.placedBy,
    held_at: hold.heldAt,
    lapses_at: hold.lapsesAt,
    settled_at: null,
  }
  const [row] = await knex(HOLDS)
    .insert({ id: randomUUID(), mandate_id: hold.mandateId, order_id: hold.order, ...columns })
    .onConflict(['mandate_id', 'order_id'])
    .merge(columns)
    .returning<Row[]>('*')
  if (!row) throw new Error('a row that was written comes back')
  return toHold(row, hold.heldAt)
}

export async function settleHold(
  knex: Knex,
  id: string,
  { state, amount, now }: { readonly state: 'captured' | 'released'; readonly amount: number; readonly now: number },
): Promise<StoredHold> {
  const [row] = await knex(HOLDS).where({ id }).update({ state, amount, settled_at: now }).returning<Row[]>('*')
  if (!row) throw new Error('a row that was read under the lock of its mandate is there')
  return toHold(row, now)
}

/** Releases what is held and not captured. */
export async function releaseOpen(knex: Knex, mandateId: string, now: number): Promise<void> {
  await knex(HOLDS).where({ mandate_id: mandateId, state: 'held' }).update({ state: 'released', settled_at: now })
}

function toHold(row: Row, now: number): StoredHold {
  const lapsesAt = Number(row.lapses_at)
  return {
    id: row.id,
    mandateId: row.mandate_id,
    order: row.order_id,
    state: row.state === 'held' && lapsesAt <= now ? 'lapsed' : row.state,
    amount: Number(row.amount),
    heldAmount: Number(row.held_amount),
    categories: row.categories,
    ...(row.merchant !== null && { merchant: row.merchant }),
    ...(row.evidence !== null && { evidence: row.evidence }),
    placedBy: row.placed_by,
    heldAt: Number(row.held_at),
    lapsesAt,
    ...(row.settled_at !== null && { settledAt: Number(row.settled_at) }),
  }
}

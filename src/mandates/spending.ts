import type { Knex } from 'knex'
import { isUuid } from '../database/uuid.ts'
import { Unavailable } from '../http/unavailable.ts'
import { takeApproval } from './approval-rows.ts'
import {
  findHold,
  readUsage,
  releaseOpen,
  remainingOf,
  type StoredHold,
  settleHold,
  type Usage,
  type UsageAt,
  writeHold,
} from './hold-rows.ts'
import { createInLine } from './in-line.ts'
import { type Mandate, type Remaining, stateOf } from './mandate.ts'
import { findMandate } from './mandate-rows.ts'
import { currencyOf } from './terms.ts'

/** How long an order is held before it counts no more. */
export const HOLD_SECONDS = 1800
/** What a mandate holds at a time, and what is kept of it at all: a shop that goes wrong fills no disk. */
export const MOST_OPEN_HOLDS = 100
export const MOST_HOLDS = 20_000
/** Requests for one mandate that wait on a node. */
const MOST_WAITING = 2000

/** An order that a shop wants to hold an amount for. */
export type HoldRequest = {
  readonly order: string
  readonly amount: number
  readonly currency: string
  readonly categories: readonly string[]
  readonly merchant?: string | undefined
  readonly evidence?: string | undefined
  /** The shop's client. */
  readonly placedBy: string
}

/** The ceiling that an order would be over. */
export type Limit =
  | 'currency'
  | 'per_order'
  | 'budget'
  | 'orders'
  | 'merchants'
  | 'categories'
  | 'not_before'
  | 'open_holds'
  | 'kept_holds'

export type Spent =
  | { readonly outcome: 'done'; readonly hold: StoredHold; readonly remaining: Remaining; readonly isNew: boolean }
  | { readonly outcome: 'exceeded'; readonly limit: Limit; readonly remaining: Remaining }
  | { readonly outcome: 'approval-required'; readonly remaining: Remaining }
  /** The same order with another amount, or a hold that ended otherwise. */
  | { readonly outcome: 'conflict'; readonly reason: string }
  | { readonly outcome: 'paused' }
  /** Withdrawn, expired, or a hold that lapsed or was released. */
  | { readonly outcome: 'over'; readonly reason: string }
  | { readonly outcome: 'unknown' }

export type SpendingDeps = { readonly knex: Knex; readonly timeZone: string; readonly now: () => number }

export type Spending = ReturnType<typeof createSpending>

/**
 * Orders under a mandate. Each step holds the lock of the mandate's row while it reads what is spent and writes what is
 * added, so that the ceilings hold on all nodes together.
 */
export function createSpending({ knex, timeZone, now }: SpendingDeps) {
  const inLine = createInLine(MOST_WAITING)

  async function locked(id: string, step: (transaction: Knex, mandate: Mandate, at: UsageAt) => Promise<Spent>) {
    if (!isUuid(id)) return { outcome: 'unknown' } as const
    const answer = inLine(id, () =>
      knex.transaction(async (transaction): Promise<Spent> => {
        const mandate = await findMandate(transaction, id, { isLocked: true })
        if (!mandate) return { outcome: 'unknown' }
        return step(transaction, mandate, { now: now(), timeZone })
      }),
    )
    if (!answer) throw new Unavailable('database', `${MOST_WAITING} requests wait for one purchase mandate`)
    return answer
  }

  return {
    /** Holds an amount for an order. The same order and amount once more is the same hold. */
    place: (mandateId: string, request: HoldRequest): Promise<Spent> =>
      locked(mandateId, (transaction, mandate, at) => place(transaction, mandate, request, at)),

    /** Takes what is held, or less. */
    capture: (mandateId: string, holdId: string, amount: number | undefined): Promise<Spent> =>
      locked(mandateId, (transaction, mandate, at) => capture(transaction, { mandate, holdId, amount }, at)),

    /** Gives back what is held. */
    release: (mandateId: string, holdId: string): Promise<Spent> =>
      locked(mandateId, (transaction, mandate, at) => release(transaction, { mandate, holdId }, at)),

    async usage(mandate: Mandate): Promise<{ readonly usage: Usage; readonly remaining: Remaining }> {
      const at = { now: now(), timeZone }
      const usage = await readUsage(knex, mandate, at)
      return { usage, remaining: remainingOf(mandate, usage, at) }
    },

    releaseAll: (transaction: Knex, mandateId: string) => releaseOpen(transaction, mandateId, now()),
  }
}

async function place(transaction: Knex, mandate: Mandate, request: HoldRequest, at: UsageAt): Promise<Spent> {
  const { order, amount, categories, placedBy, merchant, evidence } = request
  const state = stateOf(mandate, at.now)
  if (state === 'withdrawn' || state === 'expired') return { outcome: 'over', reason: `the mandate is ${state}` }
  const before = await findHold(transaction, { mandateId: mandate.id, order }, at.now)
  const usage = await readUsage(transaction, mandate, at)
  const remaining = remainingOf(mandate, usage, at)
  if (before && (before.state === 'held' || before.state === 'captured')) {
    if (before.heldAmount !== amount || request.currency !== currencyOf(mandate.terms))
      return { outcome: 'conflict', reason: 'the order is held already, with another amount' }
    return { outcome: 'done', hold: before, remaining, isNew: false }
  }
  if (state === 'paused') return { outcome: 'paused' }
  const limit = limitOf(mandate, request, { usage, now: at.now, isKept: before !== undefined })
  if (limit) return { outcome: 'exceeded', limit, remaining }
  const { ask_above } = mandate.terms
  const needsApproval = ask_above !== undefined && amount > ask_above.amount
  if (needsApproval && !(await takeApproval(transaction, { mandateId: mandate.id, order, amount, now: at.now })))
    return { outcome: 'approval-required', remaining }
  const hold = await writeHold(transaction, {
    mandateId: mandate.id,
    order,
    amount,
    categories,
    merchant,
    evidence,
    placedBy,
    heldAt: at.now,
    lapsesAt: at.now + HOLD_SECONDS,
  })
  const after = { ...usage, spent: usage.spent + amount, orders: usage.orders + 1 }
  return { outcome: 'done', hold, remaining: remainingOf(mandate, after, at), isNew: true }
}

type Standing = { readonly usage: Usage; readonly now: number; readonly isKept: boolean }

/** The first ceiling that an order is over. */
function limitOf({ terms }: Mandate, request: HoldRequest, { usage, now, isKept }: Standing): Limit | undefined {
  const { amount, currency, categories, merchant } = request
  if (currency !== currencyOf(terms)) return 'currency'
  if (terms.not_before !== undefined && now < terms.not_before) return 'not_before'
  if (terms.merchants && (merchant === undefined || !terms.merchants.includes(merchant))) return 'merchants'
  if (!fitsCategories(terms.categories, categories)) return 'categories'
  if (terms.per_order && amount > terms.per_order.amount) return 'per_order'
  if (terms.budget && amount > terms.budget.amount - usage.spent) return 'budget'
  if (terms.orders && usage.orders >= terms.orders.max) return 'orders'
  if (usage.open >= MOST_OPEN_HOLDS) return 'open_holds'
  if (usage.rows >= MOST_HOLDS && !isKept) return 'kept_holds'
  return undefined
}

/** `exclude` wins. Where categories matter, an order that names none does not fit. */
function fitsCategories(allowed: Mandate['terms']['categories'], categories: readonly string[]): boolean {
  if (!allowed) return true
  if (categories.length === 0) return false
  const { include, exclude = [] } = allowed
  return categories.every((name) => !exclude.includes(name) && (include?.includes(name) ?? true))
}

type Settling = { readonly mandate: Mandate; readonly holdId: string; readonly amount?: number | undefined }

async function capture(transaction: Knex, { mandate, holdId, amount }: Settling, at: UsageAt): Promise<Spent> {
  const hold = isUuid(holdId) ? await findHold(transaction, { mandateId: mandate.id, id: holdId }, at.now) : undefined
  if (!hold) return { outcome: 'unknown' }
  const wanted = amount ?? hold.heldAmount
  if (hold.state === 'captured') {
    if (amount !== undefined && amount !== hold.amount)
      return { outcome: 'conflict', reason: 'the hold is captured already, with another amount' }
    return settled(transaction, { mandate, hold, isNew: false }, at)
  }
  if (mandate.withdrawnAt !== undefined) return { outcome: 'over', reason: 'the mandate is withdrawn' }
  if (hold.state !== 'held') return { outcome: 'over', reason: `the hold is ${hold.state}` }
  if (wanted > hold.heldAmount) return { outcome: 'conflict', reason: 'more cannot be captured than is held' }
  const captured = await settleHold(transaction, hold.id, { state: 'captured', amount: wanted, now: at.now })
  return settled(transaction, { mandate, hold: captured, isNew: true }, at)
}

async function release(transaction: Knex, { mandate, holdId }: Settling, at: UsageAt): Promise<Spent> {
  const hold = isUuid(holdId) ? await findHold(transaction, { mandateId: mandate.id, id: holdId }, at.now) : undefined
  if (!hold) return { outcome: 'unknown' }
  if (hold.state === 'captured') return { outcome: 'conflict', reason: 'the hold is captured already' }
  if (hold.state === 'released') return settled(transaction, { mandate, hold, isNew: false }, at)
  const released = await settleHold(transaction, hold.id, { state: 'released', amount: hold.amount, now: at.now })
  return settled(transaction, { mandate, hold: released, isNew: true }, at)
}

type Settled = { readonly mandate: Mandate; readonly hold: StoredHold; readonly isNew: boolean }

async function settled(transaction: Knex, { mandate, hold, isNew }: Settled, at: UsageAt): Promise<Spent> {
  const remaining = remainingOf(mandate, await readUsage(transaction, mandate, at), at)
  return { outcome: 'done', hold, remaining, isNew }
}

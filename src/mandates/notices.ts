import { spanOf } from './calendar.ts'
import type { Mandate } from './mandate.ts'
import type { Mandates } from './mandates.ts'
import type { Spending } from './spending.ts'

/** What customers are written about their mandates. */
export const MANDATE_LETTERS = ['mandate-first-purchase', 'mandate-budget', 'mandate-withdrawn'] as const
export type MandateLetter = (typeof MANDATE_LETTERS)[number]

/** Writes to the customer in the background, if it is due: whether that is so is found out there as well. */
export type WriteToCustomer = (mandate: Mandate, kind: MandateLetter, isDue?: () => Promise<boolean>) => void

export type NoticesDeps = {
  readonly usage: Spending['usage']
  readonly isFirstToTell: Mandates['isFirstToTell']
  readonly writeTo: WriteToCustomer
  readonly timeZone: string
  readonly now: () => number
}

/** The part of a budget from which its customer is told. */
const NEARLY = 0.8

/** Tells a customer of the first purchase, and when a budget is nearly spent: each once, and the budget once in its period. */
export function createMandateNotices({ usage, isFirstToTell, writeTo, timeZone, now }: NoticesDeps) {
  async function isNearlySpent(mandate: Mandate): Promise<boolean> {
    const { budget } = mandate.terms
    if (!budget) return false
    const { spent } = (await usage(mandate)).usage
    if (spent < budget.amount * NEARLY) return false
    return isFirstToTell(mandate.id, `budget-${spanOf(budget.period, now(), timeZone).start}`)
  }

  return {
    captured(mandate: Mandate): void {
      writeTo(mandate, 'mandate-first-purchase', () => isFirstToTell(mandate.id, 'first-purchase'))
      if (mandate.terms.budget) writeTo(mandate, 'mandate-budget', () => isNearlySpent(mandate))
    },
  }
}

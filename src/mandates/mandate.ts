import type { MandateTerms } from './terms.ts'

/** What a customer lets a client buy: the terms as granted, and as narrowed since. */
export type Mandate = {
  readonly id: string
  /** Its place in lists. */
  readonly seq: number
  /** The sign-in that it ends with. */
  readonly grantId: string
  readonly clientId: string
  readonly customerId: string
  readonly companyUserId?: string
  /** The resource server of the shop where it can be spent. */
  readonly resource: string
  /** What the client asked for. */
  readonly asked: MandateTerms
  /** What holds now. */
  readonly terms: MandateTerms
  /** 1 as granted; one more each time it is narrowed. */
  readonly version: number
  /** Epoch seconds, as all times here. */
  readonly grantedAt: number
  readonly pausedAt?: number
  readonly withdrawnAt?: number
  readonly withdrawnBy?: string
}

export type MandateState = 'active' | 'paused' | 'withdrawn' | 'expired'

export function stateOf({ terms, pausedAt, withdrawnAt }: Mandate, now: number): MandateState {
  if (withdrawnAt !== undefined) return 'withdrawn'
  if (terms.expires_at <= now) return 'expired'
  return pausedAt === undefined ? 'active' : 'paused'
}

/** An order that a mandate pays for, or is kept for. */
export type Hold = {
  readonly id: string
  readonly mandateId: string
  readonly order: string
  readonly state: 'held' | 'captured' | 'released' | 'lapsed'
  /** What counts against the budget: of a captured one what was captured. */
  readonly amount: number
  readonly categories: readonly string[]
  readonly merchant?: string
  /** What the shop keeps as proof, for example the hash of an AP2 mandate. */
  readonly evidence?: string
  /** The client of the shop that placed it. */
  readonly placedBy: string
  readonly heldAt: number
  readonly lapsesAt: number
  readonly settledAt?: number
}

/** What is left of a mandate. */
export type Remaining = {
  /** Of the budget in this period; without a budget the most that one order may cost. */
  readonly amount: number
  /** Absent where the number of orders has no ceiling. */
  readonly orders?: number
  /** Epoch seconds: when the period or the mandate ends. */
  readonly until: number
}

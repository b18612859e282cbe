import type { Knex } from 'knex'
import { numberOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { isUuid } from '../database/uuid.ts'
import type { Storage } from '../storage/storage.ts'
import { writeApproval } from './approval-rows.ts'
import { listHolds, releaseOpen, type StoredHold } from './hold-rows.ts'
import { type Mandate, stateOf } from './mandate.ts'
import {
  findMandate,
  findMandates,
  insertMandate,
  insertVersion,
  isFirstToTell,
  listMandates,
  type MandateFilter,
  type NewMandate,
  updateMandate,
} from './mandate-rows.ts'
import { type Lowering, lower } from './narrowing.ts'
import { type AskedApproval, currencyOf } from './terms.ts'

/** What hangs from one link at a time. */
export const MOST_MANDATES = 20
/** How long an order that was approved may be placed. */
export const APPROVAL_SECONDS = 3600

/** What happened to a mandate, for the audit trail. */
export type MandateNote = {
  readonly type:
    | 'mandate.granted'
    | 'mandate.approved'
    | 'mandate.held'
    | 'mandate.captured'
    | 'mandate.released'
    | 'mandate.exceeded'
    | 'mandate.narrowed'
    | 'mandate.withdrawn'
  readonly customerId: string
  readonly clientId: string
  readonly grantId: string
  readonly actor?: string
  readonly reason: string
}

export type MandatesDeps = {
  readonly knex: Knex
  readonly storage: Pick<Storage, 'put'>
  /** How long a mandate is kept on record after its last day. */
  readonly keptSeconds: number
  /** For how long a token may live that a withdrawn mandate ends. */
  readonly longestTokenSeconds: number
  readonly now: () => number
  readonly note: (note: MandateNote) => void
  /** Told once of each that is withdrawn. */
  readonly onWithdrawn: (mandate: Mandate) => void
}

/** The mark of a withdrawn mandate in storage, by which every node knows its tokens. */
export const WITHDRAWN_MANDATE = 'WithdrawnMandate'

export type GrantOutcome = { readonly outcome: 'granted'; readonly mandate: Mandate } | { readonly outcome: 'too-many' }

export type NarrowOutcome =
  | { readonly outcome: 'narrowed'; readonly mandate: Mandate }
  | { readonly outcome: 'raised'; readonly member: keyof Lowering }
  | { readonly outcome: 'unknown' }

/** Who acts: `customer` is the customer of the mandate. */
type By = { readonly by: string }

export type Mandates = ReturnType<typeof createMandates>

/** Mandates as customers grant, narrow and withdraw them. */
export function createMandates({
  knex,
  storage,
  keptSeconds,
  longestTokenSeconds,
  now,
  note,
  onWithdrawn,
}: MandatesDeps) {
  function tell(type: MandateNote['type'], mandate: Mandate, reason: string, by?: string): void {
    const { customerId, clientId, grantId, id } = mandate
    const actor = by === undefined || by === 'customer' ? {} : { actor: by }
    note({ type, customerId, clientId, grantId, ...actor, reason: `${id}: ${reason}` })
  }

  /** Changes one that is neither withdrawn nor expired, under its lock. */
  async function change<Outcome>(
    id: string,
    step: (transaction: Knex, mandate: Mandate) => Promise<Outcome>,
  ): Promise<Outcome | { readonly outcome: 'unknown' }> {
    if (!isUuid(id)) return { outcome: 'unknown' }
    return knex.transaction(async (transaction) => {
      const mandate = await findMandate(transaction, id, { isLocked: true })
      if (!mandate || ['withdrawn', 'expired'].includes(stateOf(mandate, now()))) return { outcome: 'unknown' as const }
      return step(transaction, mandate)
    })
  }

  const find = async (id: string) => (isUuid(id) ? findMandate(knex, id) : undefined)

  return {
    find,
    findMany: (ids: readonly string[]) => findMandates(knex, ids.filter(isUuid)),

    async list(filter: MandateFilter, { limit, cursor }: PageRequest): Promise<Page<Mandate>> {
      const found = await listMandates(knex, filter, { before: numberOfCursor(cursor), limit: limit + 1 })
      return toPage(
        found,
        limit,
        ({ seq }) => String(seq),
        (mandate) => mandate,
      )
    },

    holds: (mandateId: string, limit: number): Promise<StoredHold[]> => listHolds(knex, mandateId, now(), limit),

    /** Keeps what a customer allowed; the same once more is the same mandate. */
    async grant(given: Omit<NewMandate, 'grantedAt'>): Promise<GrantOutcome> {
      const at = now()
      const { id, grantId } = given
      const live = await listMandates(knex, { grantId, aliveAt: at }, { limit: MOST_MANDATES })
      if (live.length >= MOST_MANDATES && !live.some((each) => each.id === id)) return { outcome: 'too-many' }
      const isNew = await insertMandate(knex, { ...given, grantedAt: at }, given.terms.expires_at + keptSeconds)
      const mandate = (await findMandate(knex, id)) as Mandate // it was just written
      if (isNew) tell('mandate.granted', mandate, JSON.stringify(mandate.terms))
      return { outcome: 'granted', mandate }
    },

    /** Lets one order through that is above `ask_above`. */
    async approve(mandate: Mandate, { order, amount }: AskedApproval): Promise<void> {
      const at = now()
      await writeApproval(knex, { mandateId: mandate.id, order, amount, now: at, lapsesAt: at + APPROVAL_SECONDS })
      tell('mandate.approved', mandate, `order ${order}, ${amount} ${currencyOf(mandate.terms)}`)
    },

    /** Lowers ceilings or brings the end forward. */
    async narrow(id: string, lowering: Lowering, { by }: By): Promise<NarrowOutcome> {
      return change(id, async (transaction, mandate): Promise<NarrowOutcome> => {
        const lowered = lower(mandate.terms, lowering)
        if ('raised' in lowered) return { outcome: 'raised', member: lowered.raised }
        const narrowed = { ...mandate, terms: lowered.terms, version: mandate.version + 1 }
        await insertVersion(transaction, mandate, now(), by)
        await updateMandate(transaction, id, { terms: lowered.terms, version: narrowed.version })
        tell('mandate.narrowed', narrowed, JSON.stringify(lowered.terms), by)
        return { outcome: 'narrowed', mandate: narrowed }
      })
    },

    /** Takes no new orders until it is resumed. */
    async setPaused(id: string, isPaused: boolean, { by }: By): Promise<boolean> {
      const changed = await change(id, async (transaction, mandate) => {
        await updateMandate(transaction, id, { pausedAt: isPaused ? now() : null })
        tell('mandate.narrowed', mandate, isPaused ? 'paused' : 'resumed', by)
        return { outcome: 'changed' as const }
      })
      return changed.outcome === 'changed'
    },

    /**
     * Ends a mandate at once: what is held is released, and its tokens stop working on all nodes. Of one that was withdrawn
     * before, its tokens end again, in case they did not.
     */
    async withdraw(id: string, { by }: By): Promise<Mandate | undefined> {
      if (!isUuid(id)) return undefined
      const withdrawn = await knex.transaction(async (transaction) => {
        const mandate = await findMandate(transaction, id, { isLocked: true })
        if (!mandate || mandate.withdrawnAt !== undefined) return mandate && { mandate, isNew: false }
        const [at, withdrawnBy] = [now(), by]
        await updateMandate(transaction, id, { withdrawnAt: at, withdrawnBy })
        await releaseOpen(transaction, id, at)
        return { mandate: { ...mandate, withdrawnAt: at, withdrawnBy }, isNew: true }
      })
      if (!withdrawn) return undefined
      // As tokens say it, however the caller wrote it.
      await storage.put(WITHDRAWN_MANDATE, withdrawn.mandate.id, {}, longestTokenSeconds)
      if (withdrawn.isNew) {
        tell('mandate.withdrawn', withdrawn.mandate, `by ${by}`, by)
        // With its sign-in it ended by itself.
        if (by !== 'server') onWithdrawn(withdrawn.mandate)
      }
      return withdrawn.mandate
    },

    /** True for one caller alone. */
    isFirstToTell: (id: string, what: string) => isFirstToTell(knex, id, what),

    /** Notes what a shop did under a mandate. */
    noteSpending: (
      type: 'mandate.held' | 'mandate.captured' | 'mandate.released' | 'mandate.exceeded',
      mandate: Mandate,
      { reason, by }: { readonly reason: string; readonly by: string },
    ) => tell(type, mandate, reason, `client:${by}`),
  }
}

import type { Knex } from 'knex'
import { normalizeEmail } from '../credentials/email.ts'
import { numberOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { isUuid } from '../database/uuid.ts'
import {
  type AccessFilter,
  approveWaiting,
  endAccess,
  findAccess,
  findAccesses,
  findWaiting,
  insertAccess,
  readSwitch,
  reopenAccess,
  type Switch,
  takeApproved,
  writeSwitch,
} from './access-rows.ts'
import {
  type AccessRequest,
  type EndCause,
  inWords,
  readReason,
  type SupportAccess,
  type SupportRules,
  stateOf,
} from './support-access.ts'

/** What an agent asks for, with what it depends on. */
export type Asked = Omit<AccessRequest, 'reason'> & {
  /** As it came with the request. */
  readonly reason: unknown
  /** The customer's word. */
  readonly isPermitted: boolean
  /** The grant that its tokens will hang from, and when they end. */
  readonly begin: { readonly grantId: string; readonly endsAt: number }
}

/** Why an access does not begin. */
export type AccessRefusal = 'reason-invalid' | 'reason-missing' | 'switched-off' | 'not-permitted'

export type Begun =
  | { readonly outcome: 'begun'; readonly access: SupportAccess }
  /** A second person has to approve it. */
  | { readonly outcome: 'waiting'; readonly access: SupportAccess }
  | { readonly outcome: AccessRefusal }

export type Approval =
  | { readonly outcome: 'approved'; readonly access: SupportAccess }
  | { readonly outcome: 'unknown' | 'same-person' | 'not-waiting' }

/** Who acts: as the audit trail calls them. */
export type Approver = { readonly name: string; readonly email: string }

/** What happened to an access, for the audit trail. */
export type SupportNote = {
  readonly type: 'support-access.asked' | 'support-access.approved' | 'support-access.begun' | 'support-access.ended'
  readonly actor: string
  readonly customerId: string
  readonly clientId: string
  readonly grantId?: string
  readonly reason: string
}

export type SupportAccessDeps = {
  readonly knex: Knex
  readonly rules: SupportRules
  /** How long rows are kept. */
  readonly keptSeconds: number
  readonly note: (note: SupportNote) => void
  /** Ends the sign-in of an access: everything that hangs from it is dead. `by` is who acts. */
  readonly endGrantOf: (access: SupportAccess & { readonly grantId: string }, by: string) => Promise<void>
}

/** What is pruned of it. */
export const SUPPORT_TABLE = { name: 'support_accesses' } as const

export type SupportAccesses = ReturnType<typeof createSupportAccesses>

/**
 * Accesses of agents to the accounts of customers. Each has a row before it has a token. All that begins or approves one takes the
 * lock of the switch's row, so that "off" comes before or after it, on all nodes.
 */
export function createSupportAccesses({ knex, rules, keptSeconds, note, endGrantOf }: SupportAccessDeps) {
  function tell(type: SupportNote['type'], access: SupportAccess, actor: string, more = ''): void {
    const { customerId, clientId, grantId } = access
    note({
      type,
      actor,
      customerId,
      clientId,
      ...(grantId !== undefined && { grantId }),
      reason: more + inWords(access),
    })
  }

  async function write(request: AccessRequest, begin: Asked['begin']): Promise<Begun & { readonly isNew?: boolean }> {
    return knex.transaction(async (transaction) => {
      const { isOn } = await readSwitch(transaction, { isLocked: true })
      if (!isOn) return { outcome: 'switched-off' }
      const now = seconds()
      const kept = { now, keptUntil: now + keptSeconds }
      if (!rules.needsSecondPerson) {
        return { outcome: 'begun', access: await insertAccess(transaction, request, kept, begin) }
      }
      const approved = await takeApproved(transaction, request, { now, begin })
      if (approved) return { outcome: 'begun', access: approved }
      const known = await findWaiting(transaction, request, now)
      return known
        ? { outcome: 'waiting', access: known }
        : { outcome: 'waiting', access: await insertAccess(transaction, request, kept), isNew: true }
    })
  }

  async function end(id: string, { by, cause }: { readonly by: string; readonly cause: EndCause }) {
    const ended = isUuid(id) ? await endAccess(knex, id, { by, cause, now: seconds() }) : undefined
    if (!ended) return undefined
    if (ended.grantId !== undefined) await endGrant({ ...ended, grantId: ended.grantId }, by)
    tell('support-access.ended', ended, by, `${CAUSES[cause]}: `)
    return ended
  }

  /** On record before it takes effect, or one that begins just now would not notice; without effect it is not on record. */
  async function endGrant(access: SupportAccess & { readonly grantId: string }, by: string): Promise<void> {
    try {
      await endGrantOf(access, by)
    } catch (error) {
      await reopenAccess(knex, access.id)
      throw error
    }
  }

  async function endAllOpen(by: string): Promise<number> {
    let count = 0
    for (;;) {
      const open = await findAccesses(knex, { isOpen: true, limit: BATCH }, seconds())
      // One that fails does not keep the others from ending.
      const ended = await Promise.allSettled(open.map(({ id }) => end(id, { by, cause: 'switched-off' })))
      const failed = ended.find((each) => each.status === 'rejected')
      if (failed) throw failed.reason
      count += ended.filter((each) => each.status === 'fulfilled' && each.value).length
      if (open.length < BATCH) return count
    }
  }

  return {
    rules,

    /** Begins an access, or has it wait for a second person. What it is begun with is on record before it returns. */
    async begin({ reason: given, isPermitted, begin, ...who }: Asked): Promise<Begun> {
      const reason = readReason(given)
      if (reason === 'invalid') return { outcome: 'reason-invalid' }
      if (reason === undefined && rules.isReasonRequired) return { outcome: 'reason-missing' }
      if (rules.isPermissionNeeded && !isPermitted) return { outcome: 'not-permitted' }
      const { isNew, ...begun } = await write({ ...who, ...(reason !== undefined && { reason }) }, begin)
      const actor = `agent:${who.agentId}`
      if (begun.outcome === 'begun') tell('support-access.begun', begun.access, actor)
      if (begun.outcome === 'waiting' && isNew) tell('support-access.asked', begun.access, actor)
      return begun
    },

    /** Whether an access that began a moment ago is still open: "off" may have come before its tokens were stored. */
    async isOpen(id: string): Promise<boolean> {
      const access = await findAccess(knex, id)
      return access !== undefined && stateOf(access, seconds()) === 'open'
    },

    /** A second person's word: the agent gets exactly what they asked for, once. */
    async approve(id: string, approver: Approver): Promise<Approval> {
      const asked = isUuid(id) ? await findAccess(knex, id) : undefined
      if (!asked) return { outcome: 'unknown' }
      if (normalizeEmail(asked.agentEmail) === normalizeEmail(approver.email)) return { outcome: 'same-person' }
      const access = await approveWaiting(knex, id, { by: approver.name, now: seconds() })
      if (!access) return { outcome: 'not-waiting' }
      tell('support-access.approved', access, approver.name)
      return { outcome: 'approved', access }
    },

    /** Undefined when there is none, or it is over. Everything that hangs from it is dead when this returns. */
    end,

    /** Ends one whose tokens were not issued, and what was stored of them, even if it ended meanwhile. */
    async abandon({ id, grantId }: SupportAccess): Promise<void> {
      const ended = await endAccess(knex, id, { by: 'server', cause: 'not-issued', now: seconds() })
      if (ended) tell('support-access.ended', ended, 'server', `${CAUSES['not-issued']}: `)
      const access = ended ?? (await findAccess(knex, id))
      if (access && grantId !== undefined) await endGrantOf({ ...access, grantId }, 'server')
    },

    async find(id: string): Promise<SupportAccess | undefined> {
      return isUuid(id) ? findAccess(knex, id) : undefined
    },

    /** Newest first. */
    async list(
      filter: Omit<AccessFilter, 'before' | 'limit'>,
      { limit, cursor }: PageRequest,
    ): Promise<Page<SupportAccess>> {
      const found = await findAccesses(knex, { ...filter, before: numberOfCursor(cursor), limit: limit + 1 }, seconds())
      return toPage(
        found,
        limit,
        ({ seq }) => String(seq),
        ({ seq: _, ...access }) => access,
      )
    },

    readSwitch: (): Promise<Switch> => readSwitch(knex),

    /**
     * Switches support access off or on for all nodes. Off refuses new ones from that moment and ends all that are open; it may
     * be repeated, and then ends what a failure left. Tells how many ended.
     */
    async switchTo(isOn: boolean, by: string): Promise<number> {
      await knex.transaction(async (transaction) => {
        await readSwitch(transaction, { isLocked: true })
        await writeSwitch(transaction, isOn, by, seconds())
      })
      return isOn ? 0 : endAllOpen(by)
    },
  }
}

const BATCH = 100

const CAUSES: Readonly<Record<EndCause, string>> = {
  customer: 'ended by the customer',
  operator: 'ended by an operator',
  'switched-off': 'support access was switched off',
  'not-issued': 'its tokens were not issued',
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

import type { Knex } from 'knex'
import type { Page } from '../../database/page.ts'
import type { CompanyUser, Customer } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'
import { holdCompany } from './administers.ts'
import { isUnattended } from './left-alone.ts'
import { givableIds, listMembers, type Member, memberOf, replaceRoles } from './member-rows.ts'
import type { Memberships } from './memberships.ts'

export type { Member } from './member-rows.ts'

export type MemberChange =
  | { readonly outcome: 'changed'; readonly member: Member; readonly company: CompanyUser['company'] }
  /** The member is so already. */
  | { readonly outcome: 'unchanged'; readonly member: Member }
  /**
   * The role, or one that the member has, may more than the administrator; or nobody would look after the company; or the
   * administrator would deactivate themselves, who can leave on a page of their own.
   */
  | { readonly outcome: 'refused'; readonly reason: Refusal }
  /** They are not of a company that the customer looks after. */
  | { readonly outcome: 'unknown' }

type Refusal = 'role' | 'last-administrator' | 'oneself'

export type MembersDeps = {
  readonly knex: Knex
  readonly tellChanged: TellChanged
  readonly memberships: Pick<Memberships, 'looksAfter'>
  /** The key of the permission to look after the people of a company. */
  readonly permission: string
  /** Ends what was granted to a company user who is none any more. */
  readonly endCompanyUser: (companyUserId: string) => Promise<void>
}

export type Members = ReturnType<typeof createMembers>

/** So many are shown on a page of the account; who looks for others searches. */
const MOST_SHOWN = 20

/** What those who look after a company do about its people. */
export function createMembers({ knex, tellChanged, memberships, permission, endCompanyUser }: MembersDeps) {
  /** A member of a company that the customer looks after, and as whom they do. */
  async function find(customer: Customer, memberId: string): Promise<Pick<Held, 'own' | 'member'> | undefined> {
    for (const own of customer.companyUsers.filter(memberships.looksAfter)) {
      const member = await memberOf(knex, own.company.id, memberId)
      if (member) return { own, member }
    }
    return undefined
  }

  /** Does something to a member, once it is sure that the customer may: nobody else changes the company meanwhile. */
  async function change(customer: Customer, memberId: string, act: Act): Promise<MemberChange> {
    const found = await find(customer, memberId)
    if (!found) return { outcome: 'unknown' }
    const { own } = found
    const changed = await knex
      .transaction<MemberChange>(async (transaction) => {
        if (!(await holdCompany(transaction, own, permission))) return { outcome: 'unknown' }
        const member = await memberOf(transaction, own.company.id, memberId)
        if (!member) return { outcome: 'unknown' }
        const givable = await givableIds(transaction, own)
        if (member.roles.some(({ id }) => !givable.has(id))) throw new Refused('role')
        const wasUnattended = await isUnattended(transaction, own.company.id, permission)
        if (!(await act({ transaction, member, own, givable }))) return { outcome: 'unchanged', member }
        const isNow = await isUnattended(transaction, own.company.id, permission)
        if (isNow && !wasUnattended) throw new Refused('last-administrator')
        return { outcome: 'changed', member, company: own.company }
      })
      // Thrown, so that what was done is undone.
      .catch((error: unknown): MemberChange => {
        if (error instanceof Refused) return { outcome: 'refused', reason: error.reason }
        throw error
      })
    if (changed.outcome === 'changed') await tellChanged(changed.member.customerId)
    return changed
  }

  return {
    /** The people who act for a company, as far as a page shows them. */
    async list(own: CompanyUser, search = ''): Promise<readonly Member[]> {
      if (!memberships.looksAfter(own)) return []
      return (await listMembers(knex, { companyId: own.company.id, search, limit: MOST_SHOWN })).items
    },

    /** The same with those who were deactivated, part by part. */
    async page(own: CompanyUser, asked: { search?: string; limit: number; cursor?: string }): Promise<Page<Member>> {
      if (!memberships.looksAfter(own)) return { items: [] }
      return listMembers(knex, { ...asked, companyId: own.company.id, withInactive: true })
    },

    find,

    /** Gives the member these roles instead of those of before. */
    async setRoles(customer: Customer, memberId: string, roleIds: readonly string[]): Promise<MemberChange> {
      const wanted = [...new Set(roleIds)]
      return change(customer, memberId, async ({ transaction, member, givable }) => {
        if (!wanted.every((id) => givable.has(id))) throw new Refused('role')
        if (wanted.join() === member.roles.map(({ id }) => id).join()) return false
        await replaceRoles(transaction, member.id, wanted)
        return true
      })
    },

    /** The member no longer acts for the company, and what was granted to them as its company user ends. */
    async deactivate(customer: Customer, memberId: string): Promise<MemberChange> {
      const changed = await change(customer, memberId, async ({ transaction, member, own }) => {
        if (!member.isActive) return false
        if (member.id === own.id) throw new Refused('oneself')
        const values = { is_active: false, is_default: false, left_at: null }
        await transaction('company_users').where({ id: member.id }).update(values)
        return true
      })
      if (changed.outcome === 'changed') await endCompanyUser(changed.member.id)
      return changed
    },

    /** The member acts for the company again, with the roles of before. Who left of their own accord needs an invitation. */
    async reactivate(customer: Customer, memberId: string): Promise<MemberChange> {
      return change(customer, memberId, async ({ transaction, member }) => {
        if (member.isActive) return false
        await transaction('company_users').where({ id: member.id }).update({ is_active: true })
        return true
      })
    },
  }
}

type Held = {
  readonly transaction: Knex
  readonly member: Member
  readonly own: CompanyUser
  /** The ids of the roles that the administrator may give. */
  readonly givable: ReadonlySet<string>
}

/** False where there is nothing to do. */
type Act = (held: Held) => Promise<boolean>

class Refused extends Error {
  readonly reason: Refusal

  constructor(reason: Refusal) {
    super(reason)
    this.reason = reason
  }
}

import type { Knex } from 'knex'
import { type CompanyUser, type Customer, isActiveCompanyUser, permissionsOf } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'

export type MembershipsDeps = {
  readonly knex: Knex
  readonly tellChanged: TellChanged
  /** The key of the permission to look after the people of a company. */
  readonly permission: string
  /** Ends what was granted to a company user who is none any more. */
  readonly endCompanyUser: (companyUserId: string) => Promise<void>
}

export type Memberships = ReturnType<typeof createMemberships>

/** What customers do about the companies that they belong to. */
export function createMemberships({ knex, tellChanged, permission, endCompanyUser }: MembershipsDeps) {
  /** Whether the company would have people, and none of them who looks after it, without this one. */
  async function isLeftAlone(connection: Knex, companyUser: CompanyUser): Promise<boolean> {
    if (!looksAfter(companyUser, permission)) return false
    const { rows } = await connection.raw<{ rows: { others: string | number; administrators: string | number }[] }>(
      OTHERS,
      [permission, companyUser.company.id, companyUser.id],
    )
    return Number(rows[0]?.others) > 0 && Number(rows[0]?.administrators) === 0
  }

  return {
    looksAfter: (companyUser: CompanyUser) => looksAfter(companyUser, permission),
    isLeftAlone,

    /** The names of the companies that would have nobody left to look after them. */
    async leftAlone(customer: Customer): Promise<string[]> {
      const active = customer.companyUsers.filter(isActiveCompanyUser)
      const alone = await Promise.all(active.map((each) => isLeftAlone(knex, each)))
      return active.filter((_, index) => alone[index]).map(({ company }) => company.name)
    },

    async noteChosen(customerId: string, companyUserId: string): Promise<void> {
      await knex('company_users')
        .where({ id: companyUserId, customer_id: customerId })
        .update({ last_chosen_at: Math.floor(Date.now() / 1000) })
    },

    /** The company users that a customer chose to act as, the last one first. */
    async lastChosen(customerId: string): Promise<string[]> {
      return knex('company_users')
        .where({ customer_id: customerId })
        .whereNotNull('last_chosen_at')
        .orderBy('last_chosen_at', 'desc')
        .limit(20)
        .pluck<string[]>('id')
    },

    /** The company user that sign-ins act as unless they say another; false when the customer has no such active one. */
    async setDefault(customerId: string, companyUserId: string): Promise<boolean> {
      const isSet = await knex.transaction(async (transaction) => {
        const set = await transaction('company_users')
          .where({ id: companyUserId, customer_id: customerId, is_active: true })
          .update({ is_default: true })
        if (set === 0) return false
        await transaction('company_users')
          .where({ customer_id: customerId, is_default: true })
          .whereNot({ id: companyUserId })
          .update({ is_default: false })
        return true
      })
      if (isSet) await tellChanged(customerId)
      return isSet
    },

    /** The customer no longer acts for the company: under a lock, so that two do not leave it alone together. */
    async leave(customer: Customer, companyUserId: string): Promise<'left' | 'last-administrator' | 'unknown'> {
      const companyUser = customer.companyUsers.find(({ id, isActive }) => id === companyUserId && isActive)
      if (!companyUser) return 'unknown'
      const outcome = await knex.transaction(async (transaction) => {
        await transaction('companies').where({ id: companyUser.company.id }).forUpdate().first('id')
        if (await isLeftAlone(transaction, companyUser)) return 'last-administrator' as const
        const left = await transaction('company_users')
          .where({ id: companyUserId, customer_id: customer.id, is_active: true })
          .update({ is_active: false, is_default: false })
        return left === 1 ? ('left' as const) : ('unknown' as const)
      })
      if (outcome !== 'left') return outcome
      await tellChanged(customer.id)
      await endCompanyUser(companyUserId)
      return outcome
    },
  }
}

function looksAfter(companyUser: CompanyUser, permission: string): boolean {
  return isActiveCompanyUser(companyUser) && permissionsOf(companyUser).some(({ key }) => key === permission)
}

/** Who is about to be erased counts as gone: the day comes without anybody being asked again. */
const OTHERS = `
  select count(*) as others, count(*) filter (where exists (
      select 1 from company_user_roles r join permissions p on p.company_role_id = r.company_role_id
      where r.company_user_id = cu.id and p.key = ?)) as administrators
  from company_users cu join customers c on c.id = cu.customer_id
  where cu.company_id = ? and cu.id <> ? and cu.is_active and c.status = 'active'
    and not exists (select 1 from account_deletions d where d.customer_id = c.id)`

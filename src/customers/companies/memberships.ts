import type { Knex } from 'knex'
import { type CompanyUser, type Customer, isActiveCompanyUser, permissionsOf } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'
import { holdCompaniesOf, leftAloneWithout } from './left-alone.ts'

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
  return {
    looksAfter: (companyUser: CompanyUser) => looksAfter(companyUser, permission),

    /** The names of the companies that would have nobody to look after them without this customer. */
    async leftAlone(customer: Customer): Promise<string[]> {
      return leftAloneWithout(knex, customer.id, permission)
    },

    /**
     * The same within a transaction, which holds the companies until it ends: two who go at once come one after the other,
     * and the second one sees that the first one is gone.
     */
    async leftAloneNow(transaction: Knex, customerId: string): Promise<string[]> {
      await holdCompaniesOf(transaction, customerId)
      return leftAloneWithout(transaction, customerId, permission)
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
        const { id: companyId } = companyUser.company
        await transaction('companies').where({ id: companyId }).forUpdate().first('id')
        const alone = await leftAloneWithout(transaction, customer.id, permission, companyId)
        if (alone.length > 0) return 'last-administrator' as const
        const left = await transaction('company_users')
          .where({ id: companyUserId, customer_id: customer.id, is_active: true })
          .update({ is_active: false, is_default: false, left_at: Math.floor(Date.now() / 1000) })
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

import type { Knex } from 'knex'
import { containing } from '../../database/like.ts'
import { isUuid } from '../../database/uuid.ts'
import type { CompanyUser, Customer } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'
import { holdCompany } from './administers.ts'
import type { GivableRoles } from './givable-roles.ts'
import type { Memberships } from './memberships.ts'

/** Somebody who acts for a company, as those who look after it see them. */
export type Member = {
  readonly id: string
  readonly customerId: string
  readonly email: string
  readonly name: string
  readonly roles: readonly { readonly id: string; readonly name: string }[]
}

export type MemberChange =
  | { readonly outcome: 'changed'; readonly member: Member; readonly company: CompanyUser['company'] }
  /** The role, or one that the member has, may more than the administrator; or nobody would look after the company. */
  | { readonly outcome: 'refused'; readonly reason: 'role' | 'last-administrator' }
  /** They are not of a company that the customer looks after. */
  | { readonly outcome: 'unknown' }

export type MembersDeps = {
  readonly knex: Knex
  readonly tellChanged: TellChanged
  readonly memberships: Pick<Memberships, 'looksAfter' | 'isLeftAlone'>
  readonly rolesFor: GivableRoles
  /** The key of the permission to look after the people of a company. */
  readonly permission: string
  /** Ends what was granted to a company user who is none any more. */
  readonly endCompanyUser: (companyUserId: string) => Promise<void>
}

export type Members = ReturnType<typeof createMembers>

/** So many are shown; who looks for others searches. */
const MOST_SHOWN = 20

/** What those who look after a company do about its people. */
export function createMembers(deps: MembersDeps) {
  const { knex, tellChanged, memberships, rolesFor, permission, endCompanyUser } = deps

  /** A member of a company that the customer looks after, and as whom they do. */
  async function find(customer: Customer, memberId: string): Promise<Pick<Held, 'own' | 'member'> | undefined> {
    for (const own of customer.companyUsers.filter(memberships.looksAfter)) {
      const member = await memberOf(knex, own, memberId)
      if (member) return { own, member }
    }
    return undefined
  }

  /** Does something to a member, once it is sure that the customer may: nobody else changes the company meanwhile. */
  async function change(
    customer: Customer,
    memberId: string,
    act: (held: Held) => Promise<'done' | 'role' | 'last-administrator'>,
  ): Promise<MemberChange> {
    const found = await find(customer, memberId)
    if (!found) return { outcome: 'unknown' }
    const { own } = found
    const givable = new Set((await rolesFor(own)).map(({ id }) => id))
    const changed = await knex.transaction<MemberChange>(async (transaction) => {
      if (!(await holdCompany(transaction, own, permission))) return { outcome: 'unknown' }
      const member = await memberOf(transaction, own, memberId)
      if (!member) return { outcome: 'unknown' }
      if (member.roles.some(({ id }) => !givable.has(id))) return { outcome: 'refused', reason: 'role' }
      const done = await act({ transaction, member, own, givable })
      return done === 'done'
        ? { outcome: 'changed', member, company: own.company }
        : { outcome: 'refused', reason: done }
    })
    if (changed.outcome === 'changed') await tellChanged(changed.member.customerId)
    return changed
  }

  return {
    /** The people of a company by their addresses; all of them, or those whose name or address has `search`. */
    async list(own: CompanyUser, search = ''): Promise<readonly Member[]> {
      if (!memberships.looksAfter(own)) return []
      // Postgres stores no NUL, and compares with none.
      const plain = search.replaceAll('\0', '').trim().slice(0, 200)
      const wanted = containing(plain)
      const { rows } = await knex.raw<{ rows: Row[] }>(`${MEMBERS} and (${SEARCHED}) order by c.email limit ?`, [
        own.company.id,
        wanted,
        wanted,
        MOST_SHOWN,
      ])
      return rows.map(toMember)
    },

    find,

    /** Gives the member this role instead of those of before. */
    async setRole(customer: Customer, memberId: string, roleId: string): Promise<MemberChange> {
      return change(customer, memberId, async ({ transaction, member, own, givable }) => {
        if (!givable.has(roleId)) return 'role'
        await transaction('company_user_roles').where({ company_user_id: member.id }).delete()
        await transaction('company_user_roles').insert({ company_user_id: member.id, company_role_id: roleId })
        if (await holdCompany(transaction, own, permission)) return 'done'
        // They gave away their own permission to look after the company.
        if (!(await memberships.isLeftAlone(transaction, own))) return 'done'
        await transaction('company_user_roles').where({ company_user_id: member.id }).delete()
        const rows = member.roles.map(({ id }, position) => ({
          company_user_id: member.id,
          company_role_id: id,
          position,
        }))
        await transaction('company_user_roles').insert(rows)
        return 'last-administrator'
      })
    },

    /** The member no longer acts for the company. Oneself leaves on a page of its own. */
    async remove(customer: Customer, memberId: string): Promise<MemberChange> {
      if (customer.companyUsers.some(({ id }) => id === memberId)) return { outcome: 'unknown' }
      const removed = await change(customer, memberId, async ({ transaction, member }) => {
        await transaction('company_users').where({ id: member.id }).update({ is_active: false, is_default: false })
        return 'done'
      })
      if (removed.outcome === 'changed') await endCompanyUser(removed.member.id)
      return removed
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

async function memberOf(connection: Knex, { company }: CompanyUser, memberId: string): Promise<Member | undefined> {
  if (!isUuid(memberId)) return undefined
  const { rows } = await connection.raw<{ rows: Row[] }>(`${MEMBERS} and cu.id = ?`, [company.id, memberId])
  return rows[0] && toMember(rows[0])
}

type Row = {
  readonly id: string
  readonly customerId: string
  readonly email: string
  readonly givenName: string | null
  readonly familyName: string | null
  readonly roles: Member['roles']
}

const MEMBERS = `
  select cu.id, c.id as "customerId", c.email, c.given_name as "givenName", c.family_name as "familyName",
    coalesce((select json_agg(json_build_object('id', r.id, 'name', r.name) order by ur.position)
      from company_user_roles ur join company_roles r on r.id = ur.company_role_id
      where ur.company_user_id = cu.id), '[]') as roles
  from company_users cu join customers c on c.id = cu.customer_id
  where cu.company_id = ? and cu.is_active and c.status = 'active'`

const SEARCHED = `c.email ilike ? or concat_ws(' ', c.given_name, c.family_name) ilike ?`

function toMember({ id, customerId, email, givenName, familyName, roles }: Row): Member {
  return { id, customerId, email, name: [givenName, familyName].filter(Boolean).join(' '), roles }
}

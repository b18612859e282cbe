import type { Audit } from '../../audit/events.ts'
import { readableEmail } from '../../credentials/email.ts'
import type { GivableRoles } from '../../customers/companies/givable-roles.ts'
import type { Member, MemberChange, Members } from '../../customers/companies/members.ts'
import type { Memberships } from '../../customers/companies/memberships.ts'
import type { CompanyUser, Customer } from '../../customers/customer.ts'
import type { AccountAct, AccountSection, ActResult } from './section.ts'
import type { Visit } from './visit.ts'

const ROLE = 'companies/member'
const REMOVE = 'companies/remove'

export type MembersSectionDeps = {
  readonly members: Members
  readonly looksAfter: Memberships['looksAfter']
  readonly rolesFor: GivableRoles
  readonly note: Audit
  readonly tellMember: (
    customerId: string,
    letter: {
      readonly kind: 'company-role-changed' | 'company-removed'
      readonly path: string
      readonly values: Readonly<Record<string, string>>
    },
  ) => void
}

/** The people of the companies that the customer looks after: their roles, and removing one. */
export function createMembersSection(deps: MembersSectionDeps): AccountSection {
  const { members, looksAfter, rolesFor, note, tellMember } = deps

  const about = (visit: Visit, { id }: Form) => members.find(visit.customer, id ?? inQuery(visit, 'id'))

  function done(customer: Customer, change: MemberChange, { what, notice, letter }: Told): ActResult {
    if (change.outcome === 'unknown') return change
    if (change.outcome === 'refused') return { outcome: 'refused', problem: change.reason, status: 409 }
    const { member, company } = change
    const reason = `${what} at ${company.id}, by customer ${customer.id}`
    note({ type: 'company.membership', customerId: member.customerId, reason })
    const { kind, role = '' } = letter
    tellMember(member.customerId, { kind, path: '/account/companies', values: { company: company.name, role } })
    return { outcome: 'done', notice }
  }

  const roleAct: AccountAct = {
    path: ROLE,
    isSensitive: true,
    keeps: ['id', 'role'],
    async open(visit, { values }) {
      const found = await about(visit, values)
      if (!found) return undefined
      const roles = (await rolesFor(found.own)).map(({ id, name }) => ({ id, name }))
      return { template: 'member-form', ...visit.form(ROLE), ...shown(found), roles, values }
    },
    async submit({ customer }, { id = '', role: roleId = '' }) {
      const found = await members.find(customer, id)
      const role = found && (await rolesFor(found.own)).find((each) => each.id === roleId)
      const change = await members.setRole(customer, id, roleId)
      const letter = { kind: 'company-role-changed', role: role?.name ?? '' } as const
      return done(customer, change, { what: `role ${roleId}`, notice: 'member-changed', letter })
    },
  }

  const remove: AccountAct = {
    path: REMOVE,
    isSensitive: true,
    keeps: ['id'],
    async open(visit, { values }) {
      const found = await about(visit, values)
      return found && { template: 'member-remove', ...visit.form(REMOVE), ...shown(found) }
    },
    async submit({ customer }, { id = '' }) {
      const change = await members.remove(customer, id)
      return done(customer, change, { what: 'removed', notice: 'member-removed', letter: { kind: 'company-removed' } })
    },
  }

  return {
    page: 'companies',
    async show(visit) {
      const administered = visit.customer.companyUsers.filter(looksAfter)
      if (administered.length === 0) return undefined
      const search = inQuery(visit, 'people')
      const people = await Promise.all(administered.map((own) => members.list(own, search)))
      return {
        template: 'members',
        action: visit.addressOf('companies'),
        search,
        companies: administered.map((own, index) => ({
          name: own.company.name,
          members: (people[index] ?? []).map((member) => ({
            ...memberView(member),
            change: `${visit.addressOf(ROLE)}?id=${member.id}`,
            ...(member.id !== own.id && { remove: `${visit.addressOf(REMOVE)}?id=${member.id}` }),
          })),
        })),
      }
    },
    acts: [roleAct, remove],
  }
}

type Form = Readonly<Record<string, string | undefined>>
type About = { readonly own: CompanyUser; readonly member: Member }

/** How a change is put on record and told. */
type Told = {
  readonly what: string
  readonly notice: string
  readonly letter: { readonly kind: 'company-role-changed' | 'company-removed'; readonly role?: string }
}

function shown({ own, member }: About) {
  return { id: member.id, company: own.company.name, member: memberView(member) }
}

function memberView({ email, name, roles }: Member) {
  return {
    who: name || readableEmail(email),
    email: readableEmail(email),
    role: roles.map((each) => each.name).join(', '),
    roleId: roles[0]?.id,
  }
}

function inQuery({ ctx }: Visit, name: string): string {
  const { [name]: value } = ctx.query
  return typeof value === 'string' ? value : ''
}

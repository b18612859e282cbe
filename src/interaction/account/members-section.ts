import { readableEmail } from '../../credentials/email.ts'
import type { GivableRoles } from '../../customers/companies/givable-roles.ts'
import type { Member, MemberChange, Members } from '../../customers/companies/members.ts'
import type { Memberships } from '../../customers/companies/memberships.ts'
import type { People } from '../../customers/companies/people.ts'
import type { CompanyUser } from '../../customers/customer.ts'
import type { AccountAct, AccountSection, ActResult } from './section.ts'
import type { Visit } from './visit.ts'

const ROLE = 'companies/member'
const REMOVE = 'companies/remove'

export type MembersSectionDeps = {
  readonly members: Pick<Members, 'find' | 'list'>
  readonly people: Pick<People, 'setRoles' | 'deactivate'>
  readonly looksAfter: Memberships['looksAfter']
  readonly rolesFor: GivableRoles
}

/** The people of the companies that the customer looks after: their roles, and removing one. */
export function createMembersSection(deps: MembersSectionDeps): AccountSection {
  const { members, people, looksAfter, rolesFor } = deps

  async function about(visit: Visit, { id }: Form) {
    const found = await members.find(visit.customer, id ?? inQuery(visit, 'id'))
    return found?.member.isActive ? found : undefined
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
    async submit(visit, { id = '', role: roleId = '' }) {
      const found = await about(visit, { id })
      if (!found) return { outcome: 'unknown' }
      const role = (await rolesFor(found.own)).find((each) => each.id === roleId)
      if (!role) return { outcome: 'refused', problem: 'role', status: 409 }
      return toResult(await people.setRoles({ customer: visit.customer }, id, [role]), 'member-changed')
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
      const change = await people.deactivate({ customer }, id)
      // Who is gone already is nobody of the company; oneself leaves on a page of its own.
      const isUnknown = change.outcome === 'unchanged' || (change.outcome === 'refused' && change.reason === 'oneself')
      return isUnknown ? { outcome: 'unknown' } : toResult(change, 'member-removed')
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

function toResult(change: MemberChange, notice: string): ActResult {
  if (change.outcome === 'unknown') return change
  if (change.outcome === 'refused') return { outcome: 'refused', problem: change.reason, status: 409 }
  return { outcome: 'done', notice }
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

import type { Audit } from '../../audit/events.ts'
import type { Memberships } from '../../customers/companies/memberships.ts'
import { type CompanyUser, type Customer, isActiveCompanyUser } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import { roleText } from '../shown-company.ts'
import type { AccountSection } from './section.ts'
import type { Visit } from './visit.ts'

const DEFAULT = 'companies/default'
const NOW = 'companies/act-as'
const LEAVE = 'companies/leave'

export type CompaniesSectionDeps = {
  readonly memberships: Pick<Memberships, 'setDefault' | 'noteChosen' | 'leave'>
  readonly sessions: Pick<OwnSessions, 'actAs' | 'chooseAnew'>
  readonly note: Audit
  readonly tell: (
    customer: Customer,
    letter: {
      readonly kind: 'company-left'
      readonly path: string
      readonly values: Readonly<Record<string, string>>
    },
    languages: readonly string[],
  ) => void
}

/** The companies of the customer: for which one they act in this browser, which is the default, and leaving one. */
export function createCompaniesSection({ memberships, sessions, note, tell }: CompaniesSectionDeps): AccountSection {
  function noteChoice({ ctx, customer }: Visit, what: string): void {
    const { requestId } = requestState(ctx)
    note({ type: 'company.chosen', customerId: customer.id, ip: ctx.ip, requestId, reason: what })
  }

  return {
    page: 'companies',
    async show({ customer, session, form, addressOf }) {
      const companies = customer.companyUsers.filter(isActiveCompanyUser).map((each) => ({
        id: each.id,
        name: each.company.name,
        detail: roleText(each),
        isDefault: each.isDefault,
        isNow: each.id === session.companyUserId,
        leave: addressOf(`${LEAVE}?id=${each.id}`),
      }))
      return { template: 'companies', companies, setDefault: form(DEFAULT), actAs: form(NOW) }
    },
    acts: [
      {
        path: DEFAULT,
        async submit(visit, { id = '' }) {
          const { customer } = visit
          if (!activeOf(customer, id) || !(await memberships.setDefault(customer.id, id))) return { outcome: 'unknown' }
          noteChoice(visit, `company user ${id}, as the default`)
          return { outcome: 'done', notice: 'company-default' }
        },
      },
      {
        path: NOW,
        async submit(visit, { id = '' }) {
          const { ctx, customer } = visit
          if (!activeOf(customer, id)) return { outcome: 'unknown' }
          await sessions.actAs(ctx, id)
          await memberships.noteChosen(customer.id, id)
          noteChoice(visit, `company user ${id}`)
          return { outcome: 'done', notice: 'company-now' }
        },
      },
      {
        path: LEAVE,
        isSensitive: true,
        keeps: ['id'],
        async open(visit, { values }) {
          const companyUser = activeOf(visit.customer, values.id ?? idOf(visit))
          if (!companyUser) return undefined
          const { id, company } = companyUser
          return { template: 'company-leave', ...visit.form(LEAVE), id, company: company.name }
        },
        async submit({ ctx, session, customer, languages }, { id = '' }) {
          const company = activeOf(customer, id)?.company
          const outcome = company ? await memberships.leave(customer, id) : 'unknown'
          if (!company || outcome === 'unknown') return { outcome: 'unknown' }
          if (outcome === 'last-administrator') return { outcome: 'refused', problem: outcome, status: 409 }
          if (id === session.companyUserId) await sessions.chooseAnew(ctx)
          note({ type: 'company.membership', customerId: customer.id, reason: `left ${company.id}` })
          tell(
            customer,
            { kind: 'company-left', path: '/account/companies', values: { company: company.name } },
            languages,
          )
          return { outcome: 'done', notice: 'company-left' }
        },
      },
    ],
  }
}

function activeOf({ companyUsers }: Customer, wanted: string): CompanyUser | undefined {
  return companyUsers.filter(isActiveCompanyUser).find(({ id }) => id === wanted)
}

function idOf({ ctx }: Visit): string {
  const { id } = ctx.query
  return typeof id === 'string' ? id : ''
}

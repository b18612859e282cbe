import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { readableEmail } from '../../credentials/email.ts'
import type { GivableRoles } from '../../customers/companies/givable-roles.ts'
import type { Member, MemberChange, Members } from '../../customers/companies/members.ts'
import type { CompanyUser } from '../../customers/customer.ts'
import { refuse } from './answers.ts'
import { readJson, readPage } from './requests.ts'
import { findOffice, type Office, type StewardDeps } from './steward.ts'

export type PeopleRoutesDeps = StewardDeps & {
  readonly rolesFor: GivableRoles
  /** Undefined where the shop keeps its companies. */
  readonly members: Members | undefined
}

const PEOPLE = '/company-users/people'

const change = z
  .strictObject({ role_ids: z.array(z.string().max(64)).max(50).optional(), is_active: z.boolean().optional() })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    error: 'give role_ids or is_active, one of them at a time',
  })

/** The people of the company that a token acts for: who they are, their roles, and whether they may act for it. */
export function addPeopleRoutes(router: Router, deps: PeopleRoutesDeps): void {
  const { members, rolesFor } = deps

  router.get(PEOPLE, async (ctx) => {
    const office = await findOffice(deps, ctx)
    const page = office && readPage(ctx)
    if (!office || !page || !members) return
    const { items, next } = await members.page(office.own, page)
    ctx.body = { company: named(office.own), people: items.map(personView), ...(next && { next_cursor: next }) }
  })

  router.get('/company-users/roles', async (ctx) => {
    const office = await findOffice(deps, ctx)
    if (!office) return
    const roles = await rolesFor(office.own)
    ctx.body = { company: named(office.own), roles: roles.map(({ id, name }) => ({ id, name })) }
  })

  router.patch(`${PEOPLE}/:id`, async (ctx) => {
    const office = await findOffice(deps, ctx)
    const asked = office && (await readJson(ctx, change))
    if (!office || !asked || !members) return
    const { id = '' } = ctx.params as { id?: string } // the router decodes it
    // Of the company of the token, and of no other that the customer looks after as well.
    const found = await members.find({ ...office.steward.customer, companyUsers: [office.own] }, id)
    if (!found) return refuseUnknown(ctx)
    const changed = await make(office, id, asked)
    if (changed.outcome === 'unknown') return refuseUnknown(ctx)
    if (changed.outcome === 'refused') return refuseChange(ctx, changed.reason)
    const now = await members.find({ ...office.steward.customer, companyUsers: [office.own] }, id)
    ctx.body = personView(now?.member ?? changed.member)
  })

  async function make({ own, steward, people }: Office, id: string, asked: z.output<typeof change>) {
    const only = { ...steward, customer: { ...steward.customer, companyUsers: [own] } }
    if (asked.is_active !== undefined) {
      return asked.is_active ? people.reactivate(only, id) : people.deactivate(only, id)
    }
    const ids = asked.role_ids ?? []
    const roles = (await rolesFor(own)).filter((role) => ids.includes(role.id))
    if (roles.length < new Set(ids).size) return { outcome: 'refused', reason: 'role' } as const
    return people.setRoles(only, id, roles)
  }
}

/** The company of an answer. */
export function named({ company }: CompanyUser) {
  return { id: company.id, name: company.name }
}

function personView({ id, email, name, roles, isActive }: Member) {
  return { id, email: readableEmail(email), name, roles, is_active: isActive }
}

function refuseUnknown(ctx: Context): void {
  refuse(ctx, 404, 'not_found', 'the company has no such person')
}

type Reason = Extract<MemberChange, { outcome: 'refused' }>['reason']

const REASONS: Readonly<Record<Reason, readonly [error: string, description: string]>> = {
  role: ['role_not_allowed', 'no role can be given, or taken, that has more permissions than yours'],
  'last-administrator': [
    'last_administrator',
    'nobody else looks after the company: give somebody else the role first',
  ],
  oneself: ['oneself', 'leave the company on the account pages: nobody deactivates themselves here'],
}

function refuseChange(ctx: Context, reason: Reason): void {
  refuse(ctx, 409, ...REASONS[reason])
}

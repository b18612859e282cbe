import { z } from 'zod'
import type { PasswordPolicy } from '../../../credentials/password-policy.ts'
import type { Passwords } from '../../../credentials/passwords.ts'
import type { Customer } from '../../../customers/customer.ts'
import type { CustomerRecords } from '../../../customers/records/customer-records.ts'
import type { EmailChanges } from '../../../customers/recovery/email-changes.ts'
import type { EndTakenAway } from '../../../customers/taken-away.ts'
import type { Changed } from '../../../database/revision.ts'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import { changedMeanwhile, Problem } from '../../problem.ts'
import { noteChange } from '../note-change.ts'
import { type Route, type RouteRequest, route } from '../route.ts'
import { pageOf, pageQuery, text } from '../shapes.ts'
import { companyUsers, customer, customerChange, customerStatus, newCustomer } from './customer-shapes.ts'
import { acceptPassword } from './new-password.ts'

export type CustomerRouteDeps = {
  readonly customerRecords: CustomerRecords
  readonly emailChanges: Pick<EmailChanges, 'announce'> | undefined
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordPolicy: PasswordPolicy
  readonly endSignIn: EndSignIn
  readonly endTakenAway: EndTakenAway
}

const params = z.object({ customer: z.string().describe('The id, or the customerReference.') })
const about = (_: unknown, { id }: { readonly id: string }) => ({ customerId: id })
const query = pageQuery.extend({
  search: text.min(2).max(254).optional().describe('Any part of e-mail address, reference or name.'),
  status: customerStatus.optional(),
})

/** The people who shop, one by one. */
export function customerRoutes(deps: CustomerRouteDeps): Route[] {
  const { customerRecords, emailChanges, endSignIn, endTakenAway, ...hashing } = deps
  const write = { permission: 'customers:write', params, result: customer, audit: 'customer.changed', about } as const

  async function act(
    customer: string,
    note: RouteRequest['note'],
    change: (id: string) => Promise<Customer | undefined>,
  ): Promise<Customer> {
    const before = known(await customerRecords.find(customer), customer)
    const after = known(await change(before.id), customer)
    note({ before: audited(before), after: audited(after) })
    return after
  }

  return [
    route({
      method: 'GET',
      path: '/v1/customers',
      summary: 'Search customers, by id',
      permission: 'customers:read',
      query,
      result: pageOf(customer),
      handle: ({ query: { search, status, ...page } }) => customerRecords.list({ search, status }, page),
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/customers',
      summary: 'Make a customer',
      params: z.object({}),
      body: newCustomer,
      status: 201,
      revision: 'shown',
      refusals: [409],
      async handle({ body: { password: plain, ...record }, actor, note }) {
        const password = plain === undefined ? undefined : await acceptPassword(hashing, plain, record.email)
        const created = await customerRecords.create({ ...record, password })
        if (created.outcome === 'refused') throw new Problem(409, 'refused', created.reason)
        if (created.takenAway) await endTakenAway(created.takenAway, actor.name)
        note({ after: audited(created.customer) })
        return created.customer
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}',
      summary: 'One customer with company users, roles and permissions',
      permission: 'customers:read',
      params,
      result: customer,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params }) => known(await customerRecords.find(params.customer), params.customer),
    }),
    route({
      ...write,
      method: 'PATCH',
      path: '/v1/customers/{customer}',
      summary: 'Change e-mail address, name or language of a customer, or whether they allow support access',
      description:
        'A new address needs the role "security" (customers:change-email). It signs the customer out everywhere, and the former address is told by mail and can undo it for a week.',
      alsoNeeds: ({ body: { email } }) => (email === undefined ? undefined : 'customers:change-email'),
      body: customerChange,
      revision: 'expected',
      refusals: [404, 409],
      async handle({ params, body, seen, actor, note }) {
        const change = await customerRecords.change(params.customer, seen, body)
        const now = changed(change, params.customer)
        noteChange(note, change, audited)
        if (change.outcome === 'changed' && change.moved) {
          await endSignIn({ what: { of: 'customer', id: now.id }, why: 'email-changed', by: actor.name })
          emailChanges?.announce(change.moved, 'by an operator', actor.name)
        }
        return now
      },
    }),
    route({
      ...write,
      method: 'PUT',
      path: '/v1/customers/{customer}/company-users',
      summary:
        'Replace the company users of a customer, with roles and permissions; who may no longer act is signed out',
      permission: 'companies:write',
      body: z.strictObject({ companyUsers }),
      revision: 'expected',
      refusals: [404, 409],
      async handle({ params, body, seen, actor, note }) {
        const { replaced, takenAway } = await customerRecords.replaceCompanyUsers(
          params.customer,
          seen,
          body.companyUsers,
        )
        if (takenAway) await endTakenAway(takenAway, actor.name)
        noteChange(note, replaced, audited)
        return changed(replaced, params.customer)
      },
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/customers/{customer}/block',
      summary: 'Block a customer: the customer is signed out and cannot sign in',
      refusals: [404],
      async handle({ params, actor, note }) {
        const blocked = await act(params.customer, note, (id) => customerRecords.setStatus(id, 'blocked'))
        await endSignIn({ what: { of: 'customer', id: blocked.id }, why: 'blocked', by: actor.name })
        return blocked
      },
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/customers/{customer}/unblock',
      summary: 'Unblock a customer',
      refusals: [404],
      handle: ({ params, note }) => act(params.customer, note, (id) => customerRecords.setStatus(id, 'active')),
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/customers/{customer}/confirm',
      summary: 'Mark the e-mail address of a customer as confirmed',
      refusals: [404],
      handle: ({ params, note }) => act(params.customer, note, customerRecords.confirm),
    }),
  ]
}

/** Companies and roles by their ids; what is personal is only said to have changed. */
function audited({ idCustomer, companyUsers, ...customer }: Customer): object {
  return {
    ...customer,
    companyUsers: companyUsers.map(({ id, company, roles, isActive }) =>
      [id, `company ${company.id}`, ...roles.map((role) => `role ${role.id}`), ...(isActive ? [] : ['inactive'])].join(
        ' ',
      ),
    ),
  }
}

function changed(outcome: Changed<Customer> | { outcome: 'refused'; reason: string }, customer: string): Customer {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  if (outcome.outcome === 'refused') throw new Problem(409, 'refused', outcome.reason)
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, customer)
}

function known(found: Customer | undefined, customer: string): Customer {
  if (found) return found
  throw new Problem(404, 'unknown-customer', `There is no customer "${customer}".`)
}

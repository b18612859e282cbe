import type { Context } from 'koa'
import type { Memberships } from '../../customers/companies/memberships.ts'
import type { People, Steward } from '../../customers/companies/people.ts'
import type { CompanyUser, Customer } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import type { Storage } from '../../storage/storage.ts'
import { refuse, refuseMany, refuseScope } from './answers.ts'
import { findAsker } from './bearer.ts'
import { hasCompanyScope, type ListDeps } from './list-routes.ts'

/** The scope with which software of others may look after the people of a company. */
export const COMPANY_PEOPLE = 'company_people'

export type StewardDeps = ListDeps & {
  readonly storage: Pick<Storage, 'increment'>
  /** As they are now. */
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  /** Undefined where the shop keeps its companies. */
  readonly companies: { readonly looksAfter: Memberships['looksAfter']; readonly people: People } | undefined
}

/** Somebody who looks after a company now, and everything that they do it with. */
export type Office = { readonly own: CompanyUser; readonly steward: Steward; readonly people: People }

const WINDOW_SECONDS = 60
const PER_WINDOW = 120

/**
 * The company user that the token acts as, if it looks after its company now; otherwise the request is answered. An agent who
 * acts for a customer does not, nor does software of others without a scope that it was given by name.
 */
export async function findOffice(deps: StewardDeps, ctx: Context): Promise<Office | undefined> {
  const asker = await findAsker(deps, ctx)
  if (!asker) return undefined
  const { caller, client } = asker
  if (caller.isActedFor) return void refuse(ctx, 403, 'access_denied', 'only customers themselves may do this')
  const isGiven = caller.scopes.includes(COMPANY_PEOPLE) && client.resource_scopes?.includes(COMPANY_PEOPLE) === true
  if (!isGiven && (client.first_party !== true || !hasCompanyScope(deps, caller))) {
    const scope = client.first_party === true ? 'company' : COMPANY_PEOPLE
    return void refuseScope(ctx, `the scope ${scope} is needed`, scope)
  }
  const { companies } = deps
  if (!companies) return void refuse(ctx, 409, 'unavailable', 'the shop keeps its companies: change them there')
  if ((await deps.storage.increment(`company-people:${asker.customer.id}`, WINDOW_SECONDS)) > PER_WINDOW) {
    return void refuseMany(ctx, WINDOW_SECONDS, 'too many requests for the people of companies')
  }
  const customer = await deps.findCustomer(asker.customer.id)
  const own = customer?.companyUsers.find(({ id }) => id === caller.companyUser?.id)
  if (customer?.status !== 'active' || !own || !companies.looksAfter(own)) {
    return void refuse(ctx, 403, 'access_denied', 'the token acts as no company user who looks after its company')
  }
  const { requestId } = requestState(ctx)
  const steward = { customer, clientId: caller.clientId, ip: ctx.ip, requestId }
  return { own, steward, people: companies.people }
}

import { type Customer, fullName } from '../../../customers/customer.ts'
import type { PasswordState } from '../../../customers/import/password-state.ts'
import type { ActiveGrant } from '../../../oauth/sign-outs/active-grants.ts'
import { customerSegment } from '../console-api.ts'
import { type Listing, listAddress, pageLinks, searchOf } from '../listing.ts'
import type { ConsolePage, ConsoleRequest } from '../page.ts'
import { customerActs } from './customer-acts.ts'

/** The people who shop: a search, and all that an operator may want to know of one of them. */
export const customerPages: readonly ConsolePage[] = [
  {
    path: '/customers',
    async open(request) {
      const search = searchOf(request, ['search', 'status'])
      const answer = await request.api.send<Listing<Customer>>('GET', listAddress(request, '/v1/customers', search))
      const { items, next } = answer.outcome === 'done' ? answer.body : { items: [] }
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      const customers = items.map((customer) => ({ ...customer, name: fullName(customer) }))
      request.show(
        'customers',
        { title: 'Customers', search, customers, problem, ...pageLinks(request, next, search) },
        { status: problem?.status ?? 200 },
      )
    },
  },
  { path: '/customers/:customer', open: showCustomer },
  ...customerActs,
]

type SecondFactor = { readonly hasSecondFactor: boolean; readonly recoveryCodesLeft: number }
type Lock = { readonly of: string; readonly network?: string; readonly until: number }

async function showCustomer(request: ConsoleRequest): Promise<void> {
  const customer = await request.api.get<Customer>(`/v1/customers/${customerSegment(request.params.customer ?? '')}`)
  const { id, email, companyUsers } = customer
  const isErased = customer.status === 'anonymised'
  const [password, grants, locks, factor] = await Promise.all([
    request.api.get<PasswordState>(`/v1/customers/${encodeURIComponent(id)}/password`),
    request.api.get<Listing<ActiveGrant>>(listAddress(request, '/v1/grants', { customerId: id })),
    isErased ? { items: [] } : request.api.get<Listing<Lock>>(`/v1/lockouts?${new URLSearchParams({ login: email })}`),
    // There are none where a service of the shop keeps the customers.
    request.api.send<SecondFactor>('GET', `/v1/customers/${encodeURIComponent(id)}/second-factor`),
  ])
  const companies = new Map(companyUsers.map((companyUser) => [companyUser.id, companyUser.company.name]))
  request.show('customer', {
    title: fullName(customer) ?? email,
    customer,
    isErased,
    password: passwordText(password),
    base: `/console/customers/${encodeURIComponent(id)}`,
    grants: grants.items.map((grant) => ({ ...grant, company: companies.get(grant.companyUserId ?? '') })),
    locks: locks.items,
    secondFactor: factor.outcome === 'done' ? factor.body : undefined,
    ...pageLinks(request, grants.next),
  })
}

function passwordText({ scheme = '', state }: PasswordState): string {
  const texts = {
    none: 'none',
    current: scheme,
    wrapped: `${scheme}: imported, wrapped in argon2id until the next sign-in`,
    bare: `${scheme}: imported, a fast hash that waits to be wrapped`,
    legacy: `${scheme}: imported, hashed anew at the next sign-in`,
  }
  return texts[state]
}

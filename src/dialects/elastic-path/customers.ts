import { type Customer, fullName } from '../../customers/customer.ts'
import type { ActionRoute, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { badBearer, detailedError, json } from './errors.ts'
import type { SignIn } from './sign-in.ts'

/** `GET /v2/customers/{id}`: customers may look at themselves, with their token in a header of its own. */
export function customerRoute(signIn: SignIn, resource: string): ActionRoute {
  return {
    method: 'GET',
    path: '/v2/customers/:id',
    async act(request, services) {
      const caller = await signIn.findCaller(request, services)
      if (!caller) return badBearer()
      const customer = await findCustomer(request, services, resource)
      if (!customer || customer.id !== request.params.id) return detailedError(403, {})
      return json(200, { data: customerObject(customer) })
    },
  }
}

async function findCustomer(
  { headers }: DialectRequest,
  services: DialectServices,
  resource: string,
): Promise<Customer | undefined> {
  const token = headers['x-moltin-customer-token']
  if (typeof token !== 'string') return undefined
  const caller = await services.findCaller(token.trim(), ({ audience }) => audience === resource)
  return caller?.customer
}

function customerObject(customer: Customer): object {
  const name = fullName(customer) ?? customer.email
  return { type: 'customer', id: customer.id, name, email: customer.email, password: true }
}

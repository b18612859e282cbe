import type { ActionRoute, DialectAnswer, DialectRoute } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { type PasswordLength, refusalOfAccount } from './account-answers.ts'
import { type Asking, type CustomerEndpoint, findAsking } from './callers.ts'
import { createCustomerRoute } from './create-customer.ts'
import { customerObject } from './customer-object.ts'
import { json } from './errors.ts'
import { updateCustomerRoute } from './update-customer.ts'

/** What customers are to this shop: an object each, of which the address book and the orders are the shop's. */
export function customerRoutes(endpoint: CustomerEndpoint, length: PasswordLength): DialectRoute[] {
  return [
    createCustomerRoute(endpoint.signIn, length),
    readCustomerRoute(endpoint),
    updateCustomerRoute(endpoint, length),
    deleteCustomerRoute(endpoint, length),
  ]
}

/** `GET /v2/customers/{id}`. */
function readCustomerRoute(endpoint: CustomerEndpoint): ActionRoute {
  return {
    method: 'GET',
    path: '/v2/customers/:id',
    async act(request, services) {
      const asking = await findAsking(request, services, endpoint)
      return 'refused' in asking ? asking.refused : json(200, { data: await describe(asking, services) })
    },
  }
}

async function describe(asking: Asking, { ownAccount }: DialectServices): Promise<object> {
  if (asking.as === 'back-end') return customerObject(asking.record.customer, asking.record)
  const record = await ownAccount.find(asking.customer.id)
  return record ? customerObject(record.customer, record) : customerObject(asking.customer)
}

/** `DELETE /v2/customers/{id}`: forgets the person. */
function deleteCustomerRoute(endpoint: CustomerEndpoint, length: PasswordLength): ActionRoute {
  return {
    method: 'DELETE',
    path: '/v2/customers/:id',
    async act(request, services): Promise<DialectAnswer> {
      const asking = await findAsking(request, services, endpoint)
      if ('refused' in asking) return asking.refused
      const erased =
        asking.as === 'back-end'
          ? await asking.accounts.erase(asking.record.customer)
          : await services.ownAccount.erase(asking.caller)
      return erased.outcome === 'erased' ? NO_CONTENT : refusalOfAccount(erased, length)
    },
  }
}

const NO_CONTENT: DialectAnswer = { status: 204, headers: { 'Cache-Control': 'no-store' }, body: '' }

import { z } from 'zod'
import type { Customer } from '../../../customers/customer.ts'
import type { CustomerFactors } from '../../../customers/second-factor/customer-factors.ts'
import { Problem } from '../../problem.ts'
import { customerId, hasSecondFactor } from '../fields.ts'
import { type Route, route } from '../route.ts'

export type CustomerFactorRouteDeps = {
  readonly factors: Pick<CustomerFactors, 'standing' | 'reset' | 'devices'>
  /** By id or reference. */
  readonly findCustomer: (named: string) => Promise<Customer | undefined>
}

const params = z.object({ customer: z.string().describe('The id, or the customerReference.') })
const standing = z
  .object({
    id: customerId,
    hasSecondFactor,
    recoveryCodesLeft: z.int().describe('How many recovery codes are unused.'),
    rememberedBrowsers: z.int().describe('In how many browsers no code is needed.'),
  })
  .meta({ id: 'CustomerSecondFactor' })

/** The second factor of a customer: to see, and to take away for one who has lost everything. */
export function customerFactorRoutes({ factors, findCustomer }: CustomerFactorRouteDeps): Route[] {
  async function known(named: string): Promise<Customer> {
    const customer = await findCustomer(named)
    if (customer) return customer
    throw new Problem(404, 'unknown-customer', `There is no customer "${named}".`)
  }
  async function standingOf(id: string): Promise<z.infer<typeof standing>> {
    const [now, devices] = await Promise.all([factors.standing(id), factors.devices.list(id)])
    return { id, ...now, rememberedBrowsers: devices.length }
  }

  return [
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/second-factor',
      summary: 'Whether a customer has a second factor, and what is left of its recovery codes',
      permission: 'customers:read',
      params,
      result: standing,
      refusals: [404],
      handle: async ({ params }) => standingOf((await known(params.customer)).id),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/second-factor/reset',
      summary: 'Take the second factor of a customer away, who is told by mail; be sure of whom you speak with',
      permission: 'customers:reset-second-factor',
      params,
      result: standing,
      refusals: [404, 409],
      audit: 'customer.second-factor-reset',
      about: (_: unknown, { id }: { readonly id: string }) => ({ customerId: id }),
      async handle({ params }) {
        const customer = await known(params.customer)
        if (!(await factors.reset(customer)))
          throw new Problem(409, 'no-second-factor', 'This customer has no second factor.')
        return standingOf(customer.id)
      },
    }),
  ]
}

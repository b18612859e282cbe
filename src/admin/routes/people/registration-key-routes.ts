import { z } from 'zod'
import type { Customer } from '../../../customers/customer.ts'
import type { RegistrationKeys } from '../../../customers/recovery/registration-keys.ts'
import { Problem } from '../../problem.ts'
import { givenReference } from '../fields.ts'
import { type Route, route } from '../route.ts'

export type RegistrationKeyRouteDeps = {
  readonly registrationKeys: Pick<RegistrationKeys, 'issue'>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
}

/** Keys that a shop mails to customers it registered itself; a dialect's confirmation endpoint takes them, once. */
export function registrationKeyRoutes(deps: RegistrationKeyRouteDeps): Route[] {
  const { registrationKeys, findCustomerByReference } = deps
  return [
    route({
      method: 'POST',
      path: '/v1/registration-keys',
      summary: 'Create a key that confirms the e-mail address of a customer; only this answer contains it',
      permission: 'customers:write',
      body: z.strictObject({ customerReference: givenReference }),
      status: 201,
      result: z.object({
        registrationKey: z.string().describe('The key, which works once. Only this answer contains it.'),
      }),
      refusals: [404, 409],
      audit: 'customer.changed',
      async handle({ body: { customerReference }, note }) {
        const customer = await findCustomerByReference(customerReference)
        if (customer?.status !== 'active') {
          const detail = `There is no active customer with the reference "${customerReference}".`
          throw new Problem(404, 'unknown-customer', detail)
        }
        if (customer.emailVerified) {
          throw new Problem(409, 'confirmed', 'The e-mail address of this customer is already confirmed.')
        }
        note({ customerId: customer.id })
        return { registrationKey: await registrationKeys.issue(customer.id) }
      },
    }),
  ]
}

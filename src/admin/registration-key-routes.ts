import { Router } from '@koa/router'
import { z } from 'zod'
import type { Customer } from '../customers/customer.ts'
import type { RegistrationKeys } from '../customers/registration-keys.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type RegistrationKeyRouteDeps = {
  readonly registrationKeys: Pick<RegistrationKeys, 'issue'>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
}

const newKey = z.strictObject({ customerReference: z.string().min(1) })

/** Keys that a shop mails to customers it registered itself; a dialect's confirmation door takes them, once. */
export function registrationKeyRoutes({ registrationKeys, findCustomerByReference }: RegistrationKeyRouteDeps): Router {
  const router = new Router({ prefix: '/v1/registration-keys' })
  router.post('/', async (ctx) => {
    const { customerReference } = await readJson(ctx, newKey)
    const customer = await findCustomerByReference(customerReference)
    if (customer?.status !== 'active') {
      const detail = `There is no active customer with the reference "${customerReference}".`
      throw new Problem(404, 'unknown-customer', detail)
    }
    if (customer.emailVerified) throw new Problem(409, 'confirmed', 'The e-mail address of this customer is confirmed.')
    ctx.status = 201
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { registrationKey: await registrationKeys.issue(customer.id) }
  })
  return router
}

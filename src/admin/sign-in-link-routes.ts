import { Router } from '@koa/router'
import { z } from 'zod'
import type { Customer } from '../customers/customer.ts'
import type { SignInLinks } from '../customers/sign-in-links.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type SignInLinkRouteDeps = {
  readonly signInLinks: Pick<SignInLinks, 'mint'>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
  /** The address that a link's token belongs into; undefined where no dialect answers such links. */
  readonly addressOf: (token: string) => string | undefined
}

const newLink = z.strictObject({
  customerReference: z.string().min(1),
  ttlSeconds: z.int().positive().max(600).optional(),
  isReusable: z.boolean().default(false),
})

/** Links that sign a customer in to the hosted pages: for the shop's own programs. */
export function signInLinkRoutes({ signInLinks, findCustomerByReference, addressOf }: SignInLinkRouteDeps): Router {
  const router = new Router({ prefix: '/v1/sign-in-links' })
  router.post('/', async (ctx) => {
    const { customerReference, ttlSeconds, isReusable } = await readJson(ctx, newLink)
    if (addressOf('') === undefined) throw new Problem(409, 'no-door', 'No dialect in DIALECTS answers sign-in links.')
    const customer = await findCustomerByReference(customerReference)
    if (customer?.status !== 'active') {
      const detail = `There is no active customer with the reference "${customerReference}".`
      throw new Problem(404, 'unknown-customer', detail)
    }
    const minted = await signInLinks.mint({ customerId: customer.id, isReusable, ...(ttlSeconds && { ttlSeconds }) })
    if (minted.outcome === 'reusable-not-allowed') {
      throw new Problem(409, minted.outcome, 'Set SIGN_IN_LINK_REUSABLE=true to allow links that work more than once.')
    }
    const { token, expiresAt } = minted
    ctx.status = 201
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { token, url: addressOf(token), expiresAt }
  })
  return router
}

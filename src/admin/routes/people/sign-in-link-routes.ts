import { z } from 'zod'
import { type CompanyUser, type Customer, isActiveCompanyUser } from '../../../customers/customer.ts'
import type { SignInLinks } from '../../../customers/sign-in-links.ts'
import { Problem } from '../../problem.ts'
import { givenReference } from '../fields.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds } from '../shapes.ts'

export type SignInLinkRouteDeps = {
  readonly signInLinks: Pick<SignInLinks, 'mint'>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
  /** The address that a link's token belongs into; undefined where no dialect answers such links. */
  readonly addressOf: (token: string) => string | undefined
}

/** Links that sign a customer in to the hosted pages: for the shop's own programs. */
export function signInLinkRoutes({ signInLinks, findCustomerByReference, addressOf }: SignInLinkRouteDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sign-in-links',
      summary: 'Create a link that signs in a customer; only this answer contains it',
      permission: 'sign-in-links:write',
      body: z.strictObject({
        customerReference: givenReference,
        companyUserId: z
          .guid()
          .optional()
          .describe('As whom the customer goes on, of several; else as at any sign-in.'),
        ttlSeconds: z.int().positive().max(600).optional().describe('How long the link works.'),
        isReusable: z
          .boolean()
          .default(false)
          .describe('Whether it works more than once; SIGN_IN_LINK_REUSABLE allows it.'),
      }),
      status: 201,
      result: z.object({
        token: z.string().describe('The token in the link.'),
        url: z.string().describe('The link.'),
        expiresAt: epochSeconds('When the link stops working'),
      }),
      refusals: [404, 409],
      audit: 'sign-in-link.made',
      async handle({ body: { customerReference, companyUserId, ttlSeconds, isReusable }, note }) {
        if (addressOf('') === undefined) {
          throw new Problem(
            409,
            'no-endpoint',
            'No dialect in DIALECTS supports sign-in links. Add one, such as spryker.',
          )
        }
        const customer = await findCustomerByReference(customerReference)
        if (customer?.status !== 'active') throw unknownCustomer(customerReference)
        const isKnown = ({ id }: CompanyUser) => id === companyUserId
        if (companyUserId !== undefined && !customer.companyUsers.filter(isActiveCompanyUser).some(isKnown))
          throw new Problem(
            404,
            'unknown-company-user',
            `The customer "${customerReference}" has no active company user "${companyUserId}".`,
          )
        const minted = await signInLinks.mint({
          customerId: customer.id,
          companyUserId,
          isReusable,
          ...(ttlSeconds && { ttlSeconds }),
        })
        if (minted.outcome === 'unknown-customer') throw unknownCustomer(customerReference)
        if (minted.outcome !== 'minted') {
          throw new Problem(
            409,
            minted.outcome,
            'Set SIGN_IN_LINK_REUSABLE=true to allow links that work more than once.',
          )
        }
        const { token, expiresAt } = minted
        note({ customerId: customer.id, after: { isReusable, expiresAt, ...(companyUserId && { companyUserId }) } })
        return { token, url: addressOf(token) ?? '', expiresAt }
      },
    }),
  ]
}

function unknownCustomer(customerReference: string): Problem {
  return new Problem(404, 'unknown-customer', `There is no active customer with the reference "${customerReference}".`)
}

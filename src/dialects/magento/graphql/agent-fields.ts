import { GUEST, invalidMember, NO_PERMISSION } from '../account-messages.ts'
import { actForCustomer, actingRefusal, NO_CONSENT } from '../agents.ts'
import { findAgent, findIntegration } from '../callers.ts'
import { rendered, UNCONFIRMED } from '../messages.ts'
import { ask, EXCHANGE_SCOPE } from '../shop.ts'
import type { CustomerInput } from './account-fields.ts'
import type { Asked } from './asked.ts'
import { customerObject } from './customer-fields.ts'
import { refusal } from './execute.ts'
import { failed } from './sign-in-fields.ts'

type AsAdmin = { readonly input: { readonly customer_email: string } }
type External = { readonly input: { readonly customer: CustomerInput & { readonly email: string } } }

/** Tokens for customers that somebody else asks for: an agent, or a client that has signed them in. */
export function agentFields({ request, services, shop }: Asked) {
  return {
    async generateCustomerTokenAsAdmin({ input: { customer_email: email } }: AsAdmin) {
      if (email === '') throw refusal('Specify the "customer email" value.', 'graphql-input')
      const shown = await findAgent(request, services)
      if (!shown) throw refusal(GUEST, 'graphql-authorization')
      const acting = await actForCustomer(shown, services, { named: { email } })
      switch (acting.outcome) {
        case 'unknown':
          throw refusal('Customer email provided does not exist', 'graphql-input')
        case 'no-consent':
          throw refusal(NO_CONSENT, 'graphql-authorization')
        case 'refused':
          if (acting.failure.status >= 500) throw failed(acting.failure)
          throw refusal(actingRefusal(acting.failure), 'graphql-authorization')
        case 'issued':
          return { customer_token: acting.tokens.accessToken }
      }
    },

    async exchangeExternalCustomerToken({ input: { customer: input } }: External) {
      const shown = shop.takesExternalCustomers ? await findIntegration(request, services) : undefined
      if (!shown) throw refusal(NO_PERMISSION, 'graphql-authorization')
      const found = await services.ownAccount.findOrMakeVouched(shown.caller, EXCHANGE_SCOPE, {
        email: input.email,
        ...(typeof input.firstname === 'string' && { givenName: input.firstname }),
        ...(typeof input.lastname === 'string' && { familyName: input.lastname }),
      })
      if (found.outcome === 'invalid') throw refusal(rendered(invalidMember(found.members)), 'graphql-input')
      if (found.outcome === 'unconfirmed') throw refusal(UNCONFIRMED, 'graphql-authentication')
      if (found.outcome !== 'found' && found.outcome !== 'made') throw refusal(NO_PERMISSION, 'graphql-authorization')
      const issued = await services.issue(ask.forVouched(shown.bearer, found.customer.customerReference))
      if (issued.outcome === 'issued')
        return { token: issued.tokens.accessToken, customer: customerObject(found.customer) }
      throw issued.failure.status >= 500 ? failed(issued.failure) : refusal(NO_PERMISSION, 'graphql-authorization')
    },
  }
}

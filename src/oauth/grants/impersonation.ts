import { errors } from 'oidc-provider'
import type { Customer } from '../../customers/customer.ts'
import { toAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { parametersOf } from '../library-values.ts'
import { deriveTokens } from './derive-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type SubjectTokenDeps } from './subject-token.ts'

export const IMPERSONATION_GRANT = 'urn:vestibule:grant:impersonation'

export type ImpersonationGrantDeps = SubjectTokenDeps & {
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
}

/**
 * An agent goes on as a customer (RFC 8693 §4.1: the agent is the `act` of the tokens). It takes the agent's own
 * token: one that acts for a customer already leads no further, and only customers can be acted for, never agents.
 */
export function impersonationGrant(deps: ImpersonationGrantDeps): GrantType {
  return {
    name: IMPERSONATION_GRANT,
    parameters: ['subject_token', 'customer_reference', 'scope', 'resource'],
    async handle(ctx) {
      const { customer_reference: customerReference } = parametersOf(ctx)
      if (typeof customerReference !== 'string' || customerReference === '') {
        throw new errors.InvalidRequest("missing required parameter(s) 'customer_reference'")
      }
      const subject = await findSubject(deps, ctx)
      const { account: agent } = subject
      if (!isAgentAccount(agent)) throw new errors.InvalidGrant('only an agent may act for a customer')
      const customer = await deps.findCustomerByReference(customerReference)
      const account = customer?.status === 'active' ? toAccount(customer) : undefined
      if (!account) throw new errors.InvalidGrant('there is no such customer to act for')
      await deriveTokens(deps, ctx, {
        subject,
        account: { ...account, actingAgentId: agent.agent.id },
        grantType: IMPERSONATION_GRANT,
        gives: ['customer', 'company', 'customer_impersonation'],
      })
    },
  }
}

import { errors } from 'oidc-provider'
import type { Directory } from '../../customers/directory.ts'
import { toAccount } from '../accounts/account.ts'
import { parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'

/** The name of the grant type, and what a client must list to use it. */
export const TRUSTED_SYSTEM_GRANT = 'urn:vestibule:grant:trusted-system'

export type TrustedSystemGrantDeps = { readonly findCustomerByLogin: Directory['findByLogin'] }

/**
 * A system of the shop's own goes on as a customer who is not there, such as a call centre's. It gets a sign-in of that
 * customer without a proof of theirs, so the client must prove who it is, list this grant type, and be trusted with every
 * customer. Who is unknown, blocked or not confirmed yet is one refusal.
 */
export function trustedSystemGrant({ findCustomerByLogin }: TrustedSystemGrantDeps): GrantType {
  return {
    name: TRUSTED_SYSTEM_GRANT,
    parameters: ['username', 'scope', 'resource'],
    async handle(ctx) {
      if (ctx.oidc.client?.clientAuthMethod === 'none') {
        throw new errors.InvalidClient('a public client is no trusted system')
      }
      const { username } = parametersOf(ctx)
      if (typeof username !== 'string' || username === '') throw new errors.InvalidRequest('username is required')
      const provedAtMs = Date.now()
      const customer = (await findCustomerByLogin(username))?.customer
      const mayAct = customer?.status === 'active' && customer.emailVerified
      const account = mayAct ? toAccount(customer) : undefined
      if (!account) throw new errors.InvalidGrant('there is no such customer to act for')
      await issueTokens(ctx, { account, grantType: TRUSTED_SYSTEM_GRANT, defaultScope: '', provedAtMs })
    },
  }
}

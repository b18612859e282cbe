import { errors } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import { requestState } from '../../http/request-state.ts'
import { actedFor, toAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { noteCompanyChosen } from '../accounts/switch-company.ts'
import { parametersOf } from '../library-values.ts'
import { deriveTokens } from './derive-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type SubjectTokenDeps } from './subject-token.ts'

export const COMPANY_USER_GRANT = 'urn:vestibule:grant:company-user'

/**
 * A customer who is signed in goes on as one of their company users. Another customer's, an inactive one and one of a
 * blocked company are one refusal, which tells nothing about the companies of others.
 */
export function companyUserGrant(deps: SubjectTokenDeps & { readonly audit: Audit }): GrantType {
  return {
    name: COMPANY_USER_GRANT,
    parameters: ['subject_token', 'company_user_id', 'scope', 'resource'],
    async handle(ctx) {
      const { company_user_id: companyUserId } = parametersOf(ctx)
      if (typeof companyUserId !== 'string' || companyUserId === '') {
        throw new errors.InvalidRequest("missing required parameter(s) 'company_user_id'")
      }
      const subject = await findSubject(deps, ctx)
      if (isAgentAccount(subject.account)) throw new errors.InvalidGrant('an agent has no company users')
      const account = toAccount(subject.account.customer, companyUserId)
      if (!account?.companyUser) throw new errors.InvalidGrant('the customer may not act as this company user')
      const { actingAgentId } = subject.account
      const chosen = actingAgentId === undefined ? account : actedFor(account, actingAgentId)
      // A dialect that lists a token for each company asks for them in the request that signs in: nobody chose yet.
      const isListed = requestState(ctx).issuedTokens?.includes(String(parametersOf(ctx).subject_token)) === true
      await deriveTokens(deps, ctx, {
        subject,
        account: chosen,
        grantType: COMPANY_USER_GRANT,
        gives: ['company_user'],
        begin: async ({ grantId }) => {
          return async () => {
            if (!isListed) noteCompanyChosen(deps.audit, ctx, { account: chosen, grantId, companyUserId })
          }
        },
      })
    },
  }
}

import { COMPANY_USER_GRANT } from '../../oauth/grants/company-user.ts'
import type { TokenRoute } from '../dialect.ts'
import { readAttributes, violations } from './attributes.ts'
import { failure, outage, resource } from './documents.ts'
import { bearerOf, contradiction, findAgentBeside, findHolder, invalidToken, missingToken } from './headers.ts'
import { pairOf, RESOURCE } from './sign-in.ts'

/** `POST /company-user-access-tokens`: goes on as one of the customer's company users. */
export const companyUserTokens: TokenRoute = {
  method: 'POST',
  path: '/company-user-access-tokens',
  needsRefreshToken: true,
  async toOAuth(request, services) {
    const { body, headers, context } = request
    const parsed = readAttributes(body, 'company-user-access-tokens', context)
    if ('refused' in parsed) return parsed.refused
    const bearer = bearerOf(headers.authorization)
    if (bearer === undefined) return missingToken(context)
    const caller = await findHolder(bearer, services, context)
    if (!caller) return invalidToken(context)
    const agent = await findAgentBeside(request, services)
    if (agent && 'refused' in agent) return agent.refused
    const refused =
      contradiction(request) ?? violations(parsed.attributes, [{ name: 'idCompanyUser', is: 'uuid' }], context)
    if (refused) return refused
    return {
      grant_type: COMPANY_USER_GRANT,
      client_id: caller.clientId,
      resource: RESOURCE,
      scope: 'company_user',
      subject_token: bearer,
      company_user_id: String(parsed.attributes.idCompanyUser).toLowerCase(),
    }
  },
  fromSuccess: (tokens, context) => resource('company-user-access-tokens', pairOf(tokens), context),
  fromError: (refused, context) =>
    refused.status >= 500 ? outage(refused, context) : failure(401, '003', 'Failed to authenticate user.', context),
}

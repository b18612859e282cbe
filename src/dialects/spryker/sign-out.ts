import { agentAccountId } from '../../oauth/accounts/agent-account.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectAnswer, DialectRequest, DialectRoute } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { failure, NO_CONTENT } from './documents.ts'
import {
  AGENT_AUTHORIZATION,
  bearerOf,
  contradiction,
  findAgentBeside,
  findHolder,
  invalidToken,
  missingToken,
} from './headers.ts'

/** `DELETE /refresh-tokens/{token|mine}`: always 204 for a signed-in customer, so that ownership does not leak. */
export const signOutRoutes: readonly DialectRoute[] = [
  {
    method: 'DELETE',
    path: '/refresh-tokens',
    act: ({ context }) => failure(400, undefined, 'Resource id is not specified.', context),
  },
  { method: 'DELETE', path: '/refresh-tokens/:token', act: signOut },
]

async function signOut(request: DialectRequest, services: DialectServices): Promise<DialectAnswer> {
  const { params, headers, context } = request
  const own = bearerOf(headers.authorization)
  const bearer = own ?? bearerOf(headers[AGENT_AUTHORIZATION])
  if (bearer === undefined) return missingToken(context)
  const caller = await findHolder(bearer, services, context)
  // A second sign-out with the same token succeeds: the customer is signed out.
  if (!caller && bearer !== '' && (await services.wasSignedOut(bearer))) return NO_CONTENT
  if (!caller && own !== undefined) return invalidToken(context)
  const agent = await findAgentBeside(request, services)
  if (agent && 'refused' in agent) return agent.refused
  const refused = contradiction(request)
  if (refused) return refused
  const accountId = caller && accountOf(caller)
  if (accountId === undefined) return invalidToken(context)
  const { token = '' } = params
  // An agent who acts for a customer goes, and leaves the customer where they are.
  if (token === 'mine' && caller?.actingAgentId !== undefined) await services.endSignInOf(bearer, caller.actingAgentId)
  else if (token === 'mine') await services.signOutEverywhere(accountId)
  else await services.endRefreshToken(token, { accountId })
  return NO_CONTENT
}

function accountOf({ customer, agent }: Caller): string | undefined {
  return agent ? agentAccountId(agent.id) : customer?.id
}

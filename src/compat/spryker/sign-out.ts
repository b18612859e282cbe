import { agentAccountId } from '../../oauth/agent-account.ts'
import type { Caller } from '../../oauth/callers.ts'
import type { DialectRequest, DialectRoute } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { failure, NO_CONTENT } from './documents.ts'
import { AGENT_AUTHORIZATION, bearerOf, findHolder, invalidToken, missingToken } from './headers.ts'

/** `DELETE /refresh-tokens/{token|mine}`: always 204 for somebody who is signed in, so that ownership does not leak. */
export const signOutRoutes: readonly DialectRoute[] = [
  {
    method: 'DELETE',
    path: '/refresh-tokens',
    act: ({ context }) => failure(400, undefined, 'Resource id is not specified.', context),
  },
  { method: 'DELETE', path: '/refresh-tokens/:token', act: signOut },
]

async function signOut({ params, headers, context }: DialectRequest, services: DialectServices) {
  const bearer = bearerOf(headers.authorization) ?? bearerOf(headers[AGENT_AUTHORIZATION])
  if (bearer === undefined) return missingToken(context)
  const caller = await findHolder(bearer, services, context)
  if (!caller) {
    // Whoever signs out twice with the same token has what they asked for.
    return bearer !== '' && (await services.wasSignedOut(bearer)) ? NO_CONTENT : invalidToken(context)
  }
  const accountId = accountOf(caller)
  if (accountId === undefined) return invalidToken(context)
  const { token = '' } = params
  if (token === 'mine') await services.signOutEverywhere(accountId)
  else await services.endRefreshToken(token, { accountId })
  return NO_CONTENT
}

function accountOf({ customer, agent }: Caller): string | undefined {
  return agent ? agentAccountId(agent.id) : customer?.id
}

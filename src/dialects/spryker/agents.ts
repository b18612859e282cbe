import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import { IMPERSONATION_GRANT } from '../../oauth/grants/impersonation.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectAnswer, DialectRequest, DialectRoute, TokenRoute } from '../dialect.ts'
import { textOf } from '../json-body.ts'
import type { DialectServices } from '../services.ts'
import { readAttributes } from './attributes.ts'
import { failure, lockedOut, outage, resource } from './documents.ts'
import { bearerOf, codeOf, contradiction, findAgentBeside, findHolder, invalidToken } from './headers.ts'
import { pairOf, RESOURCE } from './sign-in.ts'

/** `POST /agent-access-tokens` and `POST /agent-customer-impersonation-access-tokens`. */
export function agentRoutes(settings: { readonly blockSeconds: number }): DialectRoute[] {
  return [agentTokens(settings), impersonationTokens]
}

/** Never 901: every problem with a login gets the same refusal. */
function agentTokens({ blockSeconds }: { readonly blockSeconds: number }): TokenRoute {
  return {
    method: 'POST',
    path: '/agent-access-tokens',
    async toOAuth(request, services) {
      const { body, headers, context } = request
      const parsed = readAttributes(body, 'agent-access-tokens', context)
      if ('refused' in parsed) return parsed.refused
      const username = textOf(parsed.attributes, 'username')
      const password = textOf(parsed.attributes, 'password')
      const refused = contradiction(request)
      if (username && password && !refused) {
        return { grant_type: AGENT_GRANT, resource: RESOURCE, scope: 'agent', username, password, ...codeOf(headers) }
      }
      const leftSeconds = username ? await services.lockedForSeconds(username, 'agent') : undefined
      if (leftSeconds !== undefined) return lockedOut({ blockSeconds, leftSeconds }, context)
      if (refused) return refused
      return failure(401, '4101', 'Failed to authenticate an agent.', context)
    },
    fromSuccess: (tokens, context) => resource('agent-access-tokens', pairOf(tokens), context),
    fromError(refused, context) {
      const { status, authentication } = refused
      if (authentication?.outcome === 'locked') {
        return lockedOut({ blockSeconds, leftSeconds: authentication.retryAfterSeconds ?? blockSeconds }, context)
      }
      if (status >= 500) return outage(refused, context)
      return failure(401, '4101', 'Failed to authenticate an agent.', context)
    },
  }
}

const impersonationTokens: TokenRoute = {
  method: 'POST',
  path: '/agent-customer-impersonation-access-tokens',
  needsRefreshToken: true,
  async toOAuth(request, services) {
    const parsed = readAttributes(request.body, 'agent-customer-impersonation-access-tokens', request.context)
    if ('refused' in parsed) return parsed.refused
    const agent = await findAgentToken(request, services)
    if ('refused' in agent) return agent.refused
    const customerReference = textOf(parsed.attributes, 'customerReference')
    if (customerReference.trim() === '') return notImpersonated(request.context)
    const reason = textOf(parsed.attributes, 'reason')
    return {
      grant_type: IMPERSONATION_GRANT,
      client_id: agent.clientId,
      resource: RESOURCE,
      scope: 'customer_impersonation customer',
      subject_token: agent.token,
      customer_reference: customerReference,
      ...(reason !== '' && { reason }),
    }
  },
  fromSuccess: (tokens, context) => resource('agent-customer-impersonation-access-tokens', pairOf(tokens), context),
  fromError: (refused, context) => (refused.status >= 500 ? outage(refused, context) : notImpersonated(context)),
}

type AgentToken =
  | { readonly token: string; readonly clientId: string; readonly caller: Caller }
  | { readonly refused: DialectAnswer }

/** The agent's own token, from either header. A bad `Authorization` is refused even beside a good agent header. */
export async function findAgentToken(request: DialectRequest, services: DialectServices): Promise<AgentToken> {
  const { headers, context } = request
  const bearer = bearerOf(headers.authorization)
  const holder = bearer === undefined ? undefined : await findHolder(bearer, services, context)
  if (bearer !== undefined && !holder) return { refused: invalidToken(context) }
  const beside = await findAgentBeside(request, services)
  if (beside && 'refused' in beside) return beside
  const refused = contradiction(request)
  if (refused) return { refused }
  if (beside) return beside
  return bearer !== undefined && holder?.kind === 'agent'
    ? { token: bearer, clientId: holder.clientId, caller: holder }
    : { refused: failure(401, '4103', 'Action is available to agent user only.', context) }
}

function notImpersonated(context: DialectRequest['context']): DialectAnswer {
  return failure(401, '4104', 'Failed to impersonate a customer.', context)
}

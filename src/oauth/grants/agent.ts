import { errors } from 'oidc-provider'
import type { AuthenticateAgent } from '../../agents/authenticate.ts'
import { toAgentAccount } from '../agent-account.ts'
import type { GrantType } from '../grant-type.ts'
import { issueTokens } from '../issue-tokens.ts'
import { temporarilyUnavailable } from '../unavailable.ts'

export const AGENT_GRANT = 'urn:vestibule:grant:agent'

export type AgentGrantDeps = { readonly authenticateAgent: AuthenticateAgent }

/** An agent signs in by e-mail and password, for shop systems whose back office cannot redirect. */
export function agentGrant({ authenticateAgent }: AgentGrantDeps): GrantType {
  return {
    name: AGENT_GRANT,
    parameters: ['username', 'password', 'scope', 'resource'],
    async handle(ctx) {
      const { username, password } = ctx.oidc.params as Record<string, unknown>
      if (typeof username !== 'string' || typeof password !== 'string') {
        throw new errors.InvalidRequest('username and password are required')
      }
      const clientId = ctx.oidc.client?.clientId as string
      const authentication = await authenticateAgent(username, password, { ip: ctx.ip, clientId })
      ctx.state.authentication = authentication
      if (authentication.outcome === 'busy') throw temporarilyUnavailable(ctx, authentication.retryAfterSeconds)
      if (authentication.outcome !== 'authenticated') {
        // One message for every refusal: the caller must not learn whether the login exists.
        const refusal = new errors.InvalidGrant(authentication.outcome)
        refusal.error_description = 'invalid username or password'
        throw refusal
      }
      const account = toAgentAccount(authentication.agent)
      await issueTokens(ctx, { account, grantType: AGENT_GRANT, defaultScope: 'profile email', amr: ['pwd'] })
    },
  }
}

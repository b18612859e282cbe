import { errors } from 'oidc-provider'
import type { AuthenticateAgent } from '../../agents/authenticate.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { requestState } from '../../http/request-state.ts'
import { toAgentAccount } from '../accounts/agent-account.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { secondFactorRequired } from './second-factor-required.ts'
import { throttleOf } from './throttle.ts'
import { temporarilyUnavailable } from './unavailable.ts'

export const AGENT_GRANT = 'urn:vestibule:grant:agent'

export type AgentGrantDeps = {
  readonly authenticateAgent: AuthenticateAgent
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/** An agent signs in by e-mail, password and, once they have a second factor, its code: for back offices that cannot redirect. */
export function agentGrant({ authenticateAgent, resourceServers }: AgentGrantDeps): GrantType {
  return {
    name: AGENT_GRANT,
    parameters: ['username', 'password', 'one_time_password', 'scope', 'resource'],
    async handle(ctx) {
      const { username, password, one_time_password: code, resource } = parametersOf(ctx)
      if (typeof username !== 'string' || typeof password !== 'string') {
        throw new errors.InvalidRequest('username and password are required')
      }
      const clientId = clientIdOf(ctx)
      const server = typeof resource === 'string' ? await resourceServers.find(resource) : undefined
      const context = {
        ip: ctx.ip,
        clientId,
        ...throttleOf(server),
        ...(typeof code === 'string' && code !== '' && { code }),
      }
      const provedAtMs = Date.now()
      const authentication = await authenticateAgent(username, password, context)
      requestState(ctx).authentication = authentication
      if (authentication.outcome === 'busy') throw temporarilyUnavailable(ctx, authentication.retryAfterSeconds)
      if (authentication.outcome === 'second-factor-required') {
        throw secondFactorRequired('code')
      }
      if (authentication.outcome !== 'authenticated') {
        // One message for every refusal: the caller must not learn whether the login exists.
        const refusal = new errors.InvalidGrant(authentication.outcome)
        refusal.error_description = 'invalid username or password'
        throw refusal
      }
      const account = toAgentAccount(authentication.agent)
      await issueTokens(ctx, {
        account,
        grantType: AGENT_GRANT,
        defaultScope: 'profile email',
        amr: authentication.hasSecondFactor ? ['pwd', 'otp', 'mfa'] : ['pwd'],
        provedAtMs,
      })
    },
  }
}

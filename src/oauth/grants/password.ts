import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Authenticate, Authentication } from '../../customers/authenticate.ts'
import { requestState } from '../../http/request-state.ts'
import { toAccount } from '../accounts/account.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { throttleOf } from './throttle.ts'
import { temporarilyUnavailable } from './unavailable.ts'

export type PasswordGrantDeps = {
  readonly authenticate: Authenticate
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/**
 * Resource Owner Password Credentials, RFC 6749 §4.3. RFC 9700 §2.4 says not to use it; it is here for first-party
 * storefronts that cannot redirect, and only for clients that list `password`.
 */
export function passwordGrant({ authenticate, findClient, resourceServers }: PasswordGrantDeps): GrantType {
  return {
    name: 'password',
    parameters: ['username', 'password', 'scope', 'resource'],
    async handle(ctx) {
      const { username, password, resource } = parametersOf(ctx)
      if (typeof username !== 'string' || typeof password !== 'string') {
        throw new errors.InvalidRequest('username and password are required')
      }
      const clientId = clientIdOf(ctx)
      const server = typeof resource === 'string' ? await resourceServers.find(resource) : undefined
      const resends = server?.hasResendingClients === true
      const context = { ip: ctx.ip, clientId, resends, ...throttleOf(server) }
      const authentication = await authenticate(username, password, context)
      // Dialects answer some refusals in words of their own; they read the outcome here.
      requestState(ctx).authentication = authentication
      if (authentication.outcome !== 'authenticated') throw refusal(ctx, authentication)
      const account = toAccount(authentication.customer)
      if (!account) throw refusal(ctx, authentication)
      const client = await findClient(clientId)
      await issueTokens(ctx, {
        account,
        grantType: 'password',
        defaultScope: client?.default_scope ?? '',
        amr: ['pwd'],
        provedAtMs: authentication.proof.madeAtMs,
      })
    },
  }
}

/** One message for every refusal: the caller must not learn whether the login exists. */
function refusal(ctx: TokenEndpointGrantContext, authentication: Authentication): Error {
  if (authentication.outcome === 'busy') {
    const why = authentication.isServiceAway && 'the customer service does not answer, try again shortly'
    return temporarilyUnavailable(ctx, authentication.retryAfterSeconds, why)
  }
  const error = new errors.InvalidGrant(authentication.outcome)
  error.error_description = 'invalid username or password'
  return error
}

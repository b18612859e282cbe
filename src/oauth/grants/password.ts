import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Authenticate, Authentication } from '../../customers/authenticate.ts'
import { requestState } from '../../http/request-state.ts'
import { toAccount } from '../accounts/account.ts'
import { SECOND_FACTOR_AMR } from '../accounts/acr.ts'
import { companyUserIn, companyUserRefused, noteCompanyChosen } from '../accounts/switch-company.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { secondFactorRequired } from './second-factor-required.ts'
import { throttleOf } from './throttle.ts'
import { temporarilyUnavailable } from './unavailable.ts'

export type PasswordGrantDeps = {
  readonly authenticate: Authenticate
  readonly audit: Audit
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/**
 * Resource Owner Password Credentials, RFC 6749 §4.3. RFC 9700 §2.4 says not to use it; it is here for first-party
 * storefronts that cannot redirect, and only for clients that list `password`. A customer with a second factor sends its code as
 * `one_time_password`; one of several companies says by `company_user_id` which to act for.
 */
export function passwordGrant({ authenticate, audit, findClient, resourceServers }: PasswordGrantDeps): GrantType {
  return {
    name: 'password',
    parameters: ['username', 'password', 'one_time_password', 'company_user_id', 'scope', 'resource'],
    async handle(ctx) {
      const { username, password, one_time_password: code, resource } = parametersOf(ctx)
      if (typeof username !== 'string' || typeof password !== 'string') {
        throw new errors.InvalidRequest('username and password are required')
      }
      const clientId = clientIdOf(ctx)
      const server = typeof resource === 'string' ? await resourceServers.find(resource) : undefined
      const resends = server?.hasResendingClients === true
      const context = {
        ip: ctx.ip,
        clientId,
        resends,
        ...throttleOf(server),
        ...(typeof code === 'string' && code !== '' && { code }),
      }
      const authentication = await authenticate(username, password, context)
      // Dialects answer some refusals in words of their own; they read the outcome here.
      requestState(ctx).authentication = authentication
      if (authentication.outcome !== 'authenticated') throw refusal(ctx, authentication)
      // Only a person whose password is right is told that the company is not theirs.
      const companyUserId = companyUserIn(parametersOf(ctx))
      const account = toAccount(authentication.customer, companyUserId)
      if (!account) throw companyUserRefused()
      if (companyUserId !== undefined) noteCompanyChosen(audit, ctx, { account, companyUserId })
      const client = await findClient(clientId)
      await issueTokens(ctx, {
        account,
        grantType: 'password',
        defaultScope: client?.default_scope ?? '',
        amr: authentication.hasSecondFactor ? ['pwd', ...SECOND_FACTOR_AMR] : ['pwd'],
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
  if (authentication.outcome === 'second-factor-required') return secondFactorRequired(authentication.need)
  const error = new errors.InvalidGrant(authentication.outcome)
  error.error_description = 'invalid username or password'
  return error
}

import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { resolveRequestedResources, validateClientScope } from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Assertion } from '../../issuers/assertion.ts'
import type { AuthenticationClaims } from '../accounts/authentication.ts'
import { IDENTITY_SCOPES, mayHaveScope, PERSON_SCOPES } from '../accounts/claims.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { scopesMet } from '../requests/scope-policies.ts'
import { textsIn } from './told-sign-in.ts'

export type LimitDeps = {
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

type Limits = {
  readonly assertion: Assertion
  readonly authentication: AuthenticationClaims
  /** Scopes that the customer took from the client. */
  readonly takenBack: readonly string[]
}

/**
 * Sets `resource` and `scope` of the request to what the assertion, its issuer and the client have in common, as far as the sign-in elsewhere meets
 * the policies of the scopes. What was asked for beyond that is left out; the answer says what was given.
 */
export async function limitToAssertion(
  { resourceServers, findClient }: LimitDeps,
  ctx: TokenEndpointGrantContext,
  { assertion, authentication, takenBack }: Limits,
): Promise<void> {
  const client = await findClient(clientIdOf(ctx))
  const params = parametersOf(ctx)
  const isAllowed = chooseResource(params, assertion)
  const [resourceServer, another] = await resolveRequestedResources(ctx.oidc.provider, ctx)
  if (another || !resourceServer || !isAllowed(resourceServer.identifier()))
    throw new errors.InvalidTarget('the assertion is for no such resource server')
  const { record } = assertion.issuer
  const { claims } = assertion
  const claimed = typeof claims.scope === 'string' ? claims.scope.split(' ').filter(Boolean) : textsIn(claims.scope)
  const isClaimed = (scope: string) => claims.scope === undefined || claimed.includes(scope)
  const isListed = (scope: string) => record.scopes === undefined || record.scopes.includes(scope)
  const usual = claims.scope === undefined ? (record.scopes ?? client?.default_scope?.split(' ') ?? []) : claimed
  const asked = params.scope === undefined ? usual : [...validateClientScope(ctx.oidc.provider, ctx)]
  const common = asked.filter(
    (scope) =>
      resourceServer.scopes.has(scope) &&
      mayHaveScope(client?.scope, scope) &&
      isClaimed(scope) &&
      isListed(scope) &&
      !takenBack.includes(scope) &&
      !isOwnToOtherGrants(scope, assertion),
  )
  const server = await resourceServers.find(resourceServer.identifier())
  const granted = server ? scopesMet(server, common, authentication) : common
  if (granted.length === 0)
    throw new errors.InvalidScope('no scope is left that the assertion can give', asked.join(' '))
  params.scope = [...new Set(granted)].join(' ')
}

/**
 * Asks for the one resource server that the assertion, or its issuer's record, is for where the request names none.
 *
 * @returns whether an identifier is allowed.
 */
function chooseResource(
  params: Record<string, unknown>,
  { issuer: { record }, claims }: Assertion,
): (identifier: string) => boolean {
  const { resource } = claims
  const named = resource === undefined ? undefined : textsIn([resource].flat())
  const isAllowed = (identifier: string) =>
    (named === undefined || named.includes(identifier)) &&
    (record.resources === undefined || record.resources.includes(identifier))
  const [only, another] = (named ?? record.resources ?? []).filter(isAllowed)
  if (params.resource === undefined && only !== undefined && another === undefined) params.resource = only
  return isAllowed
}

/**
 * Scopes of people who sign in themselves, and of agents. Google links an account as if its owner had signed in, so it may ask who
 * that is.
 */
function isOwnToOtherGrants(scope: string, { issuer }: Assertion): boolean {
  if (!IDENTITY_SCOPES.includes(scope)) return false
  if (!PERSON_SCOPES.includes(scope)) return true
  return scope === 'openid' && issuer.record.kind !== 'google-linking'
}

import { type AccessToken, errors, type Grant, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider'
import { issueIdToken } from 'oidc-provider/lib/helpers/grant_common.js'
import {
  applyRefreshTokenBindings,
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  resolveRequestedResources,
  shouldIssueRefreshToken,
  validateClientScope,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import { requestState } from '../../http/request-state.ts'
import { type CommerceAccount, type CustomerAccount, choiceOf } from '../accounts/account.ts'
import { acrOf } from '../accounts/acr.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { type AuthenticationClaims, tellAuthentication } from '../accounts/authentication.ts'
import { withFacts } from '../accounts/grant-facts.ts'
import { asSource, clientIdOf, newAccessToken, newIdOf, newRefreshToken, parametersOf } from '../library-values.ts'
import { scopesThatMeet } from '../requests/scope-policies.ts'

export type TokenRequest = {
  /** The person; or looks them up, once everything else of the request is in order. */
  readonly account: CommerceAccount | (() => Promise<CommerceAccount>)
  readonly grantType: string
  /** Granted when the request names no scope. */
  readonly defaultScope: string
  /** How the person was authenticated (RFC 8176). */
  readonly amr?: readonly string[]
  /** The same where another system says it; `amr` says it unless given. */
  readonly authentication?: AuthenticationClaims
  /** Epoch milliseconds, from before the person was looked up; now, unless given. */
  readonly provedAtMs?: number
  /** The thumbprint of a key that the request must prove (RFC 9449 §6.1). */
  readonly jkt?: string | undefined
  /** The access token lives no longer, whatever its client and resource server say. */
  readonly longestSeconds?: number
  /** False: no refresh token, whatever its client may have. */
  readonly isRefreshable?: boolean
}

/** A grant that ends with a token is kept until no clock takes the token any more. */
const GRANT_SPARE_SECONDS = 60

/**
 * What every grant of ours ends in: a new grant, with an access token, a refresh token and an ID token as the client
 * may have them. Grant and tokens are stored in one batch.
 */
export async function issueTokens(ctx: TokenEndpointGrantContext, request: TokenRequest): Promise<void> {
  const { provider, client } = ctx.oidc
  if (!client) throw new Error('tokens are issued to an authenticated client')
  const params = parametersOf(ctx)
  params.scope ??= request.defaultScope || undefined

  const dPoP = await validateDpop(provider, ctx)
  const certificate = checkMtlsCert(provider, ctx)
  checkDpopRequired(provider, ctx, dPoP)
  if (request.jkt !== undefined && dPoP?.thumbprint !== request.jkt)
    throw new errors.InvalidGrant('the key that the tokens are for is not proved')
  const [resourceServer, another] = await resolveRequestedResources(provider, ctx)
  if (another || !resourceServer) throw new errors.InvalidTarget('only one resource can be asked for at a time')
  const scopes = validateClientScope(provider, ctx)
  await checkDpopReplay(provider, ctx, dPoP, client.clientId, errors.InvalidGrant)

  const authentication = authenticationFor(ctx, request)
  // Before the account is looked for, which may use up what was presented.
  const there = [...scopes].filter((each) => resourceServer.scopes.has(each))
  await scopesThatMeet(ctx, resourceServer.identifier(), there)

  const account = typeof request.account === 'function' ? await request.account() : request.account
  const grant = newGrant(ctx, { account, ...provedAt(request) }, resourceServer, scopes)
  ctx.oidc.entity('Account', account)
  ctx.oidc.entity('Grant', grant)

  const source = {
    accountId: account.accountId,
    client,
    grantId: grant.jti,
    gty: request.grantType,
    ...authentication,
  }
  const accessToken = newAccessToken(provider, source)
  accessToken.resourceServer = resourceServer
  accessToken.scope = grant.getResourceScopeFiltered(resourceServer.identifier(), [...scopes])
  const { longestSeconds = Number.POSITIVE_INFINITY } = request
  if (accessToken.expiration > longestSeconds) Object.assign(accessToken, { expiresIn: longestSeconds })
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  if (dPoP) accessToken.setThumbprint('jkt', dPoP.thumbprint)
  ctx.oidc.entity('AccessToken', accessToken)

  const scope = [...scopes].join(' ')
  const refreshToken =
    request.isRefreshable === false
      ? undefined
      : await refreshTokenFor(ctx, accessToken, { ...source, scope, resource: resourceServer.identifier() })
  // What nothing can refresh ends with its only access token.
  if (!refreshToken && request.longestSeconds !== undefined)
    Object.assign(grant, { expiresIn: accessToken.expiration + GRANT_SPARE_SECONDS })
  const [, accessTokenValue, refreshTokenValue] = await Promise.all([
    grant.save(),
    accessToken.save(),
    refreshToken?.save(),
  ])
  const idToken = await issueIdToken(provider, ctx, { ...source, scope, scopes }, accessToken, grant)

  ctx.body = buildTokenResponse(provider, {
    accessToken: accessTokenValue,
    expiresIn: accessToken.expiration,
    idToken,
    refreshToken: refreshTokenValue,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

/** Epoch milliseconds; absent where the request does not say. */
function provedAt({ provedAtMs }: TokenRequest): { provedAtMs?: number } {
  return provedAtMs === undefined ? {} : { provedAtMs }
}

/** Tells the tokens how the person signed in; the same as it is stored with them. */
function authenticationFor(ctx: TokenEndpointGrantContext, { amr, authentication }: TokenRequest): object {
  if (authentication) {
    tellAuthentication(ctx, authentication)
    const { auth_time: authTime, acr } = authentication
    return { ...(acr !== undefined && { acr }), ...(authTime !== undefined && { authTime }) }
  }
  const [authTime, acr] = [Math.floor(Date.now() / 1000), acrOf(amr)]
  // Where another system vouches for the person, nothing is known of how and when they signed in.
  tellAuthentication(ctx, { ...(amr && { auth_time: authTime, amr }), ...(acr && { acr }) })
  return { ...(amr && { amr: [...amr] }), ...(acr && { acr }), authTime }
}

type ResourceServerInstance = NonNullable<AccessToken['resourceServer']>

/** A grant that is not stored yet, with its id, so that the tokens can name it and everything is stored in one batch. */
export function newGrant(
  ctx: TokenEndpointGrantContext,
  { account, provedAtMs = Date.now() }: { readonly account: CommerceAccount; readonly provedAtMs?: number },
  resourceServer: ResourceServerInstance,
  scopes: ReadonlySet<string>,
): Grant {
  const { provider } = ctx.oidc
  const { dialectSession } = requestState(ctx)
  const grant = withFacts(new provider.Grant({ accountId: account.accountId, clientId: clientIdOf(ctx) }), {
    // What signs the person out while the secret is being checked ends this grant too.
    createdAtMs: provedAtMs,
    ...(!isAgentAccount(account) && !isAnonymousAccount(account) && actingAs(account)),
    ...(dialectSession && { dialectSession }),
  })
  grant.jti = newIdOf(grant)
  if (scopes.size > 0) {
    grant.addOIDCScope([...scopes].join(' '))
    grant.addResourceScope(
      resourceServer.identifier(),
      [...scopes].filter((scope) => resourceServer.scopes.has(scope)).join(' '),
    )
  }
  return grant
}

function actingAs(account: CustomerAccount) {
  const [companyUserId, { actingAgentId }] = [choiceOf(account), account]
  return { ...(companyUserId && { companyUserId }), ...(actingAgentId && { actingAgentId }) }
}

async function refreshTokenFor(
  ctx: TokenEndpointGrantContext,
  accessToken: AccessToken,
  source: Record<string, unknown>,
): Promise<RefreshToken | undefined> {
  const { provider } = ctx.oidc
  if (!(await shouldIssueRefreshToken(provider, ctx, asSource(accessToken)))) return undefined
  const refreshToken = newRefreshToken(provider, { ...source, rotations: 0 })
  await applyRefreshTokenBindings(provider, ctx, accessToken, refreshToken)
  ctx.oidc.entity('RefreshToken', refreshToken)
  return refreshToken
}

import { errors, type Grant, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider'
import { issueIdToken } from 'oidc-provider/lib/helpers/grant_common.js'
import {
  applyAuthorizationDetails,
  buildTokenResponse,
  checkDpopRequired,
  checkMtlsCert,
  resolveAndApplyResource,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import { asSource, newAccessToken, newGrantWith } from '../library-values.ts'
import type { Verdict } from '../tokens/token-verdict.ts'
import { leftSeconds } from './refresh-step.ts'

type Working = Extract<Verdict, { works: true }>

/** Tells the library what the verdict found: whose token it is, and under which grant. */
export function enter(
  ctx: TokenEndpointGrantContext,
  current: RefreshToken,
  { token, account, records }: Working,
): Grant {
  if (!account || !records.grant) throw new Error('a refresh token has an account and a grant')
  const grant = newGrantWith(ctx.oidc.provider, { ...records.grant.artifact, jti: token.grantId })
  if (endOf(current) !== undefined) addOwnScopes(grant, current)
  ctx.oidc.entity('RefreshToken', current)
  ctx.oidc.entity('Grant', grant)
  ctx.oidc.entity('Account', account)
  return grant
}

/** What came of an access token may have scopes that follow from how it came to be, and that its grant does not list. */
function addOwnScopes(grant: Grant, { scope = '', resource }: RefreshToken): void {
  grant.addOIDCScope(scope)
  grant.addResourceScope(String(resource), scope)
}

/** Epoch seconds: when a refresh token that came of an access token ends, however often it is used. */
export function endOf(current: RefreshToken): number | undefined {
  return (current as { endsAt?: number }).endsAt // ours, beside the library's fields
}

/** Makes the access token and, where it is due, the ID token, and says both with the refresh token to use next. */
export async function answerRefresh(
  ctx: TokenEndpointGrantContext,
  grant: Grant,
  current: RefreshToken,
  refreshTokenValue: string,
): Promise<object> {
  const { provider, client } = ctx.oidc
  const requested = ctx.oidc.params?.scope ? ctx.oidc.requestParamScopes : current.scopes
  const missing = [...requested].filter((scope) => !current.scopes.has(scope))
  if (missing.length > 0) throw new errors.InvalidScope('refresh token missing requested scopes', missing.join(' '))

  const accessToken = newAccessToken(provider, {
    accountId: current.accountId,
    client,
    grantId: current.grantId,
    gty: current.gty?.endsWith('refresh_token') ? current.gty : `${current.gty} refresh_token`,
  })
  // The refresh token of a client that proves who it is may be bound to no key: the new token is bound to that of the request (RFC 9449 §5).
  const proof = await validateDpop(provider, ctx)
  if (proof) accessToken.setThumbprint('jkt', proof.thumbprint)
  const certificate = checkMtlsCert(provider, ctx)
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  checkDpopRequired(provider, ctx, proof)
  await resolveAndApplyResource(provider, ctx, asSource(current), accessToken, grant, requested)
  await applyAuthorizationDetails(provider, ctx, accessToken, asSource(current))
  Object.assign(accessToken, { expiresIn: Math.min(accessToken.expiration, leftSeconds(endOf(current))) })
  ctx.oidc.entity('AccessToken', accessToken)
  const value = await accessToken.save()
  const idToken = await issueIdToken(provider, ctx, asSource(current), accessToken, grant, requested)
  return buildTokenResponse(provider, {
    accessToken: value,
    authorizationDetails: accessToken.rar,
    expiresIn: accessToken.expiration,
    idToken,
    refreshToken: refreshTokenValue,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

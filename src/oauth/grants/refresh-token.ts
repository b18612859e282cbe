import { errors, type Grant, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider'
import { issueIdToken } from 'oidc-provider/lib/helpers/grant_common.js'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  resolveAndApplyResource,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import type { StoredArtifact } from '../../storage/storage.ts'
import type { FindLiveAccount } from '../accounts/account.ts'
import { familyPayload, familyRecord, isCurrentToken } from '../refresh/family.ts'
import { sealReceipt } from '../refresh/refresh-receipt.ts'
import { grantTtlSeconds, refreshRetrySeconds, refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'
import type { GrantType } from './grant-type.ts'
import { answerOldToken, loseRace, mismatch, type Presented, type ReuseDeps } from './refresh-reuse.ts'

export type RefreshGrantDeps = ReuseDeps & {
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly findLiveAccount: FindLiveAccount
}

/**
 * Refreshing, RFC 6749 §6, with rotation. One request wins the swap that rotates a family; a twin that loses, and an
 * honest retry within the client's window, get the winner's answer byte for byte. The same token after the window is
 * theft: the grant goes, and everything under it (RFC 9700 §4.14.2). A token shown by another client or with another
 * key is refused and leaves the family alone, so that knowing somebody's token is no way to sign them out.
 */
export function refreshTokenGrant(deps: RefreshGrantDeps): GrantType {
  return {
    name: 'refresh_token',
    parameters: ['refresh_token', 'scope', 'resource'],
    async handle(ctx) {
      const dPoP = await validateDpop(ctx.oidc.provider, ctx)
      const presented = await present(deps, ctx, dPoP?.thumbprint)
      if (!isCurrentToken(presented.stored, presented.value, deps.refreshTokens)) {
        ctx.body = await answerOldToken(deps, ctx, presented)
        return
      }
      await checkDpopReplay(ctx.oidc.provider, ctx, dPoP, presented.binding.clientId, errors.InvalidGrant)
      ctx.body = await rotate(deps, ctx, presented)
    },
  }
}

async function present(deps: RefreshGrantDeps, ctx: TokenEndpointGrantContext, jkt?: string): Promise<Presented> {
  const { refresh_token: value, scope, resource } = ctx.oidc.params as Record<string, unknown>
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'refresh_token'")
  const parts = deps.refreshTokens.parse(value)
  const stored = parts && (await deps.storage.get('RefreshToken', parts.family))
  if (!parts || !stored) throw new errors.InvalidGrant('refresh token not found')

  const clientId = ctx.oidc.client?.clientId as string
  const { artifact } = stored
  if (artifact.clientId !== clientId) throw mismatch(deps, ctx, artifact, 'another client')
  if (artifact.jkt !== undefined && artifact.jkt !== jkt) throw mismatch(deps, ctx, artifact, 'another DPoP key')
  checkCertificate(deps, ctx, artifact)
  const binding = {
    clientId,
    ...(typeof scope === 'string' && { scope }),
    ...(typeof resource === 'string' && { resource }),
    ...(jkt !== undefined && { jkt }),
  }
  return { value, parts, stored, binding }
}

function checkCertificate(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  artifact: StoredArtifact['artifact'],
): void {
  const bound = artifact['x5t#S256']
  if (bound === undefined) return
  const token = new ctx.oidc.provider.AccessToken({} as never)
  const certificate = checkMtlsCert(ctx.oidc.provider, ctx)
  if (certificate) token.setThumbprint('x5t', certificate)
  if ((token as unknown as Record<string, unknown>)['x5t#S256'] !== bound)
    throw mismatch(deps, ctx, artifact, 'another certificate')
}

async function rotate(deps: RefreshGrantDeps, ctx: TokenEndpointGrantContext, presented: Presented): Promise<object> {
  const { provider } = ctx.oidc
  const client = await deps.findClient(presented.binding.clientId)
  if (!client) throw new errors.InvalidGrant('client not found')
  const current = new provider.RefreshToken(familyPayload(presented.stored, presented.value) as never)
  if (current.isExpired) throw new errors.InvalidGrant('refresh token is expired')
  const grant = await enter(deps, ctx, current, presented.stored.artifact.companyUserId)

  const { companyUserId } = presented.stored.artifact
  const next = successor(ctx, deps, { current, value: presented.value, companyUserId })
  const body = await answer(ctx, grant, current, next.value)
  const ttlSeconds = refreshTokenTtlSeconds(client, nowSeconds() - Number(current.iiat))
  const retrySeconds = refreshRetrySeconds(client)
  const [isWinner] = await Promise.all([
    deps.storage.swap('RefreshToken', presented.parts.family, presented.stored.version, {
      artifact: familyRecord(
        { ...next.payload, exp: nowSeconds() + ttlSeconds },
        deps.refreshTokens.digest(next.value),
        nowSeconds(),
      ),
      ttlSeconds,
      ...(retrySeconds > 0 && {
        receipt: {
          body: sealReceipt(presented.value, presented.binding, JSON.stringify(body)),
          ttlSeconds: retrySeconds,
        },
      }),
    }),
    deps.storage.extend(
      'Grant',
      String(current.grantId),
      grantTtlSeconds(ttlSeconds, ctx.oidc.entities.AccessToken?.expiration ?? 0),
    ),
  ])
  if (!isWinner) return loseRace(deps, ctx, presented)
  deps.count('rotated')
  return body
}

/** Looks at the grant and the account again: a blocked customer or a withdrawn company user refreshes no more. */
async function enter(
  { findGrant, findLiveAccount }: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  current: RefreshToken,
  companyUserId: unknown,
): Promise<Grant> {
  const { accountId, clientId, grantId } = current as unknown as Record<string, string>
  const owner = { accountId, clientId, ...(typeof companyUserId === 'string' && { companyUserId }) }
  const found = await findGrant(grantId as string, owner)
  if (!found) throw new errors.InvalidGrant('grant not found, revoked or signed out')
  const account = await findLiveAccount(accountId as string, {
    companyUserId: found.companyUserId as string | undefined,
    actingAgentId: found.actingAgentId as string | undefined,
    grantedAtMs: Number(found.createdAtMs),
  })
  if (!account) throw new errors.InvalidGrant('the account is gone, blocked or no longer acts for its company')

  const grant = new ctx.oidc.provider.Grant(found as never)
  ctx.oidc.entity('RefreshToken', current)
  ctx.oidc.entity('Grant', grant)
  ctx.oidc.entity('Account', account)
  return grant
}

function successor(
  ctx: TokenEndpointGrantContext,
  { refreshTokens }: RefreshGrantDeps,
  { current, value, companyUserId }: { current: RefreshToken; value: string; companyUserId: unknown },
): { value: string; payload: Record<string, unknown> } {
  const { RefreshToken: Model } = ctx.oidc.provider
  const fields = (Model as unknown as { IN_PAYLOAD: string[] }).IN_PAYLOAD
  const from = current as unknown as Record<string, unknown>
  const kept = Object.fromEntries(
    fields.filter((field) => from[field] !== undefined).map((field) => [field, from[field]]),
  )
  delete kept.consumed
  return {
    value: refreshTokens.next(value),
    // The company user is ours, beside the library's fields: it must go on with the family.
    payload: {
      ...kept,
      ...(companyUserId !== undefined && { companyUserId }),
      iat: nowSeconds(),
      rotations: Number(current.rotations ?? 0) + 1,
    },
  }
}

async function answer(
  ctx: TokenEndpointGrantContext,
  grant: Grant,
  current: RefreshToken,
  refreshTokenValue: string,
): Promise<object> {
  const { provider, client } = ctx.oidc
  const requested = ctx.oidc.params?.scope ? ctx.oidc.requestParamScopes : current.scopes
  const missing = [...requested].filter((scope) => !current.scopes.has(scope))
  if (missing.length > 0) throw new errors.InvalidScope('refresh token missing requested scopes', missing.join(' '))

  const accessToken = new provider.AccessToken({
    accountId: current.accountId,
    client,
    grantId: current.grantId,
    gty: current.gty?.endsWith('refresh_token') ? current.gty : `${current.gty} refresh_token`,
  } as never)
  if (current.jkt) accessToken.setThumbprint('jkt', current.jkt)
  const certificate = checkMtlsCert(provider, ctx)
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  checkDpopRequired(provider, ctx, current.jkt ? ({ thumbprint: current.jkt } as never) : undefined)
  await resolveAndApplyResource(provider, ctx, current as never, accessToken, grant, requested)
  ctx.oidc.entity('AccessToken', accessToken)
  const value = await accessToken.save()
  const idToken = await issueIdToken(provider, ctx, current as never, accessToken, grant, requested)
  return buildTokenResponse(provider, {
    accessToken: value,
    expiresIn: accessToken.expiration,
    idToken,
    refreshToken: refreshTokenValue,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

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
import { familyPayload, familyRecord } from '../refresh/family.ts'
import { sealReceipt } from '../refresh/refresh-receipt.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import { grantTtlSeconds, refreshRetrySeconds, refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'
import type { JudgeToken, Verdict } from '../tokens/token-verdict.ts'
import type { GrantType } from './grant-type.ts'
import { answerOldToken, loseRace, mismatch, type Presented, type ReuseDeps } from './refresh-reuse.ts'

export type RefreshGrantDeps = ReuseDeps & {
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly judgeToken: JudgeToken
}

/**
 * Refreshing, RFC 6749 §6, with rotation. One request wins the swap that rotates a family; a twin that loses, and an
 * honest retry within the client's window, get the winner's answer byte for byte. The same token after the window is
 * theft: the grant goes, and everything under it (RFC 9700 §4.14.2). A token shown by another client or with another
 * key is refused and leaves the family alone, so that a stolen token cannot be used to sign its owner out.
 */
export function refreshTokenGrant(deps: RefreshGrantDeps): GrantType {
  return {
    name: 'refresh_token',
    parameters: ['refresh_token', 'scope', 'resource'],
    async handle(ctx) {
      const dPoP = await validateDpop(ctx.oidc.provider, ctx)
      const { presented, verdict } = await readPresentedToken(deps, ctx, dPoP?.thumbprint)
      if (!verdict.works) {
        if (verdict.reason !== 'rotated')
          throw new errors.InvalidGrant(`the refresh token does not work: ${verdict.reason}`)
        ctx.body = await answerOldToken(deps, ctx, presented)
        return
      }
      await checkDpopReplay(ctx.oidc.provider, ctx, dPoP, presented.binding.clientId, errors.InvalidGrant)
      ctx.body = await rotate(deps, ctx, presented, verdict)
    },
  }
}

type Working = Extract<Verdict, { works: true }>
type Shown = { readonly presented: Presented; readonly verdict: Verdict }

async function readPresentedToken(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  jkt?: string,
): Promise<Shown> {
  const { refresh_token: value, scope, resource } = ctx.oidc.params as Record<string, unknown>
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'refresh_token'")
  const binding = {
    clientId: ctx.oidc.client?.clientId as string,
    ...(typeof scope === 'string' && { scope }),
    ...(typeof resource === 'string' && { resource }),
    ...(jkt !== undefined && { jkt }),
  }
  const verdict = await deps.judgeToken(value, {
    asker: 'refresh',
    objection: (token) => (token.kind === 'refresh-token' ? strangerTo(token, ctx, jkt)?.refusal : 'wrong-kind'),
  })
  const parts = deps.refreshTokens.parse(value)
  const stored = verdict.records?.family
  if (!parts || !stored || !verdict.token) throw new errors.InvalidGrant('refresh token not found')
  // Also of a token that does not work any more: only its own client hears that it was used before.
  const stranger = strangerTo(verdict.token, ctx, jkt)
  if (stranger) throw mismatch(deps, ctx, stored.artifact, stranger.by)
  return { presented: { value, parts, stored, binding }, verdict }
}

/** What tells the client that shows the token from the one it was given to. */
function strangerTo(token: FoundToken, ctx: TokenEndpointGrantContext, jkt: string | undefined) {
  if (token.clientId !== ctx.oidc.client?.clientId)
    return { by: 'another client', refusal: 'caller-not-entitled' } as const
  if (token.jkt !== undefined && token.jkt !== jkt)
    return { by: 'another DPoP key', refusal: 'key-not-proved' } as const
  const bound = token.certificateThumbprint
  if (bound !== undefined && bound !== certificateThumbprint(ctx))
    return { by: 'another certificate', refusal: 'key-not-proved' } as const
  return undefined
}

/** The thumbprint of the certificate the request came with, as the library writes it. */
function certificateThumbprint(ctx: TokenEndpointGrantContext): unknown {
  const token = new ctx.oidc.provider.AccessToken({} as never)
  const certificate = checkMtlsCert(ctx.oidc.provider, ctx)
  if (certificate) token.setThumbprint('x5t', certificate)
  return (token as unknown as Record<string, unknown>)['x5t#S256']
}

async function rotate(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  presented: Presented,
  verdict: Working,
): Promise<object> {
  const { provider } = ctx.oidc
  const client = await deps.findClient(presented.binding.clientId)
  if (!client) throw new errors.InvalidGrant('client not found')
  const current = new provider.RefreshToken(familyPayload(presented.stored, presented.value) as never)
  const grant = enter(ctx, current, verdict)

  const { companyUserId } = presented.stored.artifact
  const next = successor(ctx, deps, { current, value: presented.value, companyUserId })
  const body = await answer(ctx, grant, current, next.value)
  const ttlSeconds = Math.min(refreshTokenTtlSeconds(client, nowSeconds() - Number(current.iiat)), leftSeconds(current))
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

/** Tells the library what the verdict found: whose token it is, and under which grant. */
function enter(ctx: TokenEndpointGrantContext, current: RefreshToken, { token, account, records }: Working): Grant {
  if (!account || !records.grant) throw new Error('a refresh token has an account and a grant')
  const grant = new ctx.oidc.provider.Grant({ ...records.grant.artifact, jti: token.grantId } as never)
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
function endOf(current: RefreshToken): number | undefined {
  return (current as { endsAt?: number }).endsAt
}

function leftSeconds(current: RefreshToken): number {
  return Math.max(1, (endOf(current) ?? Number.POSITIVE_INFINITY) - nowSeconds())
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
  Object.assign(accessToken, { expiresIn: Math.min(accessToken.expiration, leftSeconds(current)) })
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

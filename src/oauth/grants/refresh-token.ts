import { errors, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider'
import { checkDpopReplay, checkMtlsCert, validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { requestState } from '../../http/request-state.ts'
import { clientIdOf, newAccessToken, newRefreshToken, parametersOf, storedFields } from '../library-values.ts'
import { familyPayload, familyRecord, isCurrentToken } from '../refresh/family.ts'
import { nextStep, type Step } from '../refresh/next-step.ts'
import { type RefreshPolicy, refreshPolicyOf } from '../refresh/refresh-policy.ts'
import { sealReceipt } from '../refresh/refresh-receipt.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import { grantTtlSeconds, refreshRetrySeconds, refreshTokenTtlSeconds } from '../tokens/lifetimes.ts'
import type { JudgeToken, Verdict } from '../tokens/token-verdict.ts'
import type { GrantType } from './grant-type.ts'
import { answerRefresh, enter, leftSeconds } from './refresh-answer.ts'
import { answerOldToken, loseRace, mismatch, type Presented, type ReuseDeps } from './refresh-reuse.ts'
import { temporarilyUnavailable } from './unavailable.ts'

/** Twins come in twos; more tries than this, and something else is wrong. */
const MOST_TWINS = 10

export type RefreshGrantDeps = ReuseDeps & {
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly judgeToken: JudgeToken
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/**
 * Refreshing, RFC 6749 §6, with rotation unless the client's `refresh_policy` says otherwise. One request wins the swap that rotates a family; a twin that loses, and an
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
      ctx.body = await refresh(deps, ctx, presented, verdict)
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
  const { refresh_token: value, scope, resource } = parametersOf(ctx)
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'refresh_token'")
  const binding = {
    clientId: clientIdOf(ctx),
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
  const token = newAccessToken(ctx.oidc.provider, {})
  const certificate = checkMtlsCert(ctx.oidc.provider, ctx)
  if (certificate) token.setThumbprint('x5t', certificate)
  return token['x5t#S256']
}

async function refresh(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  presented: Presented,
  verdict: Working,
): Promise<object> {
  const client = await deps.findClient(presented.binding.clientId)
  if (!client) throw new errors.InvalidGrant('client not found')
  const current = newRefreshToken(ctx.oidc.provider, familyPayload(presented.stored, presented.value))
  const grant = enter(ctx, current, verdict)
  const server = await deps.resourceServers.find(String(current.resource))
  const policy = refreshPolicyOf(client, server)

  const step = nextStep(policy, presented, deps.refreshTokens)
  const body = await answerRefresh(ctx, grant, current, step.answered)
  const ttlSeconds = Math.min(refreshTokenTtlSeconds(client, nowSeconds() - Number(current.iiat)), leftSeconds(current))
  const next: Next = {
    payload: successor(ctx, current, presented.stored.artifact.companyUserId),
    ttlSeconds,
    ...(policy === 'rotate' && { receiptBody: body, retrySeconds: refreshRetrySeconds(client) }),
  }
  const endedPlace = endedPlaceOf(policy, presented.parts.place)
  requestState(ctx).refreshed = {
    expiresAt: nowSeconds() + ttlSeconds,
    ...(endedPlace !== undefined && { replacedPlace: endedPlace }),
  }
  const [isWinner] = await Promise.all([
    store(deps, presented, step, next),
    deps.storage.extend(
      'Grant',
      String(current.grantId),
      grantTtlSeconds(ttlSeconds, ctx.oidc.entities.AccessToken?.expiration ?? 0),
    ),
  ])
  if (isWinner) {
    deps.count(policy === 'keep' ? 'kept' : 'rotated')
    return body
  }
  if (policy === 'rotate') return loseRace(deps, ctx, presented)
  return { ...body, refresh_token: await followTwin(deps, ctx, presented, { policy, next }) }
}

/** The last place of a family that has ended once the token at `place` was used; undefined where none has. */
function endedPlaceOf(policy: RefreshPolicy, place: number): number | undefined {
  if (policy === 'rotate') return place
  return policy === 'lazy' && place > 0 ? place - 1 : undefined
}

type Next = {
  readonly payload: Record<string, unknown>
  readonly ttlSeconds: number
  /** What a retry within `retrySeconds` is answered with. */
  readonly receiptBody?: object
  readonly retrySeconds?: number
}

function store(
  { storage }: RefreshGrantDeps,
  { value, parts, stored, binding }: Presented,
  { record, digest }: Step,
  { payload, ttlSeconds, receiptBody, retrySeconds = 0 }: Next,
): Promise<boolean> {
  const kept = { ...payload, exp: nowSeconds() + ttlSeconds, ...record }
  return storage.swap('RefreshToken', parts.family, stored.version, {
    artifact: familyRecord(kept, digest, nowSeconds()),
    ttlSeconds,
    ...(receiptBody &&
      retrySeconds > 0 && {
        receipt: { body: sealReceipt(value, binding, JSON.stringify(receiptBody)), ttlSeconds: retrySeconds },
      }),
  })
}

/** Where an old token goes on working, a twin that came first is no harm: both are told the same refresh token. */
async function followTwin(
  deps: RefreshGrantDeps,
  ctx: TokenEndpointGrantContext,
  presented: Presented,
  { policy, next }: { readonly policy: RefreshPolicy; readonly next: Next },
): Promise<string> {
  for (let tries = 0; tries < MOST_TWINS; tries++) {
    const stored = await deps.storage.get('RefreshToken', presented.parts.family)
    if (!stored) throw new errors.InvalidGrant('refresh token was revoked')
    const now = { ...presented, stored }
    // It was good when this request came: the client goes on already, and nobody stole anything.
    if (!isCurrentToken(stored, presented.value, deps.refreshTokens)) {
      throw new errors.InvalidGrant('refresh token was replaced meanwhile')
    }
    const step = nextStep(policy, now, deps.refreshTokens)
    if (step.isKnown || (await store(deps, now, step, next))) {
      deps.count('race')
      return step.answered
    }
  }
  throw temporarilyUnavailable(ctx, 1)
}

/** The refresh token's own fields, carried on. */
function successor(
  ctx: TokenEndpointGrantContext,
  current: RefreshToken,
  companyUserId: unknown,
): Record<string, unknown> {
  const fields = storedFields(ctx.oidc.provider.RefreshToken)
  const from: Readonly<Record<string, unknown>> = { ...current }
  const kept = Object.fromEntries(
    fields.filter((field) => from[field] !== undefined).map((field) => [field, from[field]]),
  )
  delete kept.consumed
  return {
    ...kept,
    // The company user is ours, beside the library's fields: it must go on with the family.
    ...(companyUserId !== undefined && { companyUserId }),
    iat: nowSeconds(),
    rotations: Number(current.rotations ?? 0) + 1,
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

import type { Context, Next } from 'koa'
import { ShopServiceError } from '../customers/sources/shop-failure.ts'
import { BodyError, readText } from '../http/read-body.ts'
import { factsOf } from '../http/request-facts.ts'
import { requestState } from '../http/request-state.ts'
import { announceSunset, isOver } from '../http/sunset.ts'
import { Unavailable } from '../http/unavailable.ts'
import { shareAnswer } from './cors.ts'
import {
  type AnswerContext,
  type Dialect,
  type DialectAnswer,
  type DialectRequest,
  type DialectRoute,
  isAnswer,
  type TokenRoute,
} from './dialect.ts'
import type { DialectRouterDeps, MountedDialect } from './mounted-dialect.ts'
import { type Outage, retryAfter } from './outage.ts'
import { createRequestServices, GrantEnded } from './request-services.ts'
import type { DialectServices } from './services.ts'
import type { RunTokenPipeline } from './token-pipeline.ts'
import { giveBody } from './token-request.ts'

/** An operator has to make the client first. */
const MISSING_CLIENT_RETRY_SECONDS = 60

type AnswerRequestDeps = DialectRouterDeps & { readonly run: RunTokenPipeline }

/** Takes one request through an endpoint: reads it, refuses it after the sunset, answers it, and counts the use. */
export function createAnswerRequest(deps: AnswerRequestDeps, mounted: MountedDialect) {
  const { dialect, sunset, basePath, clientId: ownClientId } = mounted

  return async function answerRequest(ctx: Context, route: DialectRoute, next: Next): Promise<void> {
    const state = requestState(ctx)
    state.route = 'dialect'
    const context = contextOf(ctx, mounted, deps.issuer)
    const origin = ctx.get('Origin')
    const body = await readOnce(ctx)
    const request = typeof body === 'string' ? requestOf(ctx, body, context) : undefined
    if (request && 'isMine' in route && route.isMine && !route.isMine(request)) {
      giveBody(ctx, Buffer.from(request.body))
      state.passedOnPath = ctx.path.slice(basePath.length)
      delete state.route
      return next()
    }
    const hasEnded = sunset !== undefined && isOver(sunset)
    if ('passesTo' in route && !hasEnded) {
      if (sunset) announceSunset(ctx, sunset)
      Object.assign(factsOf(ctx), { dialect: dialect.name, endpoint: `${basePath}${route.path}` })
      state.passedOnPath = route.passesTo
      return next()
    }
    const services = createRequestServices(deps, ctx, mounted)
    const answer = await settle(deps, { dialect, context, requestId: state.requestId }, async () => {
      if (hasEnded || 'passesTo' in route) return dialect.onGone(context)
      // No request: the body could not be read.
      if (!request) return dialect.onBadBody((body as BodyError).status, context)
      if (!(await deps.isClient(ownClientId))) {
        deps.onMissingClient(dialect.name, ownClientId, state.requestId)
        return later(dialect, { status: 503, retryAfterSeconds: MISSING_CLIENT_RETRY_SECONDS }, context)
      }
      return 'act' in route ? route.act(request, services) : ask(route, request, services)
    })
    if (sunset) announceSunset(ctx, sunset)
    ctx.vary('Origin')
    const { clientId = ownClientId } = services.seen()
    if (origin && (await deps.allowsOrigin(clientId, origin))) shareAnswer(ctx, origin)
    reply(ctx, answer)
    const endpoint = `${basePath}${route.path}`
    Object.assign(factsOf(ctx), { dialect: dialect.name, endpoint, ...services.seen() })
    deps.onUse({ dialect: dialect.name, endpoint, status: answer.status, ...services.seen() })
  }
}

/** Rewrite, ask, translate. */
async function ask(route: TokenRoute, request: DialectRequest, services: DialectServices): Promise<DialectAnswer> {
  const translated = await route.toOAuth(request, services)
  if (isAnswer(translated)) return translated
  const issued = await services.issue(translated, { needsRefreshToken: route.needsRefreshToken })
  if (issued.outcome === 'refused') return route.fromError(issued.failure, request.context)
  route.afterSuccess?.(issued.tokens, request, services)
  return route.fromSuccess(issued.tokens, request.context)
}

/** An endpoint never answers in words that are not the dialect's. */
async function settle(
  { onError }: AnswerRequestDeps,
  { dialect, context, requestId }: { dialect: Dialect; context: AnswerContext; requestId: string },
  answer: () => DialectAnswer | Promise<DialectAnswer>,
): Promise<DialectAnswer> {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof GrantEnded) return dialect.onGone(context)
    onError(error, requestId)
    if (!(error instanceof Unavailable)) return dialect.onFailure({ status: 500 }, context)
    const why = error instanceof ShopServiceError && ({ isCustomerServiceAway: true } as const)
    return later(dialect, { status: 503, retryAfterSeconds: error.retryAfterSeconds, ...why }, context)
  }
}

/** Every dialect's answer to an outage that passes says when to come again. */
function later(dialect: Dialect, outage: Outage & { readonly status: 503 }, context: AnswerContext): DialectAnswer {
  const answer = dialect.onFailure(outage, context)
  return { ...answer, headers: { ...answer.headers, ...retryAfter(outage) } }
}

/** The body, or why there is none to read; of two endpoints on one path, the second gets what the first read. */
async function readOnce(ctx: Context): Promise<string | BodyError> {
  const state = requestState(ctx)
  state.dialectBody ??= readText(ctx).catch((error: unknown) => {
    if (error instanceof BodyError) return error
    throw error
  })
  return state.dialectBody
}

/** What answers may depend on, of the request under way. */
export function contextOf(ctx: Context, { basePath, origin, clientId }: MountedDialect, issuer: string): AnswerContext {
  return {
    issuer,
    baseUrl: `${origin ?? issuer}${basePath}`,
    path: ctx.path.slice(basePath.length) || '/',
    search: ctx.search,
    acceptLanguage: ctx.get('Accept-Language'),
    accept: ctx.get('Accept'),
    clientId,
  }
}

function requestOf(ctx: Context, body: string, context: AnswerContext): DialectRequest {
  return {
    method: ctx.method,
    path: context.path,
    query: new URLSearchParams(ctx.querystring),
    params: { ...(ctx.params as Record<string, string>) }, // the router decodes them
    headers: { ...ctx.req.headers },
    contentType: ctx.get('Content-Type').split(';')[0]?.trim().toLowerCase() ?? '',
    body,
    context,
  }
}

/** Writes a dialect's answer. Its headers are the dialect's own: nothing the pipeline said about content stays. */
export function reply(ctx: Context, { status, message, headers, body }: DialectAnswer): void {
  ctx.status = status
  if (message) ctx.message = message
  ctx.body = status === 204 ? null : body
  ctx.remove('Content-Type')
  ctx.set(headers)
}

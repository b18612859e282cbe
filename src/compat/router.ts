import { Router } from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import compose from 'koa-compose'
import type { Authentication } from '../customers/authenticate.ts'
import { readText } from '../http/read-body.ts'
import { companyUserOf } from '../oauth/grant-facts.ts'
import {
  type AnswerContext,
  type Dialect,
  type DialectAnswer,
  type IssuedTokens,
  isAnswer,
  type OAuthFailure,
  type TokenRoute,
} from './dialect.ts'
import { becomeTokenRequest } from './token-request.ts'

/** Routes every dialect's doors to the one token pipeline, which must come next. */
export function createDialectRouter({
  dialects,
  issuer,
}: {
  dialects: readonly Dialect[]
  issuer: string
}): Middleware {
  const doors = new Router()
  // A router of its own: a door's request goes on under another path, and must not fall into what answers the rest.
  const rest = new Router()
  for (const route of dialects.flatMap((dialect) => dialect.routes)) {
    if ('toOAuth' in route) {
      doors.post(route.path, (ctx, next) => answerByPipeline(ctx as unknown as Context, next, route, issuer))
      continue
    }
    const answer = (ctx: unknown) => reply(ctx as Context, route.answer(contextOf(ctx as Context, issuer)))
    if (route.method === 'ALL') rest.all(route.path, answer)
    else doors.get(route.path, answer)
  }
  return compose([doors.routes(), rest.routes()] as unknown as Middleware[]) // the router's own context type is not Koa's
}

async function answerByPipeline(ctx: Context, next: Next, route: TokenRoute, issuer: string): Promise<void> {
  const context = contextOf(ctx, issuer)
  const { headers } = ctx.req
  const translated = route.toOAuth({
    body: await readText(ctx),
    headers: { ...headers },
    params: (ctx.params ?? {}) as Record<string, string>,
    context,
  })
  if (isAnswer(translated)) return reply(ctx, translated)

  becomeTokenRequest(ctx, translated)
  await next()
  const body = ctx.body as Record<string, unknown>
  reply(
    ctx,
    ctx.status === 200 ? route.fromSuccess(issued(ctx, body), context) : route.fromError(failure(ctx, body), context),
  )
}

function contextOf(ctx: Context, issuer: string): AnswerContext {
  return { issuer, path: ctx.path, acceptLanguage: ctx.get('Accept-Language') }
}

function issued(ctx: Context, body: Record<string, unknown>): IssuedTokens {
  const companyUserId = companyUserOf(ctx)
  return {
    accessToken: String(body.access_token),
    ...(typeof body.refresh_token === 'string' && { refreshToken: body.refresh_token }),
    expiresIn: Number(body.expires_in),
    ...(companyUserId !== undefined && { companyUserId }),
  }
}

function failure(ctx: Context, body: Record<string, unknown> | undefined): OAuthFailure {
  const authentication = ctx.state.authentication as Authentication | undefined
  const retryAfter = ctx.response.get('Retry-After')
  return {
    error: typeof body?.error === 'string' ? body.error : 'server_error',
    ...(typeof body?.error_description === 'string' && { description: body.error_description }),
    status: typeof body?.error === 'string' ? ctx.status : 500,
    ...(authentication && { authentication }),
    ...(retryAfter && { retryAfterSeconds: Number(retryAfter) }),
  }
}

function reply(ctx: Context, { status, message, headers, body }: DialectAnswer): void {
  ctx.remove('WWW-Authenticate')
  ctx.remove('Content-Type')
  ctx.status = status
  if (message) ctx.message = message
  ctx.set(headers)
  ctx.body = body
}

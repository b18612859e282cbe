import type { Middleware } from 'koa'
import { BodyError } from './read-body.ts'
import { requestState } from './request-state.ts'
import { askedPath } from './routing/issuer-path.ts'
import { Unavailable } from './unavailable.ts'

const RETRY_AFTER_SECONDS = 1

/**
 * The last catch: an unexpected error is logged with the request id and answered without detail. Every 503 says
 * when to come again.
 */
export function catchErrors(onError: (error: unknown, requestId: string) => void): Middleware {
  return async function catchAll(ctx, next) {
    try {
      await next()
      if (ctx.status === 503 && !ctx.response.get('Retry-After')) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
      if (ctx.status === 404 && ctx.body === undefined) {
        ctx.status = 404
        ctx.body = { error: 'not_found', error_description: `there is nothing at ${ctx.method} ${askedPath(ctx)}` }
      }
    } catch (error) {
      const requestId = requestState(ctx).requestId
      if (error instanceof BodyError) {
        ctx.status = error.status
        ctx.body = { error: 'invalid_request', error_description: error.message }
        return
      }
      onError(error, requestId)
      if (error instanceof Unavailable) {
        ctx.set('Retry-After', String(error.retryAfterSeconds))
        ctx.status = error.status
        ctx.body = { error: error.error, error_description: error.error_description }
        return
      }
      ctx.status = 500
      ctx.body = {
        error: 'server_error',
        error_description: `something went wrong on our side; request id ${requestId}`,
      }
    }
  }
}

import type { Middleware } from 'koa'
import { BodyError } from './read-body.ts'

/** The last catch: whatever nobody expected is logged with the request id and answered without detail. */
export function catchErrors(onError: (error: unknown, requestId: string) => void): Middleware {
  return async function catchAll(ctx, next) {
    try {
      await next()
      if (ctx.status === 404 && ctx.body === undefined) {
        ctx.status = 404
        ctx.body = { error: 'not_found', error_description: `there is nothing at ${ctx.method} ${ctx.path}` }
      }
    } catch (error) {
      const requestId = ctx.state.requestId as string
      if (error instanceof BodyError) {
        ctx.status = error.status
        ctx.body = { error: 'invalid_request', error_description: error.message }
        return
      }
      onError(error, requestId)
      ctx.status = 500
      ctx.body = {
        error: 'server_error',
        error_description: `something went wrong on our side; request id ${requestId}`,
      }
    }
  }
}

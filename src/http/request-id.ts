import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'

/** Gives every request an id of ours: in `ctx.state.requestId`, the answer's `X-Request-Id`, and every log line. */
export function requestId(): Middleware {
  return async function assignRequestId(ctx, next) {
    ctx.state.requestId = randomUUID()
    ctx.set('X-Request-Id', ctx.state.requestId as string)
    await next()
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'

/** What is known of the request that some code runs for, however deep it is below the listener. */
export type RequestFacts = { readonly requestId: string; readonly ip: string }

const current = new AsyncLocalStorage<() => RequestFacts>()

/** The request under way; undefined for what the server does by itself. */
export function currentRequest(): RequestFacts | undefined {
  return current.getStore()?.()
}

/** Gives every request an id of ours: in `ctx.state.requestId`, the answer's `X-Request-Id`, and every log line. */
export function requestId(): Middleware {
  return async function assignRequestId(ctx, next) {
    const id = randomUUID()
    ctx.state.requestId = id
    ctx.set('X-Request-Id', id)
    // Asked for late: the host guard has yet to say whose address it is.
    await current.run(() => ({ requestId: id, ip: ctx.ip }), next)
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Networks } from './address.ts'
import { peerOf } from './host-guard.ts'
import { requestState } from './request-state.ts'

/** What is known of the request that some code runs for, however deep it is below the listener. */
export type CurrentRequest = { readonly requestId: string; readonly ip: string }

const current = new AsyncLocalStorage<() => CurrentRequest>()

/** The request under way; undefined for what the server does by itself. */
export function currentRequest(): CurrentRequest | undefined {
  return current.getStore()?.()
}

/** What proxies make: long enough to be one of a kind, short and plain enough for a log line. */
const PLAIN = /^[\w.-]{16,128}$/

/**
 * Gives every request an id: in the request state, the answer's `X-Request-Id`, and every log line. A trusted proxy
 * may have given it one already; an id from elsewhere could be made to look like that of another request.
 */
export function requestId({ trustedProxies }: { readonly trustedProxies: Networks }): Middleware {
  return async function assignRequestId(ctx, next) {
    const given = trustedProxies.has(peerOf(ctx.req)) ? ctx.get('X-Request-Id') : ''
    const id = PLAIN.test(given) ? given : randomUUID()
    requestState(ctx).requestId = id
    ctx.set('X-Request-Id', id)
    // Asked for late: the host guard has yet to say whose address it is.
    await current.run(() => ({ requestId: id, ip: ctx.ip }), next)
  }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import type { Networks } from './address.ts'
import { peerOf } from './host-guard.ts'
import { factsOf } from './request-facts.ts'
import { requestState } from './request-state.ts'

/** What is known of the request that some code runs for, however deep it is below the listener. */
export type CurrentRequest = {
  readonly requestId: string
  readonly ip: string
  /** The keyed digest of the sign-in that the request is a part of. */
  readonly signIn?: string
}

const current = new AsyncLocalStorage<{ readonly ctx: Context; isUnderWay: boolean }>()

/** The request under way, or the one that began what still goes on; undefined for what the server does by itself. */
export function currentRequest(): CurrentRequest | undefined {
  const { ctx } = current.getStore() ?? {}
  if (!ctx) return undefined
  const { signIn } = factsOf(ctx)
  // The host guard has yet to say whose address it is when the request begins.
  return { requestId: requestState(ctx).requestId, ip: ctx.ip, ...(signIn !== undefined && { signIn }) }
}

/**
 * By what a line of the log is found that was written within a request. Nothing once it was answered: a connection that it
 * opened lives on, and what happens to that later is not of this request.
 */
export function requestInLog(): Partial<Pick<CurrentRequest, 'requestId' | 'signIn'>> {
  if (!current.getStore()?.isUnderWay) return {}
  const { ip: _ip, ...named } = currentRequest() ?? {}
  return named
}

/** The sign-in that the request under way is a part of, as far as it is known yet. */
export function signInUnderWay(): string | undefined {
  return currentRequest()?.signIn
}

/** Notes that the request under way is a part of a sign-in, by its keyed digest: for logs, audit entries and traces. */
export function noteSignIn(signIn: string): void {
  const { ctx } = current.getStore() ?? {}
  if (ctx) factsOf(ctx).signIn = signIn
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
    const request = { ctx, isUnderWay: true }
    try {
      await current.run(request, next)
    } finally {
      request.isUnderWay = false
    }
  }
}

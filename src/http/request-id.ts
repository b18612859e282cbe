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

/** A request under way, as far as its state and its sender matter: Koa's context, or what answers without Koa. */
type UnderWay = Pick<Context, 'state' | 'ip' | 'headers'>

const current = new AsyncLocalStorage<{ readonly ctx: UnderWay; isUnderWay: boolean }>()

/** The request under way, or the one that began what still goes on; undefined for what the server does by itself. */
export function currentRequest(): CurrentRequest | undefined {
  const { ctx } = current.getStore() ?? {}
  if (!ctx) return undefined
  const { signIn } = factsOf(ctx)
  // The host guard has yet to say whose address it is when the request begins.
  return { requestId: requestState(ctx).requestId, ip: ctx.ip, ...(signIn !== undefined && { signIn }) }
}

/** Where the request under way comes from, and what browser sent it; undefined for what the server does by itself. */
export function currentBrowser(): { readonly ip: string; readonly userAgent: string } | undefined {
  const { ctx } = current.getStore() ?? {}
  return ctx && { ip: ctx.ip, userAgent: ctx.headers['user-agent'] ?? '' }
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

/** The browser session that a sign-out in the request under way leaves alone, by the name that is in no cookie. */
export function sessionKeptUnderWay(): string | undefined {
  const { ctx } = current.getStore() ?? {}
  return ctx && requestState(ctx).keptSessionUid
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
    const id = newRequestId(trustedProxies.has(peerOf(ctx.req)) ? ctx.get('X-Request-Id') : '')
    requestState(ctx).requestId = id
    ctx.set('X-Request-Id', id)
    await runAsRequest(ctx, next)
  }
}

/** The id that a trusted proxy gave, if it looks like one; otherwise a new one. */
export function newRequestId(given: string): string {
  return PLAIN.test(given) ? given : orderedId()
}

/** Runs what answers a request so that code below knows of it. */
export async function runAsRequest<T>(ctx: UnderWay, run: () => Promise<T>): Promise<T> {
  const request = { ctx, isUnderWay: true }
  try {
    return await current.run(request, run)
  } finally {
    request.isUnderWay = false
  }
}

/**
 * A UUID that begins with its millisecond (RFC 9562 §5.7). The audit trail is indexed by it: ids in the order of time are written side by
 * side, and random ones all over an index that is larger than the memory.
 */
function orderedId(): string {
  const now = Date.now()
  if (now !== newest.atMs) {
    const milliseconds = now.toString(16).padStart(12, '0')
    newest.atMs = now
    newest.start = `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7`
  }
  // What is random begins behind the version.
  return newest.start + randomUUID().slice(15)
}

/** How the ids of this millisecond begin. */
const newest = { atMs: 0, start: '' }

import type { Context } from 'koa'
import { allow } from '../http/routing/other-methods.ts'

const ALWAYS_ALLOWED = ['Accept', 'Accept-Language', 'Authorization', 'Content-Type']
const EXPOSED = 'Content-Language, Retry-After, X-Request-Id'
const PREFLIGHT_SECONDS = '3600'

/**
 * Answers a browser that asks whether it may call an endpoint. The endpoint's own answer decides who may read it: here any
 * origin is let through, because which client calls is not known before its body is.
 */
export function answerPreflight(
  ctx: Context,
  methods: readonly string[],
  requestHeaders: readonly string[] = [],
): void {
  ctx.status = 204
  ctx.vary('Origin')
  ctx.set({
    Allow: allow(methods),
    ...(ctx.get('Origin') && {
      'Access-Control-Allow-Origin': ctx.get('Origin'),
      'Access-Control-Allow-Methods': [...new Set(methods)].join(', '),
      'Access-Control-Allow-Headers': [...ALWAYS_ALLOWED, ...requestHeaders].join(', '),
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    }),
  })
}

/** Lets pages of `origin` read the answer. Never with credentials: no endpoint looks at a cookie. */
export function shareAnswer(ctx: Context, origin: string): void {
  ctx.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED })
}

import type { Middleware } from 'koa'
import type { Tracing } from '../tracing/tracing.ts'
import { factsOf, maskPath } from './request-facts.ts'
import { requestState } from './request-state.ts'

/** Makes each request a span, a part of the caller's trace where it names one, and of the log line a part of the trace. */
export function traceRequests(tracing: Tracing): Middleware {
  return async function traceRequest(ctx, next) {
    const { method } = ctx
    const path = maskPath(ctx.path)
    await tracing.serve(method, ctx.get('traceparent') || undefined, async (span) => {
      const facts = factsOf(ctx)
      facts.traceId = span.traceId
      await next()
      // An unknown path could be any text; it must not become the name of a span.
      if (ctx.status !== 404) span.rename(`${method} ${facts.endpoint ?? path}`)
      span.set({
        'http.request.method': method,
        'url.path': path,
        'http.response.status_code': ctx.status,
        'vestibule.request_id': requestState(ctx).requestId,
        'vestibule.client_id': facts.clientId,
        'vestibule.grant_type': facts.grantType,
        'vestibule.dialect': facts.dialect,
        'vestibule.sign_in': facts.signIn,
        ...(ctx.status >= 500 && { 'error.type': String(ctx.status) }),
      })
    })
  }
}

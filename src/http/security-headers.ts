import type { Middleware } from 'koa'

/** Headers every answer carries; pages replace the Content-Security-Policy with their own. */
export function securityHeaders({ isHttps }: { isHttps: boolean }): Middleware {
  return async function setSecurityHeaders(ctx, next) {
    ctx.set({
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
    })
    if (isHttps) ctx.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains')
    await next()
  }
}

import type { Middleware } from 'koa'

/**
 * Headers every answer carries; pages replace the Content-Security-Policy with their own. The empty `script-src` allows
 * nothing by itself: oidc-provider adds the digest of its one script there, on the pages that send a form onwards.
 */
export function securityHeaders({ isHttps }: { isHttps: boolean }): Middleware {
  return async function setSecurityHeaders(ctx, next) {
    ctx.set({
      'Content-Security-Policy': "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'",
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
    })
    if (isHttps) ctx.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains')
    await next()
  }
}

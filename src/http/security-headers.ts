import type { Context, Middleware } from 'koa'

/** A name and its value, one after the other: the form in which Node takes the headers of an answer. */
export type HeaderList = readonly string[]

/**
 * Headers every answer carries; pages replace the Content-Security-Policy with their own. The empty `script-src` allows
 * nothing by itself: oidc-provider adds the digest of its one script there, on the pages that send a form onwards.
 */
export function securityHeaderList({ isHttps }: { isHttps: boolean }): HeaderList {
  return [
    'Content-Security-Policy',
    "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options',
    'nosniff',
    'X-Frame-Options',
    'DENY',
    'Referrer-Policy',
    'no-referrer',
    ...(isHttps ? ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'] : []),
  ]
}

/** Sets them on every answer. */
export function securityHeaders(options: { isHttps: boolean }): Middleware {
  const list = securityHeaderList(options)
  return async function setSecurityHeaders(ctx, next) {
    setHeaders(ctx, list)
    await next()
  }
}

/** Sets each header of a list. */
export function setHeaders(ctx: Pick<Context, 'set'>, list: HeaderList): void {
  for (let at = 0; at < list.length; at += 2) ctx.set(String(list[at]), String(list[at + 1]))
}

import type { Context } from 'koa'
import { issuerPath } from './routing/issuer-path.ts'

/** Where the cookies of a listener go: over TLS only or not, and below which path. */
export type CookieHome = { readonly isSecure: boolean; readonly path: string }

/** How our own cookies of the pages are set: scripts do not see them, and other sites do not send them with a form. */
export function pageCookie({ isSecure: secure, path }: CookieHome) {
  return { httpOnly: true, sameSite: 'lax', secure, path, signed: false } as const
}

/** Whether a request has no cookie at all: its browser keeps none, or was never here. */
export function sentNoCookies(ctx: Context): boolean {
  return ctx.get('Cookie') === ''
}

/** The home of the cookies of the public pages. An issuer with a path shares its host: what is not below it gets none. */
export function cookieHome(issuer: string): CookieHome {
  return { isSecure: new URL(issuer).protocol === 'https:', path: issuerPath(issuer) || '/' }
}

/**
 * A cookie's name with its prefix (RFC 6265bis §4.1.3): browsers take `__Host-` from this very host only, so no other
 * subdomain can toss one in. It demands the path `/`; below another path it is `__Secure-`, which keeps plain http from
 * setting it. Browsers allow both on https only.
 */
export function cookieName(name: string, { isSecure, path }: CookieHome): string {
  if (!isSecure) return name
  return path === '/' ? `__Host-${name}` : `__Secure-${name}`
}

import { issuerPath } from './routing/issuer-path.ts'

/** Where the cookies of a listener go: over TLS only or not, and below which path. */
export type CookieHome = { readonly isSecure: boolean; readonly path: string }

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

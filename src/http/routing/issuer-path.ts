import type { Context, Middleware } from 'koa'
import { requestState } from '../request-state.ts'

/** Where the server's metadata is: OpenID Connect Discovery §4 and RFC 8414 §3. */
export const METADATA: readonly string[] = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
]
/** Documents whose well-known name comes first, and the issuer's path after it; that of signals by SSF 1.0 §7.2. */
const PATH_AT_END = [...METADATA, '/.well-known/ssf-configuration']
/** Addresses that browsers and password managers ask the host for, whatever the issuer's path. */
const OF_THE_HOST = ['change-password', 'passkey-endpoints', 'webauthn'].map((name) => `/.well-known/${name}`)
/** Documents of services of this host (RFC 9728 §3.1), each with the path of its service behind it. */
export const RESOURCE_DOCUMENTS = '/.well-known/oauth-protected-resource'
const PROBES = ['/health/live', '/health/ready']

/** The path of the issuer without a slash at its end; empty where it has none. */
export function issuerPath(issuer: string): string {
  return new URL(issuer).pathname.replace(/\/$/, '')
}

/**
 * Serves an issuer with a path below that path, and nothing beside it: what comes next sees paths as if the issuer had
 * none. Metadata is below it (OpenID Connect Discovery §4), and where RFC 8414 §3 puts it: the well-known name first, then
 * the issuer's path. What browsers ask the host for, and documents
 * of services of the host, are answered there too. Dialects at hosts of their own are not concerned.
 */
export function serveBelow(issuer: string): Middleware {
  const prefix = issuerPath(issuer)
  return async function serveBelowPath(ctx, next) {
    if (prefix === '' || requestState(ctx).mountedHost !== undefined) return next()
    const path = pathBelow(prefix, ctx.path)
    if (path === undefined) return
    // The name by which the library builds addresses, as koa-mount sets it.
    Object.assign(ctx, { mountPath: prefix })
    ctx.path = path
    await next()
  }
}

/** Lets probes ask below the issuer's path too: through a proxy, there may be no other. */
export function probesBelow(issuer: string): Middleware {
  const prefix = issuerPath(issuer)
  return function findProbe(ctx, next) {
    const path = PROBES.find((probe) => ctx.path === prefix + probe)
    if (path !== undefined) ctx.path = path
    return next()
  }
}

/** The path that was asked for, whatever was made of it since. */
export function askedPath({ originalUrl }: Pick<Context, 'originalUrl'>): string {
  return originalUrl.split('?', 1)[0] ?? ''
}

function pathBelow(prefix: string, path: string): string | undefined {
  if (path === prefix) return '/'
  if (path.startsWith(`${prefix}/`)) return path.slice(prefix.length)
  if (OF_THE_HOST.includes(path) || path === RESOURCE_DOCUMENTS || path.startsWith(`${RESOURCE_DOCUMENTS}/`))
    return path
  return PATH_AT_END.find((document) => path === document + prefix)
}

import type { Middleware } from 'koa'

/**
 * Makes the issuer the one source of this server's address. oidc-provider builds endpoint URLs, DPoP targets and
 * redirects from the request's Host, so a foreign Host header would poison metadata: here it is replaced by the
 * issuer's. The sender's address is the peer's, or the last one in X-Forwarded-For that no trusted proxy added.
 */
export function hostGuard({
  issuer,
  trustedProxies,
}: {
  issuer: string
  trustedProxies: readonly string[]
}): Middleware {
  const { host, protocol } = new URL(issuer)
  const trusted = new Set(trustedProxies)

  return async function guardHost(ctx, next) {
    const { headers, socket } = ctx.req
    const address = clientAddress(socket.remoteAddress ?? '', ctx.get('X-Forwarded-For'), trusted)
    headers.host = host
    headers['x-forwarded-host'] = host
    headers['x-forwarded-proto'] = protocol.replace(':', '')
    headers['x-forwarded-for'] = address
    delete headers[':authority']
    ctx.request.ip = address
    await next()
  }
}

/** The nearest address that is not a trusted proxy: what limits are keyed by. */
export function clientAddress(peer: string, forwardedFor: string, trusted: ReadonlySet<string>): string {
  const hops = [...forwardedFor.split(','), peer].map((hop) => normalize(hop.trim())).filter(Boolean)
  while (hops.length > 1 && trusted.has(hops.at(-1) ?? '')) hops.pop()
  return hops.at(-1) ?? ''
}

/** IPv4 in its IPv6 form (`::ffff:127.0.0.1`) is the same address. */
function normalize(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

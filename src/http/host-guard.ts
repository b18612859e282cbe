import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import { type Networks, toAddress } from './address.ts'
import { requestState } from './request-state.ts'

export type HostGuardDeps = {
  readonly issuer: string
  readonly trustedProxies: Networks
  /** Other hosts this server answers at, as a Host header names them; what it says about itself is never built from one. */
  readonly otherHosts?: ReadonlySet<string>
  /** Further headers that mean something when a trusted proxy sends them, and are dropped otherwise. */
  readonly proxyHeaders?: readonly string[]
}

/**
 * Makes the issuer the one source of this server's address. oidc-provider builds endpoint URLs, DPoP targets and
 * redirects from the request's Host, so a foreign Host header would poison metadata: here it is replaced by the
 * issuer's. One of `otherHosts` is remembered as `mountedHost` in the request state, for routing. The sender's address is the peer's,
 * or the last one in X-Forwarded-For that no trusted proxy added.
 */
export function hostGuard({
  issuer,
  trustedProxies,
  otherHosts = new Set(),
  proxyHeaders = [],
}: HostGuardDeps): Middleware {
  const { host, protocol } = new URL(issuer)

  return async function guardHost(ctx, next) {
    const { headers } = ctx.req
    const peer = peerOf(ctx.req)
    const isProxy = trustedProxies.has(peer)
    const asked = (isProxy && ctx.get('X-Forwarded-Host')) || ctx.get('Host')
    requestState(ctx).mountedHost = hostAmong(otherHosts, asked)
    const address = clientAddress(peer, ctx.get('X-Forwarded-For'), trustedProxies)
    if (!isProxy) for (const name of proxyHeaders) delete headers[name]
    headers.host = host
    headers['x-forwarded-host'] = host
    headers['x-forwarded-proto'] = protocol.replace(':', '')
    headers['x-forwarded-for'] = address
    delete headers[':authority']
    ctx.request.ip = address
    await next()
  }
}

/** Whether a request asks for one of `hosts`, as the host guard would find it. */
export function isForOtherHost(
  request: IncomingMessage,
  hosts: ReadonlySet<string>,
  trustedProxies: Networks,
): boolean {
  const { host = '', 'x-forwarded-host': forwarded } = request.headers
  const isProxy = trustedProxies.has(peerOf(request))
  return hostAmong(hosts, (isProxy && typeof forwarded === 'string' && forwarded) || host) !== undefined
}

/** The one of `hosts` that a Host header means: case does not matter, and the port a scheme implies may be there. */
function hostAmong(hosts: ReadonlySet<string>, asked: string): string | undefined {
  const host = asked.trim().toLowerCase()
  return [host, host.replace(/:(?:80|443)$/, '')].find((candidate) => hosts.has(candidate))
}

/** The address at the other end of the connection. */
export function peerOf({ socket }: IncomingMessage): string {
  return toAddress(socket.remoteAddress ?? '') ?? ''
}

/**
 * The nearest address that is not a trusted proxy: what limits are keyed by. Where a proxy does not say whom it serves
 * (`unknown`), it is the proxy's own.
 */
export function clientAddress(peer: string, forwardedFor: string, trustedProxies: Networks): string {
  const hops = forwardedFor.split(',').filter((hop) => hop.trim() !== '')
  let address = peer
  while (trustedProxies.has(address) && hops.length > 0) {
    const before = toAddress(hops.pop() ?? '')
    if (before === undefined) return address
    address = before
  }
  return address
}

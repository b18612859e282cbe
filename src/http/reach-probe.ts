import type { Middleware } from 'koa'
import type { Networks } from './address.ts'
import { clientAddress, peerOf } from './host-guard.ts'

/** How a request arrived: what a proxy in front does, and what this server makes of it. */
export type Arrival = {
  /** The address at the other end of the connection. */
  readonly peer: string
  /** Whom limits would count it for. */
  readonly address: string
  readonly isForwarded: boolean
  readonly host: string
}

export const PROBE_HEADER = 'X-Vestibule-Probe'

/**
 * Notes how a request that an operator announced arrived, before the host guard rewrites its headers. `note` is asked
 * for well-formed names only, and ignores those that were not announced.
 */
export function reachProbe({
  trustedProxies,
  note,
}: {
  readonly trustedProxies: Networks
  readonly note: (probe: string, arrival: Arrival) => Promise<void>
}): Middleware {
  return async function noteArrival(ctx, next) {
    const probe = ctx.get(PROBE_HEADER)
    if (ctx.path === '/health/live' && /^[\w-]{43}$/.test(probe)) {
      const [peer, forwardedFor] = [peerOf(ctx.req), ctx.get('X-Forwarded-For')]
      const address = clientAddress(peer, forwardedFor, trustedProxies)
      await note(probe, { peer, address, isForwarded: forwardedFor !== '', host: ctx.get('Host') })
    }
    await next()
  }
}

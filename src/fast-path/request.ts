import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '../credentials/ip-network.ts'
import type { Networks } from '../http/address.ts'
import { clientAddress, peerOf } from '../http/host-guard.ts'
import { newRequestId } from '../http/request-id.ts'
import type { RequestState } from '../http/request-state.ts'
import type { Form } from './rule.ts'

/** A request that the fast path may answer: what Koa's context is to everybody else. */
export type FastRequest = {
  readonly state: RequestState
  /** The sender's address, as the host guard finds it. */
  readonly ip: string
  /** What counts as one address. */
  readonly network: string
  /** The same object for all requests of a connection. */
  readonly connection: object
  readonly headers: IncomingHttpHeaders
  /** Path and query. */
  readonly target: string
  readonly form: Form
}

type Peer = { readonly address: string; readonly network: string; readonly isProxy: boolean }

/** Opens requests as the first parts of the public app do: an id, and whose address it is. */
export function createOpenRequest({ trustedProxies }: { readonly trustedProxies: Networks }) {
  // A connection has one peer: it is looked at once.
  const peers = new WeakMap<Socket, Peer>()

  function peerAt(request: IncomingMessage): Peer {
    const known = peers.get(request.socket)
    if (known) return known
    const address = peerOf(request)
    const peer = { address, network: networkOf(address), isProxy: trustedProxies.has(address) }
    peers.set(request.socket, peer)
    return peer
  }

  return function openRequest(request: IncomingMessage, form: Form): FastRequest {
    const { headers } = request
    const peer = peerAt(request)
    const given = peer.isProxy ? headers['x-request-id'] : undefined
    const requestId = newRequestId(typeof given === 'string' ? given : '')
    const forwarded = headers['x-forwarded-for']
    const ip =
      peer.isProxy && typeof forwarded === 'string'
        ? clientAddress(peer.address, forwarded, trustedProxies)
        : peer.address
    const network = ip === peer.address ? peer.network : networkOf(ip)
    return {
      state: { requestId, facts: {} },
      ip,
      network,
      connection: request.socket,
      headers,
      target: request.url ?? '',
      form,
    }
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Lets a server end without cutting off clients that keep their connections: from `begin` on each answer says
 * `Connection: close` (RFC 9112 §9.6), those of requests under way included, so that the next request goes elsewhere.
 */
export function createLastAnswers() {
  /** The newest answer of each connection: one that is not the newest is given already, or waits for its turn behind it. */
  const newest = new Map<Socket, ServerResponse>()
  let isEnding = false
  return {
    watch(handle: Handle): Handle {
      return (request, response) => {
        if (isEnding) response.setHeader('Connection', 'close')
        const { socket } = request
        if (!newest.has(socket)) socket.once('close', () => newest.delete(socket))
        newest.set(socket, response)
        handle(request, response)
      }
    },
    begin(): void {
      isEnding = true
      for (const response of newest.values()) if (!response.headersSent) response.setHeader('Connection', 'close')
    },
  }
}

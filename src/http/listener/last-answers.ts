import type { IncomingMessage, ServerResponse } from 'node:http'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Lets a server end without cutting off clients that keep their connections: from `begin` on each answer says
 * `Connection: close` (RFC 9112 §9.6), those of requests under way included, so that the next request goes elsewhere.
 */
export function createLastAnswers() {
  const underWay = new Set<ServerResponse>()
  let isEnding = false
  return {
    watch(handle: Handle): Handle {
      return (request, response) => {
        if (isEnding) response.setHeader('Connection', 'close')
        underWay.add(response)
        response.once('close', () => underWay.delete(response))
        handle(request, response)
      }
    },
    begin(): void {
      isEnding = true
      for (const response of underWay) if (!response.headersSent) response.setHeader('Connection', 'close')
    },
  }
}

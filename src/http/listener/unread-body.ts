import type { IncomingMessage, ServerResponse } from 'node:http'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Reads and drops, once a request is answered, what its handler left of the body. Node does so only where no handler began
 * to read; otherwise the rest would stand in front of the connection's next request, which would wait for ever.
 */
export function dropUnreadBodies(handle: Handle): Handle {
  return (request, response) => {
    response.once('finish', () => request.resume())
    handle(request, response)
  }
}

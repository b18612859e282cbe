import type { IncomingMessage, ServerResponse } from 'node:http'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Sees to it that everything behind it gets a path. Of an absolute-form target (RFC 9112 §3.2.2) the path is taken and
 * the authority ignored, as the Host header is; what is no address at all would make the framework's URL parsing throw.
 */
export function takePaths(handle: Handle, refuse: Handle): Handle {
  return (request, response) => {
    const path = pathOf(request.url ?? '')
    if (path === undefined) return refuse(request, response)
    request.url = path
    handle(request, response)
  }
}

function pathOf(target: string): string | undefined {
  if (target.startsWith('/')) return target
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null
  return url ? url.pathname + url.search : undefined
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Span, Tracing } from './tracing.ts'

/** What Node's fetch says of a request. */
type Outgoing = {
  readonly request: {
    readonly origin: string | URL
    readonly method: string
    addHeader(name: string, value: string): void
  }
}

/**
 * Makes each `fetch` a span and hands the trace on in `traceparent`: the shop's services, webhooks and key services are
 * all called by it. Paths are left out, as they may hold what a person typed.
 */
export function traceOutgoing(tracing: Tracing): () => void {
  const underWay = new WeakMap<object, Span>()
  const end = (request: object, error?: unknown) => {
    underWay.get(request)?.end(error)
    underWay.delete(request)
  }
  const listeners: Record<string, (message: unknown) => void> = {
    'undici:request:create'(message) {
      const { request } = message as Outgoing // as undici documents its channels
      const { host } = new URL(request.origin)
      const attributes = { 'http.request.method': request.method, 'server.address': host }
      const span = tracing.begin(`${request.method} ${host}`, attributes, 'outgoing')
      if (!span) return
      underWay.set(request, span)
      request.addHeader('traceparent', span.traceparent)
    },
    'undici:request:headers'(message) {
      // As undici documents its channels.
      const { request, response } = message as Outgoing & { response: { statusCode: number } }
      underWay.get(request)?.set({ 'http.response.status_code': response.statusCode })
    },
    'undici:request:trailers': (message) => end((message as Outgoing).request), // as undici documents its channels
    // As undici documents its channels.
    'undici:request:error': (message) => end((message as Outgoing).request, (message as { error?: unknown }).error),
  }
  for (const [channel, listener] of Object.entries(listeners)) subscribe(channel, listener)
  return () => {
    for (const [channel, listener] of Object.entries(listeners)) unsubscribe(channel, listener)
  }
}

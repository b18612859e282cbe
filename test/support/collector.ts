import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitFor } from './wait-for.ts'

export type CollectedSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[]
  readonly status?: { readonly code?: number }
}

/** A collector of OpenTelemetry traces, as far as OTLP over HTTP in JSON goes. */
export async function startCollector() {
  const bodies: string[] = []
  const listener = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (request.method === 'POST' && request.url === '/v1/traces') bodies.push(body)
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))

  const spans = () => bodies.flatMap(spansOf)
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    /** Everything that was sent here, as it came. */
    text: () => bodies.join('\n'),
    spans,
    /** The spans of a trace, once its server span is here: that one ends last. */
    async trace(traceId: string): Promise<CollectedSpan[]> {
      const ofTrace = () => spans().filter((span) => span.traceId === traceId)
      await waitFor(() => ofTrace().some(({ kind }) => kind === SERVER), { what: 'the trace' })
      return ofTrace()
    },
    close: () => new Promise<void>((resolve) => listener.close(() => resolve()).closeAllConnections()),
  }
}

/** Kinds of spans in OTLP. */
export const SERVER = 2
export const CLIENT = 3

type Export = { resourceSpans: { scopeSpans: { spans: CollectedSpan[] }[] }[] }

function spansOf(body: string): CollectedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Export
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
}

/** The trace of a caller (W3C Trace Context), for a request to join. */
export function callersTrace() {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } }
}

import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes as OtelAttributes,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Attributes, Span, Tracing } from './tracing.ts'

const EXPORT_EVERY_MS = 2000
const CLOSE_LIMIT_MS = 2000

type OpenTelemetryOptions = {
  /** The collector; `/v1/traces` is added (OTLP/HTTP). */
  readonly endpoint: string
  /** Sent with every request to it. */
  readonly headers: Readonly<Record<string, string>>
  /** Of traces that begin here, the part that is told, from 0 to 1. */
  readonly ratio: number
  readonly onProblem: () => void
}

/** Spans by OpenTelemetry's packages, of which this file is the only user. Nothing global is set. */
export function createOpenTelemetry({ endpoint, headers, ratio, onProblem }: OpenTelemetryOptions): Tracing {
  const exporter = watched(
    new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, headers: { ...headers } }),
    onProblem,
  )
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'vestibule', 'process.pid': process.pid }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_EVERY_MS })],
  })
  const tracer = provider.getTracer('vestibule')
  const current = new AsyncLocalStorage<OtelSpan>()

  const open = (name: string, kind: SpanKind, attributes: Attributes, parent: SpanContext | undefined) =>
    tracer.startSpan(
      name,
      { kind, attributes: attributes as OtelAttributes }, // theirs are not read-only
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    )

  return {
    serve(name, traceparent, work) {
      const span = open(name, SpanKind.SERVER, {}, readTraceparent(traceparent))
      return current.run(span, () => untilDone(toSpan(span), work))
    },
    within(name, attributes, work) {
      const parent = current.getStore()
      if (!parent) return work()
      const span = open(name, SpanKind.INTERNAL, attributes, parent.spanContext())
      return current.run(span, () => untilDone(toSpan(span), work))
    },
    begin(name, attributes, kind = 'inside') {
      const parent = current.getStore()
      const spanKind = kind === 'inside' ? SpanKind.INTERNAL : SpanKind.CLIENT
      return parent && toSpan(open(name, spanKind, attributes, parent.spanContext()))
    },
    async close() {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref())
      await Promise.race([provider.shutdown().catch(() => {}), limit])
    },
  }
}

/** Runs `work`, which may answer at once or later, and ends the span with it. */
function untilDone<T>(span: Span, work: (span: Span) => T): T {
  try {
    const answer = work(span)
    if (!(answer instanceof Promise)) {
      span.end()
      return answer
    }
    return answer.then(
      (value) => {
        span.end()
        return value
      },
      (error) => {
        span.end(error)
        throw error
      },
    ) as T // a promise of what `run` promised
  } catch (error) {
    span.end(error)
    throw error
  }
}

function toSpan(span: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceId,
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    rename: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes(attributes as OtelAttributes), // theirs are not read-only
    end(error) {
      if (error !== undefined) {
        const { name, code } = error as { name?: string; code?: string } // each member is looked for
        span.setStatus({ code: SpanStatusCode.ERROR })
        span.setAttribute('error.type', [name ?? typeof error, code].filter(Boolean).join(' '))
      }
      span.end()
    },
  }
}

/** W3C Trace Context §3.2; what is not one begins a trace of its own. */
function readTraceparent(header: string | undefined): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header ?? '') ?? []
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

/** Says when the collector cannot be reached, and when it can again; not at each attempt. */
function watched(exporter: SpanExporter, onProblem: () => void): SpanExporter {
  let isFailing = false
  const send: SpanExporter['export'] = (spans, done) =>
    exporter.export(spans, (result) => {
      if (result.error && !isFailing) onProblem()
      isFailing = result.error !== undefined
      done(result)
    })
  return {
    export: send,
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

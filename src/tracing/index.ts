import type { Log } from '../log.ts'
import { traceOutgoing } from './outgoing.ts'
import type { Tracing } from './tracing.ts'

/**
 * Traces for the collector at OTEL_EXPORTER_OTLP_ENDPOINT; undefined where that is unset, and then the packages behind
 * it are not even loaded.
 */
export async function openTracing(
  settings: {
    readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string
    readonly OTEL_EXPORTER_OTLP_HEADERS?: ReadonlyMap<string, string>
    readonly TRACES_RATIO: number
  },
  log: Pick<Log, 'warn'>,
): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_RATIO: ratio } = settings
  if (!endpoint) return undefined
  const { createOpenTelemetry } = await import('./open-telemetry.ts')
  const tracing = createOpenTelemetry({
    endpoint,
    headers: Object.fromEntries(settings.OTEL_EXPORTER_OTLP_HEADERS ?? []),
    ratio,
    onProblem: () => log.warn({ event: 'tracing.export-failed' }),
  })
  const stopOutgoing = traceOutgoing(tracing)
  return {
    ...tracing,
    async close() {
      stopOutgoing()
      await tracing.close()
    },
  }
}

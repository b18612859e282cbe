import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Prometheus metrics. Labels hold kinds and outcomes, never ids: a label value is a time series for ever. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    requests: new Histogram({
      name: 'vestibule_http_request_duration_seconds',
      help: 'Duration of public requests by route and status class.',
      labelNames: ['route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    tokensIssued: new Counter({
      name: 'vestibule_tokens_issued_total',
      help: 'Successful token responses by grant type.',
      labelNames: ['grant_type'],
      registers,
    }),
    tokenErrors: new Counter({
      name: 'vestibule_token_errors_total',
      help: 'Refused token requests by OAuth error.',
      labelNames: ['error'],
      registers,
    }),
    refreshes: new Counter({
      name: 'vestibule_refresh_total',
      help: 'Refresh attempts: rotated, retry (the same answer again), race (lost to a twin), theft, mismatch.',
      labelNames: ['outcome'],
      registers,
    }),
    dialectRequests: new Counter({
      name: 'vestibule_dialect_requests_total',
      help: 'Answers of dialect doors by dialect, door and status class.',
      labelNames: ['dialect', 'door', 'status'],
      registers,
    }),
    logins: new Counter({
      name: 'vestibule_logins_total',
      help: 'Password checks by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
  }
}

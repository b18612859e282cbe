import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObject,
  Registry,
} from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>
export type Rendered = { readonly contentType: string; readonly body: string }
/** What one process has counted, in a form that can be sent to another. */
export type Figures = readonly MetricObject[]

/** What the figures of several workers are together. */
type Together = 'sum' | 'min' | 'max'

export type GaugeOptions = { readonly name: string; readonly help: string; readonly of: Together }

/** From a cached answer to a password in a crowd. */
const REQUEST_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Both stores are given a second to answer. */
const STORE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
/** A password waits five seconds at most. */
const WAIT_SECONDS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Prometheus metrics. Labels hold kinds and outcomes, never ids: a label value is a time series for ever. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram({ name, help, labelNames, buckets, registers })

  // Counted by the cheapest means: what such an answer costs is little more than the counting.
  const fastAnswers = new Map<string, number>()
  const fastAnswerCounter = new Counter({
    name: 'vestibule_fast_path_answers_total',
    help: 'Requests answered before the protocol engine, by route.',
    labelNames: ['route'],
    registers,
    collect() {
      fastAnswerCounter.reset()
      for (const [route, count] of fastAnswers) fastAnswerCounter.inc({ route }, count)
    },
  })

  return {
    /** Attempts of software to register itself. */
    registrations: counter(
      'vestibule_client_registrations_total',
      'Attempts of software to register itself as a client, by outcome: registered, refused, or limited.',
      ['outcome'],
    ),
    render: (): Promise<Rendered> => rendered(registry),
    figures: (): Promise<Figures> => registry.getMetricsAsJSON(),
    /**
     * A figure that `read` knows, asked for whenever metrics are collected; one that cannot be read is not there. Of
     * several workers the figure is what `of` says.
     */
    gauge({ name, help, of: aggregator }: GaugeOptions, read: () => number | Promise<number>): void {
      const figure = new Gauge({
        name,
        help,
        aggregator,
        registers,
        async collect() {
          try {
            figure.set(await read())
          } catch {
            figure.remove()
          }
        },
      })
    },
    /** The same with one label: a figure per value, those of the last collection only. */
    gauges(
      { name, help, of: aggregator, label }: GaugeOptions & { readonly label: string },
      read: () => Iterable<readonly [string, number]> | Promise<Iterable<readonly [string, number]>>,
    ): void {
      const figures = new Gauge({
        name,
        help,
        labelNames: [label],
        aggregator,
        registers,
        async collect() {
          try {
            const known = await read()
            figures.reset()
            for (const [value, figure] of known) figures.set({ [label]: value }, figure)
          } catch {
            figures.reset()
          }
        },
      })
    },
    requests: histogram(
      'vestibule_http_request_duration_seconds',
      'Duration of public requests by route and status class.',
      REQUEST_SECONDS,
      ['route', 'status'],
    ),
    noteFastAnswer(route: string): void {
      fastAnswers.set(route, (fastAnswers.get(route) ?? 0) + 1)
    },
    tokenRequests: counter(
      'vestibule_token_requests_total',
      'Token requests by grant type and outcome: issued, or the OAuth error.',
      ['grant_type', 'outcome'],
    ),
    assertions: counter(
      'vestibule_assertions_total',
      'Assertions that were presented for tokens, by the kind of their issuer (none: of no trusted issuer) and outcome: accepted, or why not.',
      ['kind', 'outcome'],
    ),
    accountLinking: counter(
      'vestibule_account_linking_total',
      'Questions of Google about accounts (streamlined linking), by intent and outcome: found, not-found, tokens, linking-error.',
      ['intent', 'outcome'],
    ),
    refreshes: counter(
      'vestibule_refresh_total',
      'Refresh requests by outcome: rotated, kept (the client keeps its refresh token), retry (the same answer again), race (a parallel request won), theft (a used token came again), mismatch (another client, key or certificate).',
      ['outcome'],
    ),
    refreshesElsewhere: counter(
      'vestibule_refresh_elsewhere_total',
      'Refresh tokens of the policy lazy that came again, from another network, before their successor was used.',
      [],
    ),
    signInsEnded: counter(
      'vestibule_sign_ins_ended_total',
      'Endings by what ended (a grant, an access token, everything of a customer, …) and why.',
      ['what', 'why'],
    ),
    outboxAttempts: counter(
      'vestibule_outbox_attempts_total',
      'Notices that were sent to others, by kind and outcome: delivered, retry (sent again later), refused, given-up (not sent again by itself).',
      ['kind', 'outcome'],
    ),
    backchannelRequests: counter(
      'vestibule_backchannel_requests_total',
      'Requests for approval on another device (CIBA) by outcome: asked, withheld (the customer was asked too often), unknown (there is no such customer).',
      ['outcome'],
    ),
    backchannelDecisions: counter(
      'vestibule_backchannel_decisions_total',
      'Answers of customers to requests for approval (CIBA) by outcome: approved, denied.',
      ['outcome'],
    ),
    introspections: counter(
      'vestibule_introspections_total',
      'Introspections by outcome: active, inactive, or refused (the calling client could not authenticate).',
      ['outcome'],
    ),
    clientDocuments: counter(
      'vestibule_client_documents_total',
      'Client ids that are addresses, where a sign-in begins, by outcome: cached (the last good document is fresh), accepted (a new or changed document), unchanged, refused (no document that can be used), malformed, unlisted, blocked, over-budget (not fetched).',
      ['outcome'],
    ),
    tokenRefusals: counter(
      'vestibule_token_refusals_total',
      'Tokens that did not work, by what asked and by the reason.',
      ['asker', 'reason'],
    ),
    dialectRequests: counter(
      'vestibule_dialect_requests_total',
      'Responses of dialect endpoints by dialect, endpoint and status class.',
      ['dialect', 'endpoint', 'status'],
    ),
    logins: counter(
      'vestibule_logins_total',
      'Logins of customers and agents by outcome; locked means refused without a password check.',
      ['realm', 'outcome'],
    ),
    customerServiceFailures: counter(
      'vestibule_customer_service_failures_total',
      'Questions that the customer service of the shop did not answer, or answered wrongly, by directory (shop, legacy) and kind.',
      ['directory', 'kind'],
    ),
    hashingWait: histogram(
      'vestibule_password_wait_seconds',
      'How long passwords waited before they were hashed.',
      WAIT_SECONDS,
    ),
    auditLost: counter(
      'vestibule_audit_lost_total',
      'Audit events that were lost because the memory for waiting events was full.',
      [],
    ),
    tokenHistoryLost: counter(
      'vestibule_token_history_lost_total',
      'Records of tokens and their endings that were lost because the memory for waiting records was full.',
      [],
    ),
    storage: histogram(
      'vestibule_storage_duration_seconds',
      'Duration of storage operations by operation and outcome (ok, error).',
      STORE_SECONDS,
      ['operation', 'outcome'],
    ),
    database: histogram(
      'vestibule_database_duration_seconds',
      'Duration of database queries by kind and outcome (ok, error).',
      STORE_SECONDS,
      ['kind', 'outcome'],
    ),
  }
}

/** What the primary of several workers counts itself. */
export function createClusterMetrics() {
  const registers = [new Registry()]
  return {
    figures: (): Promise<Figures> => registers[0]?.getMetricsAsJSON() ?? Promise.resolve([]),
    workers: new Gauge({ name: 'vestibule_workers', help: 'Worker processes that are ready.', registers }),
    workerDeaths: new Counter({
      name: 'vestibule_worker_deaths_total',
      help: 'Worker processes that ended without a stop signal.',
      registers,
    }),
  }
}

/** The figures of several processes as those of one. */
export function renderTogether(figures: readonly Figures[]): Promise<Rendered> {
  return rendered(AggregatorRegistry.aggregate(figures.map((each) => [...each])))
}

/** What outlives a process that ended: what it counted, without what it was. Totals of a node never go down. */
export async function addUpCounts(figures: readonly Figures[]): Promise<Figures> {
  const counts = figures.map((each) => each.filter(({ type }) => `${type}` === 'counter' || `${type}` === 'histogram'))
  return AggregatorRegistry.aggregate(counts).getMetricsAsJSON()
}

async function rendered(registry: Registry): Promise<Rendered> {
  return { contentType: registry.contentType, body: await registry.metrics() }
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** A piece of work under way, in a trace. Attributes are kinds and outcomes: never a token, a login or a code. */
export type Span = {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** What makes work elsewhere a part of this one (W3C Trace Context §3.2). */
  readonly traceparent: string
  rename(name: string): void
  set(attributes: Attributes): void
  /** Ends the span, as failed where `error` is given. Of an error only its class and code are told. */
  end(error?: unknown): void
}

/** Where a request's time went, told to a collector. There is none unless a setting names one. */
export type Tracing = {
  /** Runs `work` as the start of a trace, or as a part of the one that `traceparent` names. */
  serve<T>(name: string, traceparent: string | undefined, work: (span: Span) => Promise<T>): Promise<T>
  /** Runs `work` as a part of the request under way; outside of requests it is just run. */
  within<T>(name: string, attributes: Attributes, work: () => T): T
  /** A part of the request under way that is ended by hand; undefined outside of requests. */
  begin(name: string, attributes: Attributes, kind?: 'inside' | 'outgoing'): Span | undefined
  /** Sends what is left. */
  close(): Promise<void>
}

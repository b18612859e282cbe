/** How the requests of a turn come about, as data that another process can be handed. */
export type Plan =
  /** Every connection repeats one request. */
  | { readonly kind: 'same'; readonly request: string }
  /** Each request is sent once, by whichever connection is free: tokens that are used up. */
  | { readonly kind: 'once'; readonly requests: readonly string[] }
  /** Each connection has a token of its own, and sends the one that the last answer held: a refresh token that rotates. */
  | {
      readonly kind: 'chain'
      /** The head of the request, up to the value of Content-Length. */
      readonly head: string
      readonly beforeToken: string
      readonly afterToken: string
      /** One for each connection. */
      readonly tokens: readonly string[]
      /** The member of the answer that holds the next token. */
      readonly member: string
    }

/** One contestant's turn: warm up, then measure. */
export type Turn = {
  readonly port: number
  readonly connections: number
  readonly plan: Plan
  /** What is in the body of every right answer. */
  readonly expects: string
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Ends the turn when so many requests are answered, however much time is left. */
  readonly maxRequests?: number
  /** Collects this member of the answers, such as the tokens that another turn uses up. */
  readonly collects?: string
  /** Processes whose work is counted, with all below them. */
  readonly server: readonly number[]
  readonly stores: readonly number[]
}

/** What a turn measured. Warm-up is not in it. */
export type TurnFigures = {
  readonly requests: number
  /** Answers of another status than 2xx or without what was expected, and connections that broke; also those of the warm-up. */
  readonly errors: number
  readonly firstError?: string
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Nanoseconds on a processor during the measurement. */
  readonly serverNs: number
  readonly storesNs: number
  /** Beginning and end of the measurement on the machine's monotonic clock, which profiles use too. */
  readonly windowUs: readonly [number, number]
  readonly collected: readonly string[]
}

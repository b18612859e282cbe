/** What one request takes: microseconds of processor, commands to Redis, rows in Postgres, and bytes on the wire. */
export type RequestCost = {
  readonly serverUs: number
  /** Redis and Postgres together. */
  readonly storesUs: number
  readonly redisCommands: number
  readonly auditRows: number
  readonly tokenRows: number
  readonly wireBytes: number
}

/**
 * A sign-in with a password, without its hash; a refresh with rotation; an introspection of a customer's JWT. Processor times
 * are estimates, to be replaced by those of `npm run bench:scale`. Commands and bytes are rounded up.
 */
export const REQUESTS = {
  login: { serverUs: 2000, storesUs: 1500, redisCommands: 8, auditRows: 2, tokenRows: 2, wireBytes: 4000 },
  refresh: { serverUs: 1600, storesUs: 660, redisCommands: 3, auditRows: 1, tokenRows: 2, wireBytes: 4000 },
  introspection: { serverUs: 500, storesUs: 260, redisCommands: 1, auditRows: 0, tokenRows: 0, wireBytes: 3000 },
} as const satisfies Readonly<Record<string, RequestCost>>

/** One argon2id hash: 19 MiB, two passes. 9 ms on a core with AVX2, 27 ms on one without. */
export const HASH = { us: 9000, mebibytes: 19 } as const

/** Bytes at rest, indexes and overhead included. */
export const BYTES = {
  /** Grant and refresh family in Redis. */
  signIn: 970,
  /** A place in Redis where a customer signs in from. */
  knownPlace: 120,
  customer: 791,
  auditRow: 505,
  tokenRow: 549,
} as const

/** Of a core or a limit, what is planned for; the rest is for peaks and for a node that is away. */
export const PLANNED_SHARE = 0.5

/** What one of each part can do, before it must become several. */
export const LIMITS = {
  /** Memory of a Redis whose fork still ends in seconds. */
  redisBytes: 16e9,
  /** Commands a second on the one core of a Redis, at 10 µs each. */
  redisCommands: 100_000,
  /** Entries a second on the one chain of an audit trail, as measured on two cores. */
  auditRows: 9500,
  /** Processors of the Postgres that takes all writes. */
  postgresCores: 32,
  /** A disk that can be backed up in a night. */
  postgresBytes: 4e12,
} as const

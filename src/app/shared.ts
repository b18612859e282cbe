import type { Middleware } from 'koa'
import type { HealthCheck } from '../http/health.ts'

/** What both listeners have in common. */
export type Shared = {
  readonly probes: Middleware
  /** What a node must reach to be ready. */
  readonly checks: readonly HealthCheck[]
  readonly onError: (error: unknown, requestId: string) => void
}

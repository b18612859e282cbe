import type { Middleware } from 'koa'

/** What both listeners have in common. */
export type Shared = {
  readonly probes: Middleware
  readonly onError: (error: unknown, requestId: string) => void
}

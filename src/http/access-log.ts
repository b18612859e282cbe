import type { Middleware } from 'koa'
import { factsOf, maskPath } from './request-facts.ts'
import { type RequestFacts, requestState } from './request-state.ts'

export type AccessLine = RequestFacts & {
  readonly requestId: string
  readonly method: string
  /** Without the query, which may carry codes and hints; what could be a token in a path is masked. */
  readonly path: string
  readonly status: number
  readonly durationMs: number
  readonly ip: string
}

/** Reports each finished request once. */
export function accessLog(report: (line: AccessLine) => void): Middleware {
  return async function logAccess(ctx, next) {
    const startedMs = performance.now()
    const { method, path } = ctx
    const facts = factsOf(ctx)
    try {
      await next()
    } finally {
      report({
        requestId: requestState(ctx).requestId,
        method,
        path: maskPath(path),
        status: ctx.status,
        durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
        ip: ctx.ip,
        ...facts,
      })
    }
  }
}

import type { Middleware } from 'koa'

export type AccessLine = {
  readonly requestId: string
  readonly method: string
  /** Without the query, which may carry codes and hints; a refresh token in a path is masked. */
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
    try {
      await next()
    } finally {
      report({
        requestId: ctx.state.requestId as string,
        method,
        path: path.replace(/\/[\w.~-]{40,}/g, '/[masked]'),
        status: ctx.status,
        durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
        ip: ctx.ip,
      })
    }
  }
}

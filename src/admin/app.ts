import Koa, { type Middleware } from 'koa'
import { catchErrors } from '../http/errors.ts'
import { requestId } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import type { Metrics } from '../metrics.ts'

type AdminDeps = {
  readonly metrics: Metrics
  readonly probes: Middleware
  readonly onError: (error: unknown, requestId: string) => void
}

/** The second listener, for operators: probes and metrics. */
export function createAdminApp({ metrics, probes, onError }: AdminDeps): Koa {
  const app = new Koa()
  app.silent = true
  app.use(requestId())
  app.use(securityHeaders({ isHttps: false }))
  app.use(catchErrors(onError))
  app.use(probes)
  app.use(async function serveMetrics(ctx, next) {
    if (ctx.path !== '/metrics' || ctx.method !== 'GET') return next()
    const { contentType, body } = await metrics.render()
    ctx.set('Content-Type', contentType)
    ctx.body = body
  })
  return app
}

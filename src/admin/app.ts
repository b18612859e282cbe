import Koa, { type Middleware } from 'koa'
import { clientAddress, peerOf } from '../http/host-guard.ts'
import { requestId } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import type { Metrics } from '../metrics.ts'
import { answerProblems, Problem } from './problem.ts'
import { type ServeApiDeps, serveApi } from './serve-api.ts'

export type AdminDeps = ServeApiDeps & {
  readonly trustedProxies: readonly string[]
  readonly metrics: Metrics
  readonly probes: Middleware
  /** The pages for operators. */
  readonly consolePages: Middleware
}

/** The second listener, for operators: probes and metrics for machines, the admin API, and the console over it. */
export function createAdminApp({ trustedProxies, metrics, probes, consolePages, ...serving }: AdminDeps): Koa {
  const app = new Koa()
  const trusted = new Set(trustedProxies)
  app.silent = true
  app.use(requestId({ trustedProxies }))
  app.use(function findAddress(ctx, next) {
    ctx.request.ip = clientAddress(peerOf(ctx.req), ctx.get('X-Forwarded-For'), trusted)
    return next()
  })
  app.use(securityHeaders({ isHttps: false }))
  app.use(answerProblems(serving.onError))
  app.use(probes)
  app.use(async function serveMetrics(ctx, next) {
    if (ctx.path !== '/metrics' || ctx.method !== 'GET') return next()
    const { contentType, body } = await metrics.render()
    ctx.set('Content-Type', contentType)
    ctx.body = body
  })
  app.use(consolePages)
  app.use(serveApi(serving))
  app.use((ctx) => {
    throw new Problem(404, 'not-found', `There is nothing at ${ctx.method} ${ctx.path}.`)
  })
  return app
}

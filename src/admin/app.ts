import type { Router } from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { Audit } from '../audit/events.ts'
import { catchErrors } from '../http/errors.ts'
import { requestId } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import type { Metrics } from '../metrics.ts'
import { auditWrites } from './audit-writes.ts'
import { authenticateAdmin } from './authenticate-admin.ts'
import { answerProblems, Problem } from './problem.ts'

export type AdminDeps = {
  readonly metrics: Metrics
  readonly probes: Middleware
  readonly adminTokens: readonly string[]
  readonly routers: readonly Router[]
  readonly audit: Audit
  readonly onError: (error: unknown, requestId: string) => void
}

/** The second listener, for operators: probes and metrics for machines, and the admin API behind its token. */
export function createAdminApp({ metrics, probes, adminTokens, routers, audit, onError }: AdminDeps): Koa {
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
  app.use(answerProblems())
  app.use(auditWrites(audit))
  app.use(authenticateAdmin(adminTokens))
  for (const router of routers) app.use(router.routes() as unknown as Middleware) // the router's own context type
  app.use((ctx) => {
    throw new Problem(404, 'not-found', `There is nothing at ${ctx.method} ${ctx.path}.`)
  })
  return app
}

import Koa, { type Middleware } from 'koa'
import { type AccessLine, accessLog } from '../http/access-log.ts'
import type { Networks } from '../http/address.ts'
import { clientAddress, peerOf } from '../http/host-guard.ts'
import { isKnownHost } from '../http/known-hosts.ts'
import { refuseEncodedBodies } from '../http/read-body.ts'
import { requestId } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import type { Metrics } from '../metrics.ts'
import { answerProblems, MethodProblem, Problem } from './problem.ts'
import { type ServeApiDeps, serveApi } from './serve-api.ts'

export type AdminDeps = ServeApiDeps & {
  readonly trustedProxies: Networks
  /** Names it answers at beside loopback names and addresses. */
  readonly hosts: ReadonlySet<string>
  readonly metrics: Metrics
  /** Told of each request but probes and scrapes. */
  readonly onRequest: (line: AccessLine) => void
  readonly probes: Middleware
  /** The pages for operators. */
  readonly consolePages: Middleware
}

/** The second listener, for operators: probes and metrics for machines, the admin API, and the console over it. */
export function createAdminApp(deps: AdminDeps): Koa {
  const { trustedProxies, hosts, metrics, probes, consolePages, onRequest, ...serving } = deps
  const app = new Koa()
  app.silent = true
  app.use(requestId({ trustedProxies }))
  app.use(function findAddress(ctx, next) {
    ctx.request.ip = clientAddress(peerOf(ctx.req), ctx.get('X-Forwarded-For'), trustedProxies)
    return next()
  })
  app.use(unlessMachines(accessLog(onRequest)))
  app.use(securityHeaders({ isHttps: false }))
  app.use(answerProblems(serving.onError))
  app.use(function refuseUnknownHosts(ctx, next) {
    if (isKnownHost(ctx.get('Host'), hosts)) return next()
    const fix = 'Ask for it by IP address or as localhost, or name the host in ADMIN_HOSTS.'
    throw new Problem(421, 'unknown-host', `The admin listener does not answer at this host name. ${fix}`)
  })
  app.use(probes)
  app.use(async function serveMetrics(ctx, next) {
    if (ctx.path !== '/metrics') return next()
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new MethodProblem(ctx.method, 'GET, HEAD')
    const { contentType, body } = await metrics.render()
    ctx.set('Content-Type', contentType)
    ctx.body = body
  })
  app.use(refuseEncodedBodies())
  app.use(consolePages)
  app.use(serveApi(serving))
  app.use((ctx) => {
    throw new Problem(404, 'not-found', `There is nothing at ${ctx.method} ${ctx.path}.`)
  })
  return app
}

/** Orchestrators and collectors ask every few seconds; their requests are not logged. */
function unlessMachines(middleware: Middleware): Middleware {
  return (ctx, next) => (/^\/(?:metrics$|health\/)/.test(ctx.path) ? next() : middleware(ctx, next))
}

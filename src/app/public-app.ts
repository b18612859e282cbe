import Koa from 'koa'
import type { Config } from '../config.ts'
import { QUERY_LIMIT_MS } from '../database/database.ts'
import { mountedHosts } from '../dialects/mounts.ts'
import { accessLog, writeAccessLines } from '../http/access-log.ts'
import { catchErrors } from '../http/errors.ts'
import { hostGuard } from '../http/host-guard.ts'
import { measureRequests } from '../http/measure-requests.ts'
import { reachProbe } from '../http/reach-probe.ts'
import { refuseEncodedBodies } from '../http/read-body.ts'
import { requestId } from '../http/request-id.ts'
import { probesBelow, serveBelow } from '../http/routing/issuer-path.ts'
import { answerOtherMethods } from '../http/routing/other-methods.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { traceRequests } from '../http/trace-requests.ts'
import { createErrorAnswers } from '../interaction/start/error-answers.ts'
import type { Log } from '../log.ts'
import { createOwnSessions } from '../oauth/browser/own-sessions.ts'
import { endedGrants } from '../oauth/engine/grant-sunsets.ts'
import { createAnswerKeySet, serveJwks } from '../oauth/engine/jwks.ts'
import { createLastMetadata } from '../oauth/engine/last-metadata.ts'
import { requestsByPost } from '../oauth/engine/requests-by-post.ts'
import { serveRevocations } from '../oauth/revocation-feed/serve-revocations.ts'
import { serveStatusLists } from '../oauth/status-lists/serve-status-lists.ts'
import { createDialects } from './dialects.ts'
import { grantEnds } from './engine.ts'
import { openFastPath } from './fast-path.ts'
import { createAccount } from './pages/account-area.ts'
import { createClientEndpoints } from './pages/client-endpoints.ts'
import { createCompanyUsers } from './pages/company-users.ts'
import { createGlobalRevocation } from './pages/global-revocation.ts'
import { createHostedPages, createStart } from './pages/hosted-pages.ts'
import { createOwnSupportAccesses } from './pages/own-support-accesses.ts'
import { createStreamEndpoints } from './pages/stream-endpoints.ts'
import { upstreamCallbacks, upstreamConnect } from './pages/upstream-pages.ts'
import type { AppParts } from './shared.ts'

/** What listens to the world: the app, whose parts each request passes in order, and what answers before it. */
export type PublicApp = {
  readonly app: Koa
  readonly fastPath: ReturnType<typeof openFastPath>
  /** Answers requests that wait for something to happen: the server stops. */
  readonly endWaits: () => void
}

/** Wires them. */
export function createPublicApp(config: Config, log: Log, parts: AppParts): PublicApp {
  const { backends, services, shared } = parts
  const { cookieKeys, keyRing, keyUsage, metrics } = backends
  // Every proxy header is set by the host guard, from the issuer and the peer.
  const app = new Koa({ proxy: true })
  // Koa reads them at each request; its type asks for more than that.
  app.keys = cookieKeys as unknown as string[]
  app.silent = true
  app.use(requestId(shared))
  app.use(accessLog(writeAccessLines(log)))
  app.use(measureRequests(({ route, status, seconds }) => metrics.requests.observe({ route, status }, seconds)))
  if (backends.tracing) app.use(traceRequests(backends.tracing))
  app.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
  const answerError = createErrorAnswers(services)
  app.use(catchErrors(shared.onError, answerError))
  app.use((_ctx, next) => backends.database.answeringWithin(QUERY_LIMIT_MS, next))
  app.use(probesBelow(config.ISSUER))
  app.use(reachProbe({ ...shared, note: services.reachProbes.note }))
  app.use(shared.probes)
  app.use(
    hostGuard({
      issuer: config.ISSUER,
      ...shared,
      otherHosts: mountedHosts(services.dialects),
      proxyHeaders: [config.MTLS_CERTIFICATE_HEADER, config.MTLS_VERIFIED_HEADER].filter((name) => name !== undefined),
    }),
  )
  app.use(serveBelow(config.ISSUER))
  const answerKeySet = createAnswerKeySet({
    keys: keyRing.keys,
    etag: keyRing.etag,
    cacheSecondsAt: keyRing.cacheSecondsAt,
    onFetched: keyUsage.fetched,
  })
  const metadata = createLastMetadata({
    engine: parts.engine.current,
    offeredScopes: services.clients.resourceServers.peekOfferedScopes,
    endedGrants: () => endedGrants(grantEnds(config)),
    issuerKinds: services.issuers.registry.kinds,
  })
  const dialects = createDialects(config, log, parts)
  const sessions = createOwnSessions({
    provider: parts.engine.current,
    findCustomer: services.customers.directory.findById,
    cutOffs: services.tokens.cutOffs,
    issuer: config.ISSUER,
  })
  const pages = [
    createStart(config, parts, sessions),
    ...createHostedPages(config, parts, sessions),
    createAccount(config, parts, sessions),
    upstreamConnect(config, parts, sessions),
    upstreamCallbacks(parts),
    createOwnSupportAccesses(config, parts),
    createGlobalRevocation(config, parts),
    createCompanyUsers(config, parts),
    ...createStreamEndpoints(config, log, parts),
    ...createClientEndpoints(config, log, parts),
  ]
  const { feed, statusLists } = services.revocations
  const revocations = feed && serveRevocations(feed)
  const forVerifiers = [...(revocations ? [revocations] : []), serveStatusLists(statusLists)]
  const [posts, engine] = [requestsByPost(), parts.engine.routes]
  app.use(answerOtherMethods([dialects, ...pages, ...forVerifiers, posts, engine], answerError))
  const jwks = serveJwks(answerKeySet)
  // Dialects refuse compressed bodies in words of their own.
  for (const middleware of [
    dialects,
    refuseEncodedBodies(),
    ...pages,
    jwks,
    ...forVerifiers,
    posts,
    metadata.watch,
    engine,
  ]) {
    app.use(middleware)
  }
  const fastPath = openFastPath(config, log, parts, {
    answerKeySet,
    lastMetadata: metadata.body,
  })
  return {
    app,
    fastPath,
    endWaits() {
      revocations?.endWaits()
      services.signals.waiters.release()
    },
  }
}

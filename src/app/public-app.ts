import Koa from 'koa'
import type { Config } from '../config.ts'
import { mountedHosts } from '../dialects/mounts.ts'
import { createDialectRouter } from '../dialects/router.ts'
import { createSharedServices } from '../dialects/shared-services.ts'
import { createTurns } from '../dialects/turns.ts'
import { accessLog } from '../http/access-log.ts'
import { catchErrors } from '../http/errors.ts'
import { hostGuard } from '../http/host-guard.ts'
import { measureRequests } from '../http/measure-requests.ts'
import { reachProbe } from '../http/reach-probe.ts'
import { refuseEncodedBodies } from '../http/read-body.ts'
import { requestId } from '../http/request-id.ts'
import { probesBelow, serveBelow } from '../http/routing/issuer-path.ts'
import { answerOtherMethods, type Routes } from '../http/routing/other-methods.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { traceRequests } from '../http/trace-requests.ts'
import { createAccountRoutes } from '../interaction/account-routes.ts'
import { createDeviceCookie } from '../interaction/device-cookie.ts'
import { createHostedSignIn } from '../interaction/hosted-sign-in.ts'
import { createInteractionRoutes } from '../interaction/routes.ts'
import { createSupportAccessRoutes } from '../interaction/support-access-routes.ts'
import type { Log } from '../log.ts'
import { createDescribeScopes } from '../oauth/browser/asked-scopes.ts'
import { createInteractions } from '../oauth/browser/interactions.ts'
import { createLinkSignIn } from '../oauth/browser/link-sign-in.ts'
import { createShopLoginTokens } from '../oauth/browser/shop-login-tokens.ts'
import { allowsOrigin } from '../oauth/clients/client-metadata.ts'
import { publicJwk, serveJwks } from '../oauth/engine/jwks.ts'
import { requestsByPost } from '../oauth/engine/requests-by-post.ts'
import { createFindCaller } from '../oauth/tokens/callers.ts'
import { createCodes } from '../oauth/tokens/issue-code.ts'
import { createTokenCodes } from '../oauth/tokens/token-codes.ts'
import type { AppParts } from './shared.ts'

/** How long a request waits for the database before it answers 503. */
const QUERY_LIMIT_MS = 1000

/** What listens to the world: each request passes these in order. */
export function createPublicApp(config: Config, log: Log, parts: AppParts): Koa {
  const { backends, services, shared } = parts
  const { cookieKeys, keyRing, keyUsage, metrics } = backends
  // Every proxy header is set by the host guard, from the issuer and the peer.
  const app = new Koa({ proxy: true })
  // Koa reads them at each request; its type asks for more than that.
  app.keys = cookieKeys as unknown as string[]
  app.silent = true
  app.use(requestId(shared))
  app.use(accessLog((line) => log.info(line, `${line.method} ${line.path} ${line.status}`)))
  app.use(measureRequests(({ route, status, seconds }) => metrics.requests.observe({ route, status }, seconds)))
  if (backends.tracing) app.use(traceRequests(backends.tracing))
  app.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
  app.use(catchErrors(shared.onError))
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
  const jwks = serveJwks({
    keys: keyRing.keys,
    etag: keyRing.etag,
    cacheSecondsAt: keyRing.cacheSecondsAt,
    onFetched: keyUsage.fetched,
  })
  const dialects = createDialects(config, log, parts)
  const pages = [...createHostedPages(config, parts), createOwnSupportAccesses(config, parts)]
  const [posts, engine] = [requestsByPost(), parts.engine.routes]
  app.use(answerOtherMethods([dialects, ...pages, posts, engine]))
  for (const middleware of [dialects, ...pages, jwks, refuseEncodedBodies(), posts, engine]) app.use(middleware)
  return app
}

function createHostedPages(
  { ISSUER: issuer, REGISTRATION }: Config,
  { backends, services, engine }: AppParts,
): Routes[] {
  const { storage, cookieKeys: csrfKeys, passwordPolicy } = backends
  const { clients, customers, pages } = services
  const { authenticate, directory, proofs, lockout, passwordChange, recovery } = customers
  const { findById: findCustomer } = directory
  const { minLength } = passwordPolicy
  const device = createDeviceCookie({ keys: csrfKeys, issuer })
  const isRegistrationOpen = REGISTRATION === 'open'
  return [
    createInteractionRoutes({
      pages,
      issuer,
      csrfKeys,
      interactions: createInteractions({
        provider: engine.current,
        findClient: clients.findClient,
        describeScopes: createDescribeScopes(clients.resourceServers.find),
      }),
      authenticate: createHostedSignIn({ authenticate, device, lockout }),
      findCustomer,
      ...(passwordChange && { forcedChange: { storage, passwordChange, proofs, minLength } }),
      ...(recovery && {
        mailSteps: { ...recovery, device },
        offers: { recovery: true, registration: isRegistrationOpen },
      }),
    }),
    ...(recovery
      ? [createAccountRoutes({ pages, issuer, csrfKeys, ...recovery, device, isRegistrationOpen, minLength })]
      : []),
  ]
}

/** For customers who hold a token of their own, made for this server's default resource or an endpoint of a dialect. */
function createOwnSupportAccesses({ DEFAULT_RESOURCE }: Config, { services }: AppParts): Routes {
  const { support, tokens, customers, clients, judgeToken } = services
  const audiences = new Set([
    DEFAULT_RESOURCE,
    ...clients.builtIn.flatMap(({ identifier, audience }) => [identifier, ...(audience ? [audience] : [])]),
  ])
  return createSupportAccessRoutes({
    accesses: support.accesses,
    findCaller: createFindCaller({ judgeToken }),
    isFor: ({ audience }) => audience !== undefined && audiences.has(audience),
    activeAmong: tokens.activeGrants.activeAmong,
    async setAllowed(customerId, allowsSupport) {
      const { outcome } = await customers.selfService.changeProfile(customerId, { allowsSupport })
      return outcome === 'changed'
    },
  })
}

function createDialects(config: Config, log: Log, { backends, services, engine, shared }: AppParts) {
  const { auditTrail, dialectUses, keyRing, keyUsage, metrics, signInWebhook, storage } = backends
  const { dialects, clients, customers, agents, judgeToken } = services
  const { findToken, endSignIn, cutOffs } = services.tokens
  return createDialectRouter({
    dialects,
    issuer: config.ISSUER,
    pipeline: engine.middleware,
    services: createSharedServices({
      findToken,
      judgeToken,
      findCaller: createFindCaller({ judgeToken }),
      endSignIn,
      reportSignIn: signInWebhook.report,
      tokenCodes: createTokenCodes({ storage }),
      audit: auditTrail.append,
      isPublicClient: async (clientId) => (await clients.findClient(clientId))?.token_endpoint_auth_method === 'none',
      storage,
      ...createTurns(storage),
      codes: createCodes({
        provider: engine.current,
        findClient: clients.findClient,
        noteGrantType: backends.grantTypeUses.note,
      }),
      findCustomer: async (login) => {
        const customer = (await customers.directory.findByLogin(login))?.customer
        return customer?.status === 'active' ? customer : undefined
      },
      signInLinks: customers.signInLinks,
      endWhere: async (of, isOne) => {
        await auditTrail.flush()
        return services.tokens.activeGrants.endWhere(of, isOne)
      },
      onCallbackFailed: (url, reason) => log.warn({ event: 'dialect.callback-failed', url, reason }),
    }),
    selfService: customers.selfService,
    signInByLink: createLinkSignIn({
      provider: engine.current,
      redeem: customers.signInLinks.redeem,
      redeemShopToken: createShopLoginTokens({
        keys: services.loginKeys,
        audience: config.DIALECT_CLIENTS.get('spryker') ?? '',
        findCustomer: customers.records.findByNumber,
        cutOffs,
        storage,
        allowsReuse: config.SIGN_IN_LINK_REUSABLE,
      }),
      findCustomer: customers.directory.findById,
      cutOffs,
      audit: auditTrail.append,
      issuer: config.ISSUER,
    }),
    checks: {
      password: customers.authenticate,
      agent: agents.authenticate,
      oneTimePassword: customers.oneTimePasswords.authenticate,
    },
    keySet(fetched) {
      keyUsage.fetched(fetched)
      return {
        keys: keyRing.keys().map(publicJwk),
        cacheSeconds: keyRing.cacheSecondsAt(Math.floor(Date.now() / 1000)),
      }
    },
    requestOneTimePassword: customers.oneTimePasswords.request,
    lockedForSeconds: (login, of, context) =>
      (of === 'agent' ? agents : customers).lockout.lockedForSeconds(login, context),
    allowsOrigin: async (clientId, origin) => {
      const client = await clients.findClient(clientId)
      return client !== undefined && allowsOrigin(client, origin)
    },
    isClient: async (clientId) => (await clients.registry.stateOf(clientId)) !== 'gone',
    onMissingClient: (dialect, clientId, id) =>
      log.warn({ event: 'dialect.client-missing', dialect, clientId, requestId: id }),
    onUnfitClient: (dialect, clientId, reason) =>
      log.warn({ event: 'dialect.client-misconfigured', dialect, clientId, reason }),
    onUse: ({ dialect, endpoint, status, clientId }) => {
      metrics.dialectRequests.inc({ dialect, endpoint, status: `${Math.floor(status / 100)}xx` })
      if (clientId !== undefined) dialectUses.note(dialect, clientId)
    },
    onError: shared.onError,
  })
}

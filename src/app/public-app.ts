import Koa from 'koa'
import type { Config } from '../config.ts'
import { mountedHosts } from '../dialects/mounts.ts'
import { createDialectRouter } from '../dialects/router.ts'
import { createSharedServices } from '../dialects/shared-services.ts'
import { accessLog } from '../http/access-log.ts'
import { catchErrors } from '../http/errors.ts'
import { hostGuard } from '../http/host-guard.ts'
import { measureRequests } from '../http/measure-requests.ts'
import { reachProbe } from '../http/reach-probe.ts'
import { requestId } from '../http/request-id.ts'
import { securityHeaders } from '../http/security-headers.ts'
import { traceRequests } from '../http/trace-requests.ts'
import { createAccountRoutes } from '../interaction/account-routes.ts'
import { createDeviceCookie } from '../interaction/device-cookie.ts'
import { createHostedSignIn } from '../interaction/hosted-sign-in.ts'
import { createInteractionRoutes } from '../interaction/routes.ts'
import type { Log } from '../log.ts'
import { createFindLiveAccount } from '../oauth/accounts/account.ts'
import { createInteractions } from '../oauth/browser/interactions.ts'
import { createLinkSignIn } from '../oauth/browser/link-sign-in.ts'
import { allowsOrigin } from '../oauth/clients/client-metadata.ts'
import { serveJwks } from '../oauth/engine/jwks.ts'
import type { LiveProvider } from '../oauth/engine/live-provider.ts'
import { requestsByPost } from '../oauth/engine/requests-by-post.ts'
import { createFindCaller } from '../oauth/tokens/callers.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import type { Shared } from './shared.ts'

/** How long a request waits for the database before it answers 503. */
const QUERY_LIMIT_MS = 1000

/** What listens to the world: each request passes these in order. */
export function createPublicApp(
  config: Config,
  log: Log,
  backends: Backends,
  services: Services,
  engine: LiveProvider,
  shared: Shared,
): Koa {
  const { cookieKeys, keyRing, keyUsage, metrics } = backends
  // Every proxy header is set by the host guard, from the issuer and the peer.
  const app = new Koa({ proxy: true })
  // Koa reads them at each request; its type asks for more than that.
  app.keys = cookieKeys as unknown as string[]
  app.silent = true
  app.use(requestId({ trustedProxies: config.TRUSTED_PROXIES }))
  app.use(accessLog((line) => log.info(line, `${line.method} ${line.path} ${line.status}`)))
  app.use(measureRequests(({ route, status, seconds }) => metrics.requests.observe({ route, status }, seconds)))
  if (backends.tracing) app.use(traceRequests(backends.tracing))
  app.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
  app.use(catchErrors(shared.onError))
  app.use((_ctx, next) => backends.database.answeringWithin(QUERY_LIMIT_MS, next))
  app.use(reachProbe({ trustedProxies: config.TRUSTED_PROXIES, note: services.reachProbes.note }))
  app.use(shared.probes)
  app.use(
    hostGuard({
      issuer: config.ISSUER,
      trustedProxies: config.TRUSTED_PROXIES,
      otherHosts: mountedHosts(services.dialects),
      proxyHeaders: [config.MTLS_CERTIFICATE_HEADER, config.MTLS_VERIFIED_HEADER].filter((name) => name !== undefined),
    }),
  )
  app.use(createDialects(config, log, backends, services, engine, shared))
  for (const middleware of createHostedPages(config, backends, services, engine)) app.use(middleware)
  app.use(serveJwks({ ...keyRing, onFetched: keyUsage.fetched }))
  app.use(requestsByPost())
  app.use(engine.middleware)
  return app
}

function createHostedPages(
  config: Config,
  { storage, cookieKeys }: Backends,
  services: Services,
  engine: LiveProvider,
): Koa.Middleware[] {
  const { authenticate, directory, findClient, lockouts, pages, passwordChange, passwordPolicy } = services
  const { recoveryServices: recovery } = services
  const shared = { pages, issuer: config.ISSUER, csrfKeys: cookieKeys }
  const device = createDeviceCookie({ keys: shared.csrfKeys, issuer: config.ISSUER })
  const { minLength } = passwordPolicy
  const isRegistrationOpen = config.REGISTRATION === 'open'
  const findCustomer = directory.findById
  return [
    createInteractionRoutes({
      ...shared,
      interactions: createInteractions({ provider: engine.current, findClient }),
      authenticate: createHostedSignIn({ authenticate, device, lockout: lockouts.customer }),
      findCustomer,
      ...(passwordChange && { forcedChange: { storage, passwordChange, findCustomer, minLength } }),
      ...(recovery && { mailSteps: recovery, offers: { recovery: true, registration: isRegistrationOpen } }),
    }),
    ...(recovery ? [createAccountRoutes({ ...shared, ...recovery, device, isRegistrationOpen, minLength })] : []),
  ]
}

function createDialects(
  config: Config,
  log: Log,
  backends: Backends,
  services: Services,
  engine: LiveProvider,
  shared: Shared,
) {
  const { dialects, directory, findAgent, findClient, findToken, lockouts, metrics, cutOffs } = services
  const findAccount = createFindLiveAccount({ findCustomer: directory.findById, findAgent, cutOffs })
  return createDialectRouter({
    dialects,
    issuer: config.ISSUER,
    pipeline: engine.middleware,
    services: createSharedServices({
      storage: backends.storage,
      findToken,
      findCaller: createFindCaller({ findToken, findAccount }),
      cutOffs,
      confirmEmail: services.registrationKeys.confirm,
      reportSignIn: backends.signInWebhook.report,
      requestOneTimePassword: services.oneTimePasswords.request,
      audit: services.audit,
    }),
    signInByLink: createLinkSignIn({
      provider: engine.current,
      redeem: services.signInLinks.redeem,
      findCustomer: directory.findById,
      cutOffs,
      audit: services.audit,
      isHttps: config.ISSUER.startsWith('https:'),
    }),
    lockedForSeconds: (login, of, context) => lockouts[of].lockedForSeconds(login, context),
    allowsOrigin: async (clientId, origin) => {
      const client = await findClient(clientId)
      return client !== undefined && allowsOrigin(client, origin)
    },
    onUnfitClient: (dialect, clientId, reason) =>
      log.warn(
        { dialect, clientId, reason },
        'the client of a dialect may not do what an endpoint needs: look at its grant_types',
      ),
    onUse: ({ dialect, endpoint, status, clientId }) => {
      metrics.dialectRequests.inc({ dialect, endpoint, status: `${Math.floor(status / 100)}xx` })
      if (clientId !== undefined) backends.dialectUses.note(dialect, clientId)
    },
    onError: shared.onError,
  })
}

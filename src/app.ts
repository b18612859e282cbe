import Koa from 'koa'
import { createAdminApp } from './admin/app.ts'
import type { AuditEvent } from './audit/events.ts'
import { createCache } from './cache.ts'
import { createClientRegistry } from './clients/registry.ts'
import { createResourceServerRegistry } from './clients/resource-servers.ts'
import { selectDialects } from './compat/index.ts'
import { createDialectRouter } from './compat/router.ts'
import type { Config } from './config.ts'
import { createAuthenticate } from './customers/authenticate.ts'
import { createLockout } from './customers/lockout.ts'
import { lockoutPolicy } from './customers/lockout-policy.ts'
import { createPasswords } from './customers/passwords.ts'
import { createSqlDirectory } from './customers/sql-directory.ts'
import { openDatabase } from './database/index.ts'
import { isNewInstallation, serverSecret, settleInstallation } from './database/server-secrets.ts'
import { loadDemo } from './demo.ts'
import { accessLog } from './http/access-log.ts'
import { catchErrors } from './http/errors.ts'
import { type HealthCheck, health } from './http/health.ts'
import { hostGuard } from './http/host-guard.ts'
import { requestId } from './http/request-id.ts'
import { securityHeaders } from './http/security-headers.ts'
import { createPages } from './interaction/pages.ts'
import { createProtocolPages } from './interaction/protocol-pages.ts'
import { createInteractionRoutes } from './interaction/routes.ts'
import { openKeyStore } from './keys/index.ts'
import { openKeyRing } from './keys/key-ring.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { authorizeByPost } from './oauth/authorize-by-post.ts'
import { createGrants } from './oauth/grants/index.ts'
import { createInteractions } from './oauth/interactions.ts'
import { createLiveProvider, type LiveProvider } from './oauth/live-provider.ts'
import { createNotBefore } from './oauth/not-before.ts'
import { buildProvider, type ProviderDeps } from './oauth/provider.ts'
import { createRefreshTokens } from './oauth/refresh-tokens.ts'
import { verifyStructured } from './oauth/structured-tokens.ts'
import { createFindGrant, createFindToken } from './oauth/token-status.ts'
import { openStorage } from './storage/index.ts'

export type App = {
  readonly publicApp: Koa
  readonly adminApp: Koa
  /** From now on `/health/ready` says no, so that balancers look elsewhere. */
  drain(): void
  close(): Promise<void>
}

/** How long introspection may still describe a customer as they were: what a blocked customer's tokens outlive. */
const CUSTOMER_CACHE_SECONDS = 2

/** The composition root: settings → backends → services → two Koa apps. The only file that wires. */
export async function openApp(config: Config, log: Log, onProgress: (step: string) => void): Promise<App> {
  const closers: Closer[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const backends = await openBackends(config, log, onProgress, closers)
    const services = createServices(config, log, backends)
    if (await wantsDemo(config, backends)) {
      onProgress('loading demo customers and clients')
      await loadDemo({ ...backends, ...services })
    }
    await settleInstallation(backends.database.knex)

    let isDraining = false
    const checks: HealthCheck[] = [
      { name: 'database', check: async () => void (await backends.database.knex.raw('select 1')) },
      { name: 'storage', check: backends.storage.ping },
    ]
    const shared: Shared = {
      probes: health({ checks, isDraining: () => isDraining }),
      onError: (error, id) => log.error({ err: error, requestId: id }, 'the request failed'),
    }
    return {
      publicApp: createPublicApp(config, log, backends, services, shared),
      adminApp: createAdminApp({ ...shared, metrics: services.metrics }),
      drain: () => {
        isDraining = true
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Closer = () => Promise<void>
type Backends = Awaited<ReturnType<typeof openBackends>>
type Services = ReturnType<typeof createServices>
type Shared = { probes: Koa.Middleware; onError: (error: unknown, requestId: string) => void }

async function openBackends(config: Config, log: Log, onProgress: (step: string) => void, closers: Closer[]) {
  const database = await openDatabase(config, onProgress)
  closers.push(database.close)
  const { knex } = database
  const storage = await openStorage(config, knex, (error) => log.error({ err: error }, 'storage'))
  closers.push(storage.close)
  const keyStore = await openKeyStore({ ...config, knex })
  const keyRing = await openKeyRing({ store: keyStore, log, storage })
  closers.push(keyRing.close)
  const cookieKeys = config.COOKIE_KEYS ?? [await serverSecret(knex, 'cookies')]
  return { database, storage, keyRing, cookieKeys, tokenKey: await serverSecret(knex, 'refresh-tokens') }
}

function createServices(config: Config, log: Log, { database: { knex }, storage, keyRing, tokenKey }: Backends) {
  const dialects = selectDialects(config.DIALECTS)
  const builtIn = dialects.map((dialect) => dialect.resourceServer)
  const clients = createClientRegistry({ knex, storage })
  const directory = createSqlDirectory({ knex })
  const passwords = createPasswords()
  const lockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey: tokenKey })
  const notBefore = createNotBefore(storage)
  const refreshTokens = createRefreshTokens({ storage, macKeys: [tokenKey] })
  const verify = (value: string) =>
    verifyStructured(value, { keys: keyRing.keys(), issuer: config.ISSUER, now: Math.floor(Date.now() / 1000) })
  return {
    dialects,
    builtIn,
    clients,
    findClient: async (clientId: string) => (await clients.find(clientId))?.metadata,
    resourceServers: createResourceServerRegistry({ knex, storage, builtIn }),
    directory,
    passwords,
    authenticate: createAuthenticate({ directory, passwords, lockout }),
    notBefore,
    refreshTokens,
    findToken: createFindToken({ storage, refreshTokens, notBefore, verify }),
    metrics: createMetrics(),
    audit: (event: AuditEvent) => log.info({ audit: event }, `audit: ${event.type}`),
    pages: createPages({ publicPath: new URL(config.ISSUER).pathname.replace(/\/$/, '') }),
  }
}

function createEngine(config: Config, log: Log, backends: Backends, services: Services): LiveProvider {
  const { storage, keyRing, cookieKeys, tokenKey } = backends
  const { dialects, builtIn, directory, notBefore, metrics, pages } = services
  const customers = createCache(directory.findById, { ttlSeconds: CUSTOMER_CACHE_SECONDS, limit: 10_000 })
  const deps: ProviderDeps = {
    ...services,
    issuer: config.ISSUER,
    cookieKeys,
    sealKey: tokenKey,
    storage,
    log,
    identifiersOf: (audience) =>
      builtIn.filter((server) => server.audience === audience).map((server) => server.identifier),
    shapes: new Map(dialects.map((dialect) => [dialect.resourceServer.identifier, dialect.shape])),
    findCustomer: customers.get,
    pages: createProtocolPages({ pages }),
    grants: createGrants({
      ...services,
      storage,
      findCustomer: directory.findById,
      findGrant: createFindGrant({ storage, notBefore }),
      count: (outcome) => metrics.refreshes.inc({ outcome }),
    }),
  }
  const live = createLiveProvider((keys) => buildProvider(deps, keys), keyRing.keys())
  keyRing.onChange(live.replaceKeys)
  return live
}

function createPublicApp(config: Config, log: Log, backends: Backends, services: Services, shared: Shared): Koa {
  const { cookieKeys } = backends
  const { authenticate, directory, findClient, dialects, pages } = services
  const engine = createEngine(config, log, backends, services)
  // Every proxy header is set by the host guard, from the issuer and the peer.
  const app = new Koa({ keys: [...cookieKeys], proxy: true })
  app.silent = true
  app.use(requestId())
  app.use(accessLog((line) => log.info(line, `${line.method} ${line.path} ${line.status}`)))
  app.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
  app.use(catchErrors(shared.onError))
  app.use(shared.probes)
  app.use(hostGuard({ issuer: config.ISSUER, trustedProxies: config.TRUSTED_PROXIES }))
  app.use(createDialectRouter({ dialects, issuer: config.ISSUER }))
  app.use(
    createInteractionRoutes({
      interactions: createInteractions({ provider: engine.current, findClient }),
      authenticate: (login, password, { ip }) => authenticate(login, password, { ip }),
      findCustomer: directory.findById,
      pages,
      issuer: config.ISSUER,
      csrfKeys: cookieKeys as [string, ...string[]],
    }),
  )
  app.use(authorizeByPost())
  app.use(engine.middleware)
  return app
}

async function wantsDemo(config: Config, { database }: Backends): Promise<boolean> {
  const isWelcome = database.isEmbedded && config.DEMO && config.NODE_ENV !== 'production'
  return isWelcome && (await isNewInstallation(database.knex))
}

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
import { createLiveProvider } from './oauth/live-provider.ts'
import { createNotBefore } from './oauth/not-before.ts'
import { buildProvider } from './oauth/provider.ts'
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
  const dialects = selectDialects(config.DIALECTS)
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const database = await openDatabase(config, onProgress)
    closers.push(database.close)
    const { knex } = database
    const storage = await openStorage(config, knex, (error) => log.error({ err: error }, 'storage'))
    closers.push(storage.close)
    const keyStore = await openKeyStore({ ...config, knex })
    const keyRing = await openKeyRing({ store: keyStore, log, storage })
    closers.push(keyRing.close)

    const cookieKeys = config.COOKIE_KEYS ?? [await serverSecret(knex, 'cookies')]
    const tokenKey = await serverSecret(knex, 'refresh-tokens')
    const metrics = createMetrics()
    const audit = (event: AuditEvent) => log.info({ audit: event }, `audit: ${event.type}`)

    const clients = createClientRegistry({ knex, storage })
    const builtIn = dialects.map((dialect) => dialect.resourceServer)
    const resourceServers = createResourceServerRegistry({ knex, storage, builtIn })
    const directory = createSqlDirectory({ knex })
    const passwords = createPasswords()
    const lockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey: tokenKey })
    const authenticate = createAuthenticate({ directory, passwords, lockout })
    if (database.isEmbedded && config.DEMO && config.NODE_ENV !== 'production' && (await isNewInstallation(knex))) {
      onProgress('loading demo customers and clients')
      await loadDemo({ database, clients, resourceServers, passwords })
    }
    await settleInstallation(knex)

    const notBefore = createNotBefore(storage)
    const refreshTokens = createRefreshTokens({ storage, macKeys: [tokenKey] })
    const verify = (value: string) =>
      verifyStructured(value, { keys: keyRing.keys(), issuer: config.ISSUER, now: Math.floor(Date.now() / 1000) })
    const findToken = createFindToken({ storage, refreshTokens, notBefore, verify })
    const findClient = async (clientId: string) => (await clients.find(clientId))?.metadata
    const customers = createCache(directory.findById, { ttlSeconds: CUSTOMER_CACHE_SECONDS, limit: 10_000 })
    const pages = createPages({})
    const live = createLiveProvider(
      (keys) =>
        buildProvider(
          {
            issuer: config.ISSUER,
            cookieKeys,
            sealKey: tokenKey,
            storage,
            clients,
            resourceServers,
            identifiersOf: (audience) =>
              builtIn.filter((server) => server.audience === audience).map((server) => server.identifier),
            shapes: new Map(dialects.map((dialect) => [dialect.resourceServer.identifier, dialect.shape])),
            findCustomer: customers.get,
            refreshTokens,
            notBefore,
            findToken,
            grants: createGrants({
              authenticate,
              findClient,
              storage,
              refreshTokens,
              findCustomer: directory.findById,
              findGrant: createFindGrant({ storage, notBefore }),
              audit,
              count: (outcome) => metrics.refreshes.inc({ outcome }),
            }),
            pages: createProtocolPages({ pages }),
            audit,
            log,
            metrics,
          },
          keys,
        ),
      keyRing.keys(),
    )
    keyRing.onChange(live.replaceKeys)

    let isDraining = false
    const checks: HealthCheck[] = [
      { name: 'database', check: async () => void (await knex.raw('select 1')) },
      { name: 'storage', check: storage.ping },
    ]
    const probes = health({ checks, isDraining: () => isDraining })
    const onError = (error: unknown, id: string) => log.error({ err: error, requestId: id }, 'the request failed')

    const publicApp = new Koa({ keys: cookieKeys as string[], proxy: true })
    publicApp.silent = true
    publicApp.use(requestId())
    publicApp.use(accessLog((line) => log.info(line, `${line.method} ${line.path} ${line.status}`)))
    publicApp.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
    publicApp.use(catchErrors(onError))
    publicApp.use(probes)
    publicApp.use(hostGuard({ issuer: config.ISSUER, trustedProxies: config.TRUSTED_PROXIES }))
    publicApp.use(createDialectRouter({ dialects, issuer: config.ISSUER }))
    publicApp.use(
      createInteractionRoutes({
        interactions: createInteractions({ provider: live.current, findClient }),
        authenticate: (login, password, { ip }) => authenticate(login, password, { ip }),
        findCustomer: directory.findById,
        pages,
        issuer: config.ISSUER,
        csrfKeys: cookieKeys as [string, ...string[]],
      }),
    )
    publicApp.use(authorizeByPost())
    publicApp.use(live.middleware)

    const adminApp = createAdminApp({ metrics, probes, onError })
    return {
      publicApp,
      adminApp,
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

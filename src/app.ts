import { randomBytes } from 'node:crypto'
import Koa from 'koa'
import { agentRoutes } from './admin/agent-routes.ts'
import { createAdminApp } from './admin/app.ts'
import { auditRoutes } from './admin/audit-routes.ts'
import { clientRoutes } from './admin/client-routes.ts'
import { customerRoutes } from './admin/customer-routes.ts'
import { keyRoutes } from './admin/key-routes.ts'
import { secretRoutes } from './admin/secret-routes.ts'
import { signOutRoutes } from './admin/sign-out-routes.ts'
import { tokenRoutes } from './admin/token-routes.ts'
import type { Agent } from './agents/agent.ts'
import { createAuthenticateAgent } from './agents/authenticate.ts'
import { createAgentDirectory } from './agents/directory.ts'
import { type AuditTrail, openAuditTrail } from './audit/trail.ts'
import { createCache } from './cache.ts'
import { openDialectUses } from './clients/dialect-uses.ts'
import { openLongestLifetime } from './clients/longest-lifetime.ts'
import { createClientRegistry } from './clients/registry.ts'
import { createResourceServerRegistry } from './clients/resource-servers.ts'
import { selectDialects } from './compat/index.ts'
import { createDialectRouter } from './compat/router.ts'
import { createSharedServices } from './compat/shared-services.ts'
import { openSignInWebhook } from './compat/sign-in-webhook.ts'
import { type Config, ConfigError } from './config.ts'
import { createAuthenticate } from './customers/authenticate.ts'
import { openBackgroundWrapping } from './customers/background-wrapping.ts'
import { openBreachedPasswords } from './customers/breached-passwords.ts'
import { createCustomerDesk } from './customers/customer-desk.ts'
import { selectCustomerSource } from './customers/index.ts'
import { createKnownPlaces } from './customers/known-places.ts'
import { createLockout } from './customers/lockout.ts'
import { lockoutPolicy } from './customers/lockout-policy.ts'
import { createOneTimePasswords } from './customers/one-time-passwords.ts'
import { createPasswordPolicy } from './customers/password-policy.ts'
import { createPasswordSchemes } from './customers/password-schemes/index.ts'
import { createPasswords } from './customers/passwords.ts'
import { createRecoveryServices } from './customers/recovery-services.ts'
import { createRegistrationKeys } from './customers/registration-keys.ts'
import { createSignInLinks } from './customers/sign-in-links.ts'
import type { Database } from './database/database.ts'
import { openDatabase } from './database/index.ts'
import { openSecretGenerations } from './database/secret-generations.ts'
import { isNewInstallation, serverSecret, settleInstallation } from './database/server-secrets.ts'
import { loadDemo } from './demo.ts'
import { accessLog } from './http/access-log.ts'
import { catchErrors } from './http/errors.ts'
import { type HealthCheck, health } from './http/health.ts'
import { hostGuard } from './http/host-guard.ts'
import { requestId } from './http/request-id.ts'
import { securityHeaders } from './http/security-headers.ts'
import { createAccountRoutes } from './interaction/account-routes.ts'
import { createDeviceCookie } from './interaction/device-cookie.ts'
import { createHostedSignIn } from './interaction/hosted-sign-in.ts'
import { createLetters } from './interaction/letters.ts'
import { createPages } from './interaction/pages.ts'
import { createProtocolPages } from './interaction/protocol-pages.ts'
import { createInteractionRoutes } from './interaction/routes.ts'
import { openKeyCustody } from './keys/custodies.ts'
import { type EvidenceRecorder, openEvidence } from './keys/evidence.ts'
import { openKeyStore } from './keys/index.ts'
import { type KeyRing, openKeyRing } from './keys/key-ring.ts'
import { createNodeRoll } from './keys/node-roll.ts'
import type { Log } from './log.ts'
import { openMailer } from './mail.ts'
import { createMetrics } from './metrics.ts'
import { createFindLiveAccount } from './oauth/account.ts'
import { agentAccountId } from './oauth/agent-account.ts'
import { createFindCaller } from './oauth/callers.ts'
import { allowsOrigin, validateClient } from './oauth/client-metadata.ts'
import { createGrants } from './oauth/grants/index.ts'
import { createInteractions } from './oauth/interactions.ts'
import { serveJwks } from './oauth/jwks.ts'
import { LIFETIMES } from './oauth/lifetimes.ts'
import { createLinkSignIn } from './oauth/link-sign-in.ts'
import { createLiveProvider, type LiveProvider } from './oauth/live-provider.ts'
import { createNotBefore } from './oauth/not-before.ts'
import { buildProvider, type ProviderDeps } from './oauth/provider.ts'
import { createRefreshTokens } from './oauth/refresh-tokens.ts'
import { requestsByPost } from './oauth/requests-by-post.ts'
import { verifyStructured } from './oauth/structured-tokens.ts'
import { createFindGrant, createFindToken } from './oauth/token-status.ts'
import { watchLogins } from './oauth/watch-logins.ts'
import { openContinuity } from './storage/continuity.ts'
import { openStorage } from './storage/index.ts'
import type { Storage } from './storage/storage.ts'

export type App = {
  readonly publicApp: Koa
  readonly adminApp: Koa
  readonly adminToken: string
  /** From now on `/health/ready` says no, so that balancers look elsewhere. */
  drain(): void
  close(): Promise<void>
}

/** How long introspection may still describe a customer as they were: what a blocked customer's tokens outlive. */
const CUSTOMER_CACHE_SECONDS = 2
/** How long a request waits for the database before it answers 503. */
const QUERY_LIMIT_MS = 1000

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
    if (config.REDIS_URL) closers.push((await guardContinuity(log, backends)).close)
    // What an import, or a server that stopped, left bare.
    backends.wrapping.wake()

    const engine = createEngine(config, log, backends, services)
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
      publicApp: createPublicApp(config, log, backends, services, engine, shared),
      adminApp: createAdmin(backends, services, engine, shared),
      adminToken: String(backends.adminTokens[0]),
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
  const auditTrail = openAuditTrail({ knex, log, retentionDays: config.AUDIT_RETENTION_DAYS })
  closers.push(auditTrail.close)
  const evidence = openEvidence({ knex, log })
  closers.push(evidence.close)
  const keyRing = await openKeys(config, log, { database, storage, evidence }, closers)
  const dialectUses = openDialectUses({ knex, onError: (error) => log.error({ err: error }, 'dialect uses') })
  closers.push(dialectUses.close)
  const signInWebhook = openSignInWebhook({
    url: config.SIGN_IN_WEBHOOK_URL,
    secret: config.SIGN_IN_WEBHOOK_SECRET,
    onGivenUp: (event, reason) => log.warn({ event, reason }, 'the shop was not told of a sign-in'),
  })
  closers.push(signInWebhook.close)
  const passwords = await openPasswords(config, log, database, closers)
  const mailer = openMailer({ ...config, log })
  closers.push(mailer.close)
  const publish = () => evidence.published(keyRing.keys().map(({ kid }) => kid))
  keyRing.onChange(publish)
  publish()
  const adminTokens = config.ADMIN_TOKEN ?? [randomBytes(32).toString('base64url')]
  const secrets = await openSecrets(log, { database, storage }, closers)
  return {
    database,
    storage,
    keyRing,
    auditTrail,
    evidence,
    dialectUses,
    signInWebhook,
    ...passwords,
    mailer,
    adminTokens,
    secrets,
    cookieKeysAreSet: config.COOKIE_KEYS !== undefined,
    cookieKeys: (config.COOKIE_KEYS as Several | undefined) ?? secrets.cookies.values,
    tokenKeys: secrets.tokens.values,
    digestKey: await serverSecret(knex, 'digests'),
  }
}

/** Lists that are never empty; those of the server's own secrets are one list for good, and change in place. */
type Several = readonly [string, ...string[]]

/** What this deployment made for itself and can replace without a restart. */
async function openSecrets(
  log: Log,
  { database: { knex }, storage }: { database: Database; storage: Storage },
  closers: Closer[],
) {
  const open = async (name: string) => {
    await serverSecret(knex, name)
    const onError = (error: unknown) => log.warn({ err: error }, 'the server secrets could not be followed')
    const secret = await openSecretGenerations({ knex, name, announcements: storage, onError })
    closers.push(secret.close)
    return secret
  }
  return { cookies: await open('cookies'), tokens: await open('refresh-tokens') }
}

/** Everything that hashes and judges passwords. Whatever is under way ends before the database is closed. */
async function openPasswords(config: Config, log: Log, { knex }: Database, closers: Closer[]) {
  const { PASSWORD_MIN_LENGTH: minLength, PASSWORD_MAX_LENGTH: maxLength, BREACHED_PASSWORDS: path } = config
  const breached = await openBreachedPasswords(path).catch((error: Error) => {
    throw new ConfigError([`BREACHED_PASSWORDS is "${path}", which cannot be read (${error.message}).`])
  })
  closers.push(breached.close)
  const schemes = createPasswordSchemes({
    ...(config.PRESTASHOP_COOKIE_KEY && { prestashopCookieKey: config.PRESTASHOP_COOKIE_KEY }),
  })
  const passwords = createPasswords({ schemes })
  const wrapping = openBackgroundWrapping({
    knex,
    passwords,
    onError: (error) => log.error({ err: error }, 'wrapping fast hashes broke off; it goes on in a minute'),
  })
  closers.push(wrapping.close)
  return { passwords, passwordPolicy: createPasswordPolicy({ minLength, maxLength, breached }), wrapping }
}

async function openKeys(
  config: Config,
  log: Log,
  { database, storage, evidence }: { database: Database; storage: Storage; evidence: EvidenceRecorder },
  closers: Closer[],
): Promise<KeyRing> {
  const { knex } = database
  const custody = await openKeyCustody(config)
  closers.push(custody.close)
  const lifetime = await openLongestLifetime({
    knex,
    storage,
    floorSeconds: LIFETIMES.accessToken,
    onError: (error) => log.warn({ err: error }, 'the longest token lifetime could not be looked up'),
  })
  closers.push(lifetime.close)
  // Redis remembers removed keys beside the database; where sessions are in the database it would add nothing.
  const store = await openKeyStore({ ...config, knex, ...(config.REDIS_URL && { storage }) })
  const keyRing = await openKeyRing({
    store,
    storage,
    custody,
    log,
    onSigned: evidence.signed,
    policy: () => ({
      algorithms: config.SIGNING_ALGORITHMS,
      isAutomatic: config.KEY_ROTATION,
      rotationSeconds: config.KEY_ROTATION_SECONDS,
      propagationSeconds: config.KEY_PROPAGATION_SECONDS,
      jwksCacheSeconds: config.JWKS_CACHE_SECONDS,
      tokenLifetimeSeconds: lifetime.seconds(),
    }),
    ...(!database.isEmbedded && { nodes: createNodeRoll(knex) }),
  })
  closers.push(keyRing.close)
  return keyRing
}

/** A Redis that comes back empty or old would bring revoked tokens back to life: everybody signs in again instead. */
function guardContinuity(log: Log, { storage, database: { knex } }: Backends) {
  return openContinuity({
    storage,
    knex,
    onError: (error) => log.warn({ err: error }, 'storage could not be marked'),
    async onLost(lost) {
      await createNotBefore(lost).set({ of: 'everybody' }, Date.now())
      log.error(
        { audit: { type: 'sign-out-everywhere', reason: 'storage lost its memory' } },
        'REDIS_URL lost its memory',
      )
    },
  })
}

function createServices(
  config: Config,
  log: Log,
  {
    database: { knex },
    storage,
    keyRing,
    auditTrail,
    evidence,
    tokenKeys,
    digestKey,
    passwords,
    passwordPolicy,
    mailer,
  }: Backends,
) {
  const metrics = createMetrics()
  const dialects = selectDialects(config)
  const builtIn = dialects.flatMap(({ dialect }) => dialect.resourceServers)
  const clients = createClientRegistry({ knex, storage })
  const onProblem = (customer: string, problem: string) => log.warn({ customer, problem }, 'a password cannot be used')
  const { directory, keepsPasswords, ...elsewhere } = selectCustomerSource(config, { knex, passwords, onProblem })
  const lockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey })
  const agentLockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey, realm: 'agent' })
  const agents = createAgentDirectory({ knex })
  const notBefore = createNotBefore(storage)
  const writeLetter = createLetters({ issuer: config.ISSUER })
  const recoveryServices = createRecoveryServices({
    knex,
    storage,
    directory,
    passwords,
    policy: passwordPolicy,
    lockout,
    signOut: async (customerId) => {
      await notBefore.set({ of: 'customer', id: customerId }, Date.now())
      auditTrail.append({ type: 'sign-out-everywhere', customerId, reason: 'the password was changed' })
    },
    postLetter: (write) =>
      mailer.post(async () => {
        const letter = await write()
        return letter && writeLetter(letter)
      }),
  })
  const oneTimePasswords = createOneTimePasswords({ storage, directory, lockout, digestKey, postMail: mailer.post })
  const refreshTokens = createRefreshTokens({ storage, macKeys: tokenKeys })
  const verify = (value: string) =>
    verifyStructured(value, {
      keys: keyRing.keys(),
      issuer: config.ISSUER,
      now: Math.floor(Date.now() / 1000),
      onSeen: evidence.seen,
    })
  return {
    dialects,
    builtIn,
    clients,
    findClient: async (clientId: string) => (await clients.find(clientId))?.metadata,
    resourceServers: createResourceServerRegistry({ knex, storage, builtIn }),
    directory,
    /** Recovery, registration and the like: undefined where passwords are not ours, or no mail can be sent. */
    recoveryServices: keepsPasswords && mailer.isOffered ? recoveryServices : undefined,
    passwordChange: keepsPasswords ? recoveryServices.passwordChange : undefined,
    passwords,
    passwordPolicy,
    authenticate: watchLogins(
      createAuthenticate({
        directory,
        passwords,
        lockout,
        ...elsewhere,
        ...(keepsPasswords && { policy: passwordPolicy }),
        onProblem,
      }),
      auditTrail.append,
      metrics,
    ),
    lockouts: { customer: lockout, agent: agentLockout },
    agents,
    findAgent: async (id: string) => whoMayAct(await agents.findById(id)),
    authenticateAgent: createAuthenticateAgent({ agents, passwords, lockout: agentLockout }),
    registrationKeys: createRegistrationKeys({ knex }),
    oneTimePasswords: {
      ...oneTimePasswords,
      authenticate: watchLogins(oneTimePasswords.authenticate, auditTrail.append, metrics),
    },
    signInLinks: createSignInLinks({ storage, audience: config.ISSUER, allowsReuse: config.SIGN_IN_LINK_REUSABLE }),
    notBefore,
    refreshTokens,
    findToken: createFindToken({ storage, refreshTokens, notBefore, verify }),
    metrics,
    audit: auditTrail.append,
    pages: createPages({ publicPath: new URL(config.ISSUER).pathname.replace(/\/$/, '') }),
  }
}

function createEngine(config: Config, log: Log, backends: Backends, services: Services): LiveProvider {
  const { storage, keyRing, secrets, cookieKeys, tokenKeys } = backends
  const { builtIn, directory, findAgent, notBefore, metrics, pages } = services
  const customers = createCache(directory.findById, { ttlSeconds: CUSTOMER_CACHE_SECONDS, limit: 10_000 })
  const deps: ProviderDeps = {
    ...services,
    issuer: config.ISSUER,
    cookieKeys,
    sealKeys: tokenKeys,
    storage,
    log,
    identifiersOf: (audience) =>
      builtIn.filter((server) => server.audience === audience).map((server) => server.identifier),
    shapes: new Map(builtIn.flatMap(({ identifier, shape }) => (shape ? [[identifier, shape]] : []))),
    findLiveAccount: createFindLiveAccount({ findCustomer: customers.get, findAgent, notBefore }),
    noteTokenSize: (bytes) => {
      if (bytes > config.TOKEN_SIZE_BUDGET_BYTES)
        log.warn({ bytes }, 'an access token is above TOKEN_SIZE_BUDGET_BYTES')
    },
    pages: createProtocolPages({ pages }),
    notePlace: createKnownPlaces({
      lockout: services.lockouts.customer,
      findCustomer: customers.get,
      onError: (error) => log.warn({ err: error }, 'an address could not be remembered'),
    }),
    grants: createGrants({
      ...services,
      storage,
      findLiveAccount: createFindLiveAccount({ findCustomer: directory.findById, findAgent, notBefore }),
      findCustomerByReference: directory.findByReference,
      findGrant: createFindGrant({ storage, notBefore }),
      count: (outcome) => metrics.refreshes.inc({ outcome }),
    }),
  }
  const live = createLiveProvider((keys) => buildProvider(deps, keys), keyRing.keys())
  keyRing.onChange(live.replaceKeys)
  // The library copies the cookie keys, as it does the signing keys.
  secrets.cookies.onChange(() => live.replaceKeys(keyRing.keys()))
  return live
}

function createPublicApp(
  config: Config,
  log: Log,
  backends: Backends,
  services: Services,
  engine: LiveProvider,
  shared: Shared,
): Koa {
  const { cookieKeys, keyRing, evidence } = backends
  // Every proxy header is set by the host guard, from the issuer and the peer.
  const app = new Koa({ proxy: true })
  // Koa reads them at each request; its type asks for more than that.
  app.keys = cookieKeys as unknown as string[]
  app.silent = true
  app.use(requestId())
  app.use(accessLog((line) => log.info(line, `${line.method} ${line.path} ${line.status}`)))
  app.use(securityHeaders({ isHttps: config.ISSUER.startsWith('https:') }))
  app.use(catchErrors(shared.onError))
  app.use((_ctx, next) => backends.database.answeringWithin(QUERY_LIMIT_MS, next))
  app.use(shared.probes)
  app.use(hostGuard({ issuer: config.ISSUER, trustedProxies: config.TRUSTED_PROXIES }))
  app.use(createDialects(config, log, backends, services, engine, shared))
  for (const middleware of createHostedPages(config, backends, services, engine)) app.use(middleware)
  app.use(serveJwks({ ...keyRing, onFetched: evidence.fetched }))
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
  const { dialects, directory, findAgent, findClient, findToken, lockouts, metrics, notBefore } = services
  const findAccount = createFindLiveAccount({ findCustomer: directory.findById, findAgent, notBefore })
  return createDialectRouter({
    dialects,
    issuer: config.ISSUER,
    pipeline: engine.middleware,
    services: createSharedServices({
      storage: backends.storage,
      findToken,
      findCaller: createFindCaller({ findToken, findAccount }),
      notBefore,
      confirmEmail: services.registrationKeys.confirm,
      reportSignIn: backends.signInWebhook.report,
      requestOneTimePassword: services.oneTimePasswords.request,
      audit: services.audit,
    }),
    signInByLink: createLinkSignIn({
      provider: engine.current,
      redeem: services.signInLinks.redeem,
      findCustomer: directory.findById,
      notBefore,
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
        'the client of a dialect may not do what a door needs: look at its grant_types',
      ),
    onUse: ({ dialect, door, status, clientId }) => {
      metrics.dialectRequests.inc({ dialect, door, status: `${Math.floor(status / 100)}xx` })
      if (clientId !== undefined) backends.dialectUses.note(dialect, clientId)
    },
    onError: shared.onError,
  })
}

/** An agent who was blocked or is no agent any more is nobody here. */
function whoMayAct(agent: Agent | undefined): Agent | undefined {
  return agent?.status === 'active' && agent.isAgent ? agent : undefined
}

function createAdmin(backends: Backends, services: Services, engine: LiveProvider, shared: Shared): Koa {
  const { knex } = backends.database
  const { audit, metrics, notBefore } = services
  const signOut = (id: string) => notBefore.set({ of: 'customer', id }, Date.now())
  return createAdminApp({
    ...shared,
    metrics,
    audit,
    adminTokens: backends.adminTokens,
    routers: [
      keyRoutes(backends),
      secretRoutes({ ...backends, clients: services.clients }),
      clientRoutes({ ...services, validate: (metadata) => validateClient(engine.current(), metadata) }),
      customerRoutes({
        desk: createCustomerDesk({
          ...backends,
          knex,
          signOut,
          collect: async (id) => ({ audit: await auditOf(backends.auditTrail, id) }),
        }),
        onError: shared.onError,
      }),
      signOutRoutes({ notBefore }),
      auditRoutes(backends),
      agentRoutes({
        ...services,
        signOutAgent: (id) => notBefore.set({ of: 'customer', id: agentAccountId(id) }, Date.now()),
      }),
      tokenRoutes(services),
    ],
  })
}

/** What the audit trail says about one customer, newest first. */
async function auditOf(auditTrail: AuditTrail, customerId: string): Promise<object[]> {
  const entries: object[] = []
  let before: number | undefined
  await auditTrail.flush()
  for (;;) {
    const page = await auditTrail.find({ customerId, limit: 1000, ...(before !== undefined && { before }) })
    entries.push(...page)
    before = page.at(-1)?.seq
    if (before === undefined) return entries
  }
}

async function wantsDemo(config: Config, { database }: Backends): Promise<boolean> {
  const isWelcome = database.isEmbedded && config.DEMO && config.NODE_ENV !== 'production'
  return isWelcome && (await isNewInstallation(database.knex))
}

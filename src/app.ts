import { hash } from 'node:crypto'
import type Koa from 'koa'
import { createAdmin } from './app/admin-app.ts'
import { type Backends, openBackends } from './app/backends.ts'
import type { CloseStep } from './app/close-step.ts'
import { guardContinuity } from './app/continuity.ts'
import { createEngine } from './app/engine.ts'
import { openGauges } from './app/gauges.ts'
import { createProtocolRules } from './app/protocol-rules.ts'
import { createPublicApp, type PublicApp } from './app/public-app.ts'

import { eraseDueAccounts } from './app/services/due-deletions.ts'
import { pruneStatusLists } from './app/services/prune-status-lists.ts'
import { tellReceivers } from './app/services/tell-receivers.ts'
import { removeUnusedClients } from './app/services/unregistered-clients/self-registration.ts'
import { createServices, type Services } from './app/services.ts'
import type { AppParts, Shared } from './app/shared.ts'
import { repairEndings } from './app/sign-in-signals.ts'
import { ensureDefaultResource } from './clients/default-resource.ts'
import { type Config, ConfigError, maskedConfig, whyNoDemo } from './config.ts'
import { ShopServiceError } from './customers/sources/shop-failure.ts'
import { isNewInstallation, settleInstallation } from './database/server-secrets.ts'
import { loadDemo } from './demo.ts'
import { createNetworks } from './http/address.ts'
import { checkReadiness, type HealthCheck, health } from './http/health.ts'
import { requestInLog } from './http/request-id.ts'
import { findLeftoverDemoAccounts } from './leftover-demo-accounts.ts'
import { inContext, type Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export type App = {
  readonly publicApp: Koa
  /** Put before the public app, it answers the commonest requests itself. */
  readonly fastPath: PublicApp['fastPath']
  readonly adminApp: Koa
  readonly adminToken: string
  /** From now on `/health/ready` says no, so that balancers look elsewhere. */
  drain(): void
  /** Answers requests that wait for something to happen. */
  endWaits(): void
  close(): Promise<void>
}

/** The composition root: settings → backends → services → two Koa apps. Each step is a file in `app/`, and nothing else wires. */
export async function openApp(
  config: Config,
  { log: written, metrics, onProgress }: { log: Log; metrics: Metrics; onProgress: (step: string) => void },
): Promise<App> {
  const log = inContext(written, requestInLog)
  const closeSteps: CloseStep[] = []
  const close = async () => {
    for (const closeStep of closeSteps.splice(0).reverse()) await closeStep()
  }
  try {
    const backends = await openBackends(config, { log, metrics, onProgress }, closeSteps)
    await ensureDefaultResource(backends.database.knex, config.DEFAULT_RESOURCE)
    const services = createServices(config, log, backends)
    const { clients, account, upstreams } = services
    if (account.deletions) closeSteps.push(eraseDueAccounts(account.deletions, log))
    closeSteps.push(pruneStatusLists(services.revocations.statusLists, log))
    closeSteps.push(
      removeUnusedClients({
        ...services.selfRegistration,
        endSignIn: services.tokens.endSignIn,
        audit: backends.auditTrail.append,
        log,
      }),
    )
    await upstreams.registry.look()
    await services.issuers.registry.look()
    if (await wantsDemo(config, backends)) {
      onProgress('loading demo customers and clients')
      await loadDemo({
        database: backends.database,
        passwords: backends.passwords,
        clients: clients.registry,
        resourceServers: clients.resourceServers,
      })
    }
    await warnOfMissingClients(services, log)
    const reason = whyNoDemo(config)
    if (reason) await refuseDemo(reason, backends)
    await settleInstallation(backends.database.knex)
    // What is kept apart from the database can be lost apart from it.
    if (config.REDIS_URL || !config.DATABASE_URL) closeSteps.push((await guardContinuity(log, backends)).close)
    closeSteps.push(repairEndings(log, backends).close)
    // What an import, or a server that stopped, left bare.
    backends.wrapping.wake()

    backends.auditTrail.append({
      type: 'server.started',
      actor: 'server',
      reason: `settings ${settingsDigest(config)}`,
    })

    const rules = createProtocolRules(config, log, backends, services)
    const engine = createEngine(config, log, { backends, services, rules })
    await services.backChannel.start(engine.current)
    let isDraining = false
    const checks: HealthCheck[] = [
      { name: 'database', check: async () => void (await backends.database.knex.raw('select 1')) },
      { name: 'storage', check: backends.storage.ping },
    ]
    const isReady = async () => !isDraining && (await checkReadiness(checks)).isReady
    openGauges(config, backends, isReady, services.selfRegistration)
    const shared: Shared = {
      checks,
      trustedProxies: createNetworks(config.TRUSTED_PROXIES),
      probes: health({ checks, isDraining: () => isDraining }),
      onError(error, id) {
        // Its line was written where it happened.
        if (!(error instanceof ShopServiceError)) log.error({ event: 'request.failed', requestId: id, err: error })
      },
    }
    const parts: AppParts = { backends, services, rules, engine, shared }
    closeSteps.push(await tellReceivers(config, log, { backends, signals: services.signals }))
    const { app: publicApp, fastPath, endWaits } = createPublicApp(config, log, parts)
    return {
      publicApp,
      fastPath,
      endWaits,
      adminApp: createAdmin(config, log, parts),
      adminToken: String(backends.settingTokens[0]),
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

/** A start goes on: on a new database the clients are created after it. */
async function warnOfMissingClients({ dialects, clients }: Services, log: Log): Promise<void> {
  for (const { dialect, clientId } of dialects) {
    if ((await clients.registry.stateOf(clientId)) === 'gone')
      log.warn({ event: 'dialect.client-missing', dialect: dialect.name, clientId })
  }
}

/** These secrets are public. */
async function refuseDemo(reason: string, { database, passwords }: Backends): Promise<void> {
  const leftovers = await findLeftoverDemoAccounts({ ...database, passwords })
  if (leftovers.length === 0) return
  const names = leftovers.map(({ kind, name }) => `${kind} ${name}`).join(', ')
  const fix = 'Change their secrets, remove them with "vestibule demo remove", or use another database.'
  throw new ConfigError([`${reason}, and the database contains demo secrets, which are public: ${names}. ${fix}`])
}

/** Tells settings apart without telling what they are. */
function settingsDigest(config: Config): string {
  return hash('sha256', JSON.stringify(maskedConfig(config)), 'hex').slice(0, 16)
}

async function wantsDemo(config: Config, { database }: Backends): Promise<boolean> {
  const isWelcome = database.isEmbedded && config.DEMO && !whyNoDemo(config)
  return isWelcome && (await isNewInstallation(database.knex))
}

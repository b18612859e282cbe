import { newLocalToken } from '../admin/local-access.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { AUDIT_QUEUE, type AuditWebhook } from '../audit/webhook.ts'
import { type ClientLinks, openClientLinks } from '../client-links/client-links.ts'
import { CLIENT_SESSIONS_TABLE } from '../client-sessions/client-sessions.ts'
import { LONGEST_TOKEN_SECONDS } from '../clients/client-schema.ts'
import { type DailyUses, openDailyUses } from '../clients/daily-uses.ts'
import { PRUNED_DOCUMENTS } from '../clients/documents/document-rows.ts'
import { brandName, type Config, outgoingNetworks } from '../config.ts'
import type { ConstantTimeRefusal } from '../credentials/constant-time-refusal.ts'
import type { PasswordPolicy } from '../credentials/password-policy.ts'
import type { Passwords } from '../credentials/passwords.ts'
import type { Sealing } from '../credentials/second-factors.ts'
import type { BackgroundWrapping } from '../customers/import/background-wrapping.ts'
import { CUSTOMER_QUEUE, openCustomerWebhook } from '../customers/webhook/customer-webhook.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/index.ts'
import { serverSecret } from '../database/server-secrets.ts'
import { watchQueries } from '../database/watch-queries.ts'
import { openSignInWebhook, type SignInWebhook } from '../dialects/sign-in-webhook.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import { type KeyUsageRecorder, openKeyUsage } from '../keys/usage/usage-recorder.ts'
import type { Log } from '../log.ts'
import { type Mailer, openMailer } from '../mail.ts'
import { MANDATES } from '../mandates/mandate-rows.ts'
import type { Metrics } from '../metrics.ts'
import type { SignInEndings } from '../oauth/sign-outs/sign-in-endings.ts'
import type { Deliveries } from '../outbox/stream.ts'
import { createGuardedFetch, createMayCall, type GuardedFetch } from '../outgoing/guarded-fetch.ts'
import { openStorage } from '../storage/index.ts'
import { measureStorage } from '../storage/measured.ts'
import { startPruning } from '../storage/sql-pruning.ts'
import type { Storage } from '../storage/storage.ts'
import { SUPPORT_TABLE } from '../support-access/support-accesses.ts'
import { openTokenHistory, type TokenHistory } from '../token-history/token-history.ts'
import { openTracing } from '../tracing/index.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { openAudit } from './audit.ts'
import { type Branding, openBranding } from './branding.ts'
import type { CloseStep } from './close-step.ts'
import { openKeys } from './keys.ts'
import { openPasswords } from './passwords.ts'
import { closeFiles } from './private-files.ts'
import { openSealing, openSecrets, type Secrets } from './secrets.ts'
import { openSignInEndings } from './sign-in-endings.ts'
import { openSignals, type SignInSignals } from './sign-in-signals.ts'
import { createTracedPorts } from './traced-ports.ts'

/** Lists that are never empty; those of the server's own secrets are one list for good, and change in place. */
type Several = readonly [string, ...string[]]

/** Everything that is open while the server runs, and what was read once at its start. */
export type Backends = SignInSignals & {
  readonly branding: Branding
  readonly metrics: Metrics
  /** Undefined without a collector. */
  readonly tracing: Tracing | undefined
  readonly database: Database
  readonly storage: Storage
  readonly keyRing: KeyRing
  readonly keyUsage: KeyUsageRecorder
  readonly auditTrail: AuditTrail
  readonly auditWebhook: AuditWebhook | undefined
  /** Undefined without CUSTOMER_WEBHOOK_URL. */
  readonly customerWebhook: Deliveries | undefined
  readonly tokenHistory: TokenHistory
  /** What is kept of the links of customers with software of others. */
  readonly clientLinks: ClientLinks
  readonly onSignInEnded: SignInEndings['onSignInEnded']
  readonly publishSignInEnded: SignInEndings['publishSignInEnded']
  readonly dialectUses: DailyUses
  readonly grantTypeUses: DailyUses
  readonly signInWebhook: SignInWebhook
  readonly passwords: Passwords
  readonly passwordPolicy: PasswordPolicy
  readonly refusal: ConstantTimeRefusal
  readonly wrapping: BackgroundWrapping
  readonly mailer: Mailer
  /** For addresses that others choose. */
  readonly guardedFetch: GuardedFetch
  /** Whether `guardedFetch` would call an address. */
  readonly mayCall: (address: string) => Promise<boolean>
  /** Admin tokens of ADMIN_TOKEN, or the one made for this start. */
  readonly settingTokens: readonly string[]
  readonly secrets: Secrets
  readonly cookieKeysAreSet: boolean
  readonly cookieKeys: Several
  readonly tokenKeys: Several
  /** Keys the digests of addresses and names in counters. */
  readonly digestKey: string
  readonly secondFactorSealing: Sealing
  readonly upstreamSealing: Sealing
  readonly signalSealing: Sealing
}

const DAY_SECONDS = 86_400

/** Opens everything that must be closed, in the order in which each needs the one before. */
export async function openBackends(
  config: Config,
  { log, metrics, onProgress }: { log: Log; metrics: Metrics; onProgress: (step: string) => void },
  closeSteps: CloseStep[],
): Promise<Backends> {
  const tracing = await openTracing(config, log)
  if (tracing) closeSteps.push(tracing.close)
  const ports = createTracedPorts(tracing)
  const branding = openBranding(config, log)
  closeFiles(config, log)
  const database = await openDatabase(config, onProgress)
  closeSteps.push(database.close)
  const { knex } = database
  ports.queries(database)
  watchQueries(knex, ({ kind, outcome, seconds }) => metrics.database.observe({ kind, outcome }, seconds))
  const unmeasured = ports.storage(
    await openStorage(config, knex, (error) => log.error({ event: 'storage.failed', err: error })),
  )
  closeSteps.push(unmeasured.close)
  const storage = measureStorage(unmeasured, ({ operation, outcome, seconds }) =>
    metrics.storage.observe({ operation, outcome }, seconds),
  )
  const { auditTrail, auditWebhook } = await openAudit(config, log, { database, metrics }, closeSteps)
  const customerWebhook = await openCustomerWebhook({
    knex,
    log,
    ...(config.CUSTOMER_WEBHOOK_URL && { url: config.CUSTOMER_WEBHOOK_URL }),
    ...(config.CUSTOMER_WEBHOOK_SECRET && { secret: config.CUSTOMER_WEBHOOK_SECRET }),
  })
  if (customerWebhook) closeSteps.push(customerWebhook.close)
  const tokenHistory = openTokenHistory({
    knex,
    log,
    historyDays: config.TOKEN_HISTORY_DAYS,
    longestTokenSeconds: LONGEST_TOKEN_SECONDS,
    onLost: () => metrics.tokenHistoryLost.inc(),
  })
  closeSteps.push(tokenHistory.close)
  const clientLinks = openClientLinks({
    knex,
    log,
    // As long as a grant can live, and as the trail is kept.
    keptSeconds: Math.max(LONGEST_TOKEN_SECONDS, config.AUDIT_RETENTION_DAYS * DAY_SECONDS),
    onUsed: ({ atMs: _, usedFor: reason, ...link }) => auditTrail.append({ type: 'link.used', ...link, reason }),
  })
  closeSteps.push(clientLinks.close)
  const endPruning = startPruning(
    knex,
    [SUPPORT_TABLE, { name: 'company_invitations' }, CLIENT_SESSIONS_TABLE, PRUNED_DOCUMENTS, { name: MANDATES }],
    (error) => log.warn({ event: 'support-access.prune-failed', err: error }),
  )
  closeSteps.push(async () => endPruning())
  const keyUsage = openKeyUsage({ knex, log })
  closeSteps.push(keyUsage.close)
  const { keyRing, longestTokenSeconds } = await openKeys(
    config,
    log,
    { database, storage, keyUsage, auditTrail },
    closeSteps,
  )
  const onUsesLost = (error: unknown) => log.error({ event: 'uses.lost', err: error })
  const dialectUses = openDailyUses({ knex, of: 'dialects', onError: onUsesLost })
  const grantTypeUses = openDailyUses({ knex, of: 'grantTypes', onError: onUsesLost })
  closeSteps.push(dialectUses.close, grantTypeUses.close)
  const signInWebhook = openSignInWebhook({
    url: config.SIGN_IN_WEBHOOK_URL,
    secret: config.SIGN_IN_WEBHOOK_SECRET,
    onGivenUp: (id, reason) => log.warn({ event: 'sign-in-webhook.given-up', id, reason }),
  })
  closeSteps.push(signInWebhook.close)
  const hashing = await openPasswords(config, log, { database, metrics }, closeSteps)
  const { passwordPolicy, refusal, wrapping } = hashing
  const mailer = openMailer({ ...config, log, senderName: brandName(config) })
  closeSteps.push(mailer.close)
  const publish = () => keyUsage.published(keyRing.keys().map(({ kid }) => kid))
  keyRing.onChange(publish)
  publish()
  const { onSignInEnded, publishSignInEnded } = openSignInEndings({ audit: auditTrail.append, metrics, tokenHistory })
  const settingTokens = config.ADMIN_TOKEN ?? [newLocalToken()]
  const secrets = await openSecrets(log, { database, storage }, closeSteps)
  const ownQueues = { [AUDIT_QUEUE.kind]: auditWebhook, [CUSTOMER_QUEUE.kind]: customerWebhook }
  const signals = openSignals(
    log,
    { database, storage, metrics, sealKeys: secrets.tokens.values, longestTokenSeconds, ownQueues },
    closeSteps,
  )
  return {
    branding,
    metrics,
    tracing,
    database,
    storage,
    keyRing,
    auditTrail,
    auditWebhook,
    customerWebhook,
    tokenHistory,
    clientLinks,
    onSignInEnded,
    publishSignInEnded,
    ...signals,
    keyUsage,
    dialectUses,
    grantTypeUses,
    signInWebhook,
    passwords: ports.passwords(hashing.passwords),
    passwordPolicy,
    refusal,
    wrapping,
    mailer,
    guardedFetch: createGuardedFetch({ allowedNetworks: outgoingNetworks(config) }),
    mayCall: createMayCall({ allowedNetworks: outgoingNetworks(config) }),
    settingTokens,
    secrets,
    cookieKeysAreSet: config.COOKIE_KEYS !== undefined,
    // The setting takes no empty list.
    cookieKeys: (config.COOKIE_KEYS as Several | undefined) ?? secrets.cookies.values,
    tokenKeys: secrets.tokens.values,
    digestKey: await serverSecret(knex, 'digests'),
    secondFactorSealing: await openSealing(config, knex, { name: 'second-factors', noun: 'The second factor of' }),
    upstreamSealing: await openSealing(config, knex, { name: 'upstreams', noun: 'The secret of the upstream' }),
    signalSealing: await openSealing(config, knex, { name: 'signals', noun: 'The secret of the receiver of stream' }),
  }
}

import { availableParallelism } from 'node:os'
import { newLocalToken } from '../admin/local-access.ts'
import { type AuditTrail, openAuditTrail } from '../audit/trail.ts'
import { type AuditWebhook, openAuditWebhook } from '../audit/webhook.ts'
import { openDialectUses } from '../clients/dialect-uses.ts'
import { openLongestLifetime } from '../clients/longest-lifetime.ts'
import { selectDialects } from '../compat/index.ts'
import { openSignInWebhook } from '../compat/sign-in-webhook.ts'
import { type Config, ConfigError, countWorkers } from '../config.ts'
import { openBackgroundWrapping } from '../customers/background-wrapping.ts'
import { openBreachedPasswords } from '../customers/breached-passwords.ts'
import { yieldToRequests } from '../customers/hashing-priority.ts'
import { createPasswordPolicy } from '../customers/password-policy.ts'
import { createPasswordSchemes } from '../customers/password-schemes/index.ts'
import { createPasswords } from '../customers/passwords.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/index.ts'
import { openSecretGenerations } from '../database/secret-generations.ts'
import { serverSecret } from '../database/server-secrets.ts'
import { watchQueries } from '../database/watch-queries.ts'
import { currentRequest } from '../http/request-id.ts'
import { openKeyCustody } from '../keys/custodies.ts'
import { type EvidenceRecorder, openEvidence } from '../keys/evidence.ts'
import { openKeyStore } from '../keys/index.ts'
import type { Sealed } from '../keys/key-record.ts'
import { type KeyRing, openKeyRing } from '../keys/key-ring.ts'
import { createNodeRoll } from '../keys/node-roll.ts'
import { createProtector } from '../keys/protector.ts'
import type { Log } from '../log.ts'
import { openMailer } from '../mail.ts'
import type { Metrics } from '../metrics.ts'
import { LIFETIMES } from '../oauth/lifetimes.ts'
import { createNotBefore } from '../oauth/not-before.ts'
import { openContinuity } from '../storage/continuity.ts'
import { openStorage } from '../storage/index.ts'
import { measureStorage } from '../storage/measured.ts'
import type { Storage } from '../storage/storage.ts'
import { openTracing } from '../tracing/index.ts'
import { createTracedPorts } from './traced-ports.ts'

export type Closer = () => Promise<void>
export type Backends = Awaited<ReturnType<typeof openBackends>>

/** Opens everything that must be closed, in the order in which each needs the one before. */
export async function openBackends(
  config: Config,
  { log, metrics, onProgress }: { log: Log; metrics: Metrics; onProgress: (step: string) => void },
  closers: Closer[],
) {
  const tracing = await openTracing(config, log)
  if (tracing) closers.push(tracing.close)
  const ports = createTracedPorts(tracing)
  const database = await openDatabase(config, onProgress)
  closers.push(database.close)
  const { knex } = database
  ports.queries(database)
  watchQueries(knex, ({ kind, outcome, seconds }) => metrics.database.observe({ kind, outcome }, seconds))
  const unmeasured = ports.storage(await openStorage(config, knex, (error) => log.error({ err: error }, 'storage')))
  closers.push(unmeasured.close)
  const storage = measureStorage(unmeasured, ({ operation, outcome, seconds }) =>
    metrics.storage.observe({ operation, outcome }, seconds),
  )
  const { auditTrail, auditWebhook } = await openAudit(config, log, { database, metrics }, closers)
  const evidence = openEvidence({ knex, log })
  closers.push(evidence.close)
  const keyRing = await openKeys(config, log, { database, storage, evidence, auditTrail }, closers)
  const dialectUses = openDialectUses({ knex, onError: (error) => log.error({ err: error }, 'dialect uses') })
  closers.push(dialectUses.close)
  const signInWebhook = openSignInWebhook({
    url: config.SIGN_IN_WEBHOOK_URL,
    secret: config.SIGN_IN_WEBHOOK_SECRET,
    onGivenUp: (event, reason) => log.warn({ event, reason }, 'the shop was not told of a sign-in'),
  })
  closers.push(signInWebhook.close)
  const hashing = await openPasswords(config, log, { database, metrics }, closers)
  const mailer = openMailer({ ...config, log })
  closers.push(mailer.close)
  const publish = () => evidence.published(keyRing.keys().map(({ kid }) => kid))
  keyRing.onChange(publish)
  publish()
  const settingTokens = config.ADMIN_TOKEN ?? [newLocalToken()]
  const secrets = await openSecrets(log, { database, storage }, closers)
  return {
    metrics,
    tracing,
    database,
    storage,
    keyRing,
    auditTrail,
    auditWebhook,
    evidence,
    dialectUses,
    signInWebhook,
    ...hashing,
    passwords: ports.passwords(hashing.passwords),
    mailer,
    settingTokens,
    secrets,
    cookieKeysAreSet: config.COOKIE_KEYS !== undefined,
    cookieKeys: (config.COOKIE_KEYS as Several | undefined) ?? secrets.cookies.values,
    tokenKeys: secrets.tokens.values,
    digestKey: await serverSecret(knex, 'digests'),
    secondFactorSealing: await openSecondFactorSealing(config, knex),
  }
}

/** The trail, and whoever else is told of it. The receiver is closed first: its place is in the database. */
async function openAudit(
  config: Config,
  log: Log,
  { database: { knex }, metrics }: { database: Database; metrics: Metrics },
  closers: Closer[],
): Promise<{ auditTrail: AuditTrail; auditWebhook: AuditWebhook | undefined }> {
  const { AUDIT_WEBHOOK_URL: url, AUDIT_WEBHOOK_SECRET: secret, AUDIT_STREAM: stream } = config
  const auditWebhook = url && secret ? await openAuditWebhook({ knex, log, url, secret }) : undefined
  const auditTrail = openAuditTrail({
    knex,
    log,
    retentionDays: config.AUDIT_RETENTION_DAYS,
    currentRequest,
    onLost: () => metrics.auditLost.inc(),
    ...(stream === 'log' && { onEvent: (event) => log.info({ audit: event }, `audit: ${event.type}`) }),
    onWritten(entries) {
      if (stream === 'stdout')
        for (const entry of entries) process.stdout.write(`${JSON.stringify({ audit: entry })}\n`)
      auditWebhook?.wake()
    },
  })
  closers.push(async () => {
    await auditTrail.close()
    await auditWebhook?.close()
  })
  return { auditTrail, auditWebhook }
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

/** The machine's cores over its worker processes. */
function hashesAtOnce(config: Config): number {
  return Math.max(1, Math.floor(availableParallelism() / countWorkers(config)))
}

/** KEY_ENCRYPTION_KEY seals; without it a secret of the server's own does, and opens what it sealed for good. */
async function openSecondFactorSealing({ KEY_ENCRYPTION_KEY }: Config, knex: Database['knex']) {
  const secrets = [KEY_ENCRYPTION_KEY, await serverSecret(knex, 'second-factors')].filter(Boolean).join(',')
  const { seal, open } = createProtector(secrets, { noun: 'The second factor of agent', home: 'the database' })
  return { seal, open: (id: string, sealed: object) => open(id, sealed as Sealed) }
}

/** Everything that hashes and judges passwords. Whatever is under way ends before the database is closed. */
async function openPasswords(
  config: Config,
  log: Log,
  { database: { knex }, metrics }: { database: Database; metrics: Metrics },
  closers: Closer[],
) {
  const { PASSWORD_MIN_LENGTH: minLength, PASSWORD_MAX_LENGTH: maxLength, BREACHED_PASSWORDS: path } = config
  const breached = await openBreachedPasswords(path).catch((error: Error) => {
    throw new ConfigError([`BREACHED_PASSWORDS is "${path}", which cannot be read (${error.message}).`])
  })
  closers.push(breached.close)
  const schemes = createPasswordSchemes({
    ...(config.PRESTASHOP_COOKIE_KEY && { prestashopCookieKey: config.PRESTASHOP_COOKIE_KEY }),
  })
  const passwords = createPasswords({
    schemes,
    concurrency: hashesAtOnce(config),
    onWaited: (seconds) => metrics.hashingWait.observe(seconds),
  })
  yieldToRequests()
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
  {
    database,
    storage,
    evidence,
    auditTrail,
  }: { database: Database; storage: Storage; evidence: EvidenceRecorder; auditTrail: AuditTrail },
  closers: Closer[],
): Promise<KeyRing> {
  const { knex } = database
  const custody = await openKeyCustody(config)
  closers.push(custody.close)
  const lifetime = await openLongestLifetime({
    knex,
    storage,
    floorSeconds: Math.max(LIFETIMES.accessToken, ...dialectLifetimes(config)),
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
    onChanged: ({ action, kid }) =>
      auditTrail.append({ type: 'key.changed', actor: 'server', reason: `${action} ${kid}` }),
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

/** How long the tokens of dialects live; seconds. Their resource servers are in no table. */
function dialectLifetimes(config: Config): number[] {
  const servers = selectDialects(config).flatMap(({ dialect }) => dialect.resourceServers)
  return servers.flatMap(({ format, accessTokenTtlSeconds }) => (format === 'jwt' ? (accessTokenTtlSeconds ?? []) : []))
}

/** A Redis that comes back empty or old would bring revoked tokens back to life: everybody signs in again instead. */
export function guardContinuity(log: Log, { storage, auditTrail, database: { knex } }: Backends) {
  return openContinuity({
    storage,
    knex,
    onError: (error) => log.warn({ err: error }, 'storage could not be marked'),
    async onLost(lost) {
      await createNotBefore(lost).set({ of: 'everybody' }, Date.now())
      auditTrail.append({ type: 'sign-out-everywhere', actor: 'server', reason: 'storage lost its memory' })
      log.error('REDIS_URL lost its memory')
    },
  })
}

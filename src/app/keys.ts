import type { AuditTrail } from '../audit/trail.ts'
import { openLongestLifetime } from '../clients/longest-lifetime.ts'
import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import { selectDialects } from '../dialects/index.ts'
import { type KeyRing, openKeyRing } from '../keys/ring/key-ring.ts'
import { createNodeRegistry } from '../keys/ring/node-registry.ts'
import { openSigner } from '../keys/signers/open-signer.ts'
import { openKeyStore } from '../keys/stores/index.ts'
import type { KeyUsageRecorder } from '../keys/usage/usage-recorder.ts'
import type { Log } from '../log.ts'
import { LIFETIMES } from '../oauth/tokens/lifetimes.ts'
import type { Storage } from '../storage/storage.ts'
import type { CloseStep } from './close-step.ts'

/** The signing keys, and the longest an access token that they sign can live. */
export type Keys = { readonly keyRing: KeyRing; readonly longestTokenSeconds: () => number }

/** The signing keys, with everything that says when they change. */
export async function openKeys(
  config: Config,
  log: Log,
  {
    database,
    storage,
    keyUsage,
    auditTrail,
  }: { database: Database; storage: Storage; keyUsage: KeyUsageRecorder; auditTrail: AuditTrail },
  closeSteps: CloseStep[],
): Promise<Keys> {
  const { knex } = database
  const signer = await openSigner(config)
  closeSteps.push(signer.close)
  const lifetime = await openLongestLifetime({
    knex,
    storage,
    floorSeconds: Math.max(LIFETIMES.accessToken, ...dialectLifetimes(config)),
    onError: (error) => log.warn({ event: 'keys.lifetime-unknown', err: error }),
  })
  closeSteps.push(lifetime.close)
  // Redis remembers removed keys beside the database; where sessions are in the database it would add nothing.
  const store = await openKeyStore({ ...config, knex, ...(config.REDIS_URL && { storage }) })
  const keyRing = await openKeyRing({
    store,
    storage,
    signer,
    log,
    onSigned: keyUsage.signed,
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
    ...(!database.isEmbedded && { nodes: createNodeRegistry(knex) }),
  })
  closeSteps.push(keyRing.close)
  return { keyRing, longestTokenSeconds: lifetime.seconds }
}

/** How long the tokens of dialects live; seconds. Their resource servers are in no table. */
function dialectLifetimes(config: Config): number[] {
  const servers = selectDialects(config).flatMap(({ dialect }) => dialect.resourceServers)
  return servers.flatMap(({ format, accessTokenTtlSeconds }) => (format === 'jwt' ? (accessTokenTtlSeconds ?? []) : []))
}

import { z } from 'zod'
import { listKeys } from '../../keys/ring/key-listing.ts'
import { createKeyOperations, exportPublicKeys, type KeyOperationOutcome } from '../../keys/ring/key-operations.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import type { KeyUsageRecorder } from '../../keys/usage/usage-recorder.ts'
import { Problem } from '../problem.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, whole } from './shapes.ts'

export type KeyRouteDeps = {
  readonly keyRing: KeyRing
  readonly keyUsage: KeyUsageRecorder
  /** Encrypts anew what else KEY_ENCRYPTION_KEY encrypts. */
  readonly reseal: () => Promise<void>
}

const algorithm = z.enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
const forced = z.strictObject({ force: z.boolean().default(false) })
const params = z.object({ kid: z.string() })
const key = z
  .object({
    kid: z.string(),
    algorithm,
    state: z.enum(['pending', 'active', 'retired']),
    createdAt: epochSeconds,
    since: epochSeconds,
    ageSeconds: z.number(),
    firstPublishedAt: epochSeconds,
    lastSignedAt: epochSeconds.optional(),
    lastSeenAt: epochSeconds.optional(),
    next: z.enum(['activate', 'retire', 'remove']).optional().describe('What the schedule does next with the key.'),
    nextAt: epochSeconds.optional(),
    verifiersBehind: z.array(z.object({ verifier: z.string(), address: z.string(), lastFetchedAt: epochSeconds })),
  })
  .meta({ id: 'SigningKey' })
const changes = z.object({ changes: z.array(z.object({ action: z.string(), kid: z.string() })) })

/** Signing keys: what there is and what is known of their use, and the ways to change them by hand. */
export function keyRoutes({ keyRing, keyUsage, reseal }: KeyRouteDeps): Route[] {
  const operations = createKeyOperations(keyRing)
  const act = {
    method: 'POST',
    permission: 'keys:write',
    result: changes,
    refusals: [409],
    audit: 'key.changed',
  } as const

  return [
    route({
      method: 'GET',
      path: '/v1/keys',
      summary: 'Signing keys with state and use; active keys first',
      permission: 'keys:read',
      result: pageOf(key),
      async handle() {
        await keyUsage.flush()
        return whole(await listKeys({ ring: keyRing, keyUsage, now: Math.floor(Date.now() / 1000) }))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/keys/public',
      summary: 'The published keys as a JWK Set',
      permission: 'keys:read',
      result: z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }),
      handle: async () => exportPublicKeys(keyRing.keys()) as { keys: { kid: string }[] }, // each of ours has a kid
    }),
    route({
      ...act,
      path: '/v1/keys',
      summary: 'Publish a new key; it signs later',
      body: z.strictObject({ algorithm }),
      async handle({ body, note }) {
        note({ after: body })
        return changed(await operations.generate(body.algorithm))
      },
    }),
    route({
      ...act,
      path: '/v1/keys/rotate',
      summary: 'Start signing with the next key, of one algorithm or of all',
      body: forced.extend({ algorithm: algorithm.optional() }),
      handle: async ({ body: { force, algorithm } }) =>
        changed(await operations.rotate({ force, ...(algorithm && { algorithm }) })),
    }),
    route({
      ...act,
      path: '/v1/keys/reencrypt',
      summary: 'Encrypt private keys and second factors again, with the first key of KEY_ENCRYPTION_KEY',
      result: z.object({ reencrypted: z.int() }),
      async handle() {
        await reseal()
        return { reencrypted: await keyRing.reencrypt() }
      },
    }),
    route({
      ...act,
      path: '/v1/keys/{kid}/activate',
      summary: 'Start signing with this key',
      params,
      body: forced,
      handle: async ({ params, body }) => changed(await operations.activate(params.kid, body)),
    }),
    route({
      ...act,
      path: '/v1/keys/{kid}/retire',
      summary: 'Stop signing with this key; its tokens stay valid',
      params,
      body: forced,
      handle: async ({ params, body }) => changed(await operations.retire(params.kid, body)),
    }),
    route({
      ...act,
      path: '/v1/keys/{kid}/revoke',
      summary: 'Remove a compromised key at once; its tokens become invalid',
      params,
      handle: async ({ params }) => changed(await operations.revoke(params.kid)),
    }),
  ]
}

function changed(outcome: KeyOperationOutcome) {
  if (outcome.outcome === 'changed') return { changes: outcome.changes }
  throw new Problem(409, 'refused', outcome.reason)
}

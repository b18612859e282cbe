import { z } from 'zod'
import { listKeys } from '../../keys/ring/key-listing.ts'
import { createKeyOperations, exportPublicKeys, type KeyOperationOutcome } from '../../keys/ring/key-operations.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import type { KeyUsageRecorder } from '../../keys/usage/usage-recorder.ts'
import { Problem } from '../problem.ts'
import { algorithm, kid } from './fields.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, whole } from './shapes.ts'

export type KeyRouteDeps = {
  readonly keyRing: KeyRing
  readonly keyUsage: KeyUsageRecorder
  /** Encrypts anew what else KEY_ENCRYPTION_KEY encrypts. */
  readonly reseal: () => Promise<void>
}

const forced = z.strictObject({
  force: z
    .boolean()
    .default(false)
    .describe('Does it although verifiers may not know the key yet, or tokens are left without one that signs.'),
})
const params = z.object({ kid })
const verifier = z.object({
  verifier: z.string().describe('The User-Agent of a service that fetches the key set.'),
  address: z.string().describe('The IP address of that service.'),
  lastFetchedAt: epochSeconds('When it last fetched the key set'),
})
const key = z
  .object({
    kid,
    algorithm,
    state: z
      .enum(['pending', 'active', 'retired'])
      .describe('"pending" is published and does not sign yet, "active" signs, "retired" verifies only.'),
    createdAt: epochSeconds('When it was made'),
    since: epochSeconds('When it came into its state'),
    ageSeconds: z.number().describe('How old it is.'),
    firstPublishedAt: epochSeconds('When verifiers could first fetch it'),
    lastSignedAt: epochSeconds('When it last signed a token').optional(),
    lastSeenAt: epochSeconds('When a token that it signed was last shown').optional(),
    next: z.enum(['activate', 'retire', 'remove']).optional().describe('What the schedule does next with the key.'),
    nextAt: epochSeconds('When the schedule does that').optional(),
    verifiersBehind: z.array(verifier).describe('Services that have not fetched the key set since the key is in it.'),
  })
  .meta({ id: 'SigningKey' })
const change = z.object({ action: z.string().describe('What became of the key.'), kid })
const changes = z.object({ changes: z.array(change).describe('What was changed, in this order.') })

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
      result: z.object({
        keys: z.array(z.looseObject({ kid })).describe('The keys, each a JWK (RFC 7517 §5).'),
      }),
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
      result: z.object({ reencrypted: z.int().describe('How many private keys were encrypted again.') }),
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

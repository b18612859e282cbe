import { Router } from '@koa/router'
import { z } from 'zod'
import type { EvidenceRecorder } from '../keys/evidence.ts'
import { listKeys } from '../keys/key-listing.ts'
import { createKeyOperations, exportPublicKeys, type KeyOperationOutcome } from '../keys/key-operations.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type KeyRouteDeps = {
  readonly keyRing: KeyRing
  readonly evidence: EvidenceRecorder
  /** Encrypts anew what else KEY_ENCRYPTION_KEY encrypts. */
  readonly reseal: () => Promise<void>
}

const algorithm = z.enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
const forced = z.strictObject({ force: z.boolean().default(false) })

/** Signing keys: what there is and what is known of their use, and the ways to change them by hand. */
export function keyRoutes({ keyRing, evidence, reseal }: KeyRouteDeps): Router {
  const operations = createKeyOperations(keyRing)
  const router = new Router({ prefix: '/v1/keys' })

  router.get('/', async (ctx) => {
    await evidence.flush()
    ctx.body = { keys: await listKeys({ ring: keyRing, evidence, now: Math.floor(Date.now() / 1000) }) }
  })
  router.get('/public', (ctx) => {
    ctx.body = exportPublicKeys(keyRing.keys())
  })
  router.post('/', async (ctx) => {
    const body = await readJson(ctx, z.strictObject({ algorithm }))
    ctx.body = changed(await operations.generate(body.algorithm))
  })
  router.post('/rotate', async (ctx) => {
    const body = await readJson(ctx, forced.extend({ algorithm: algorithm.optional() }))
    ctx.body = changed(
      await operations.rotate({ force: body.force, ...(body.algorithm && { algorithm: body.algorithm }) }),
    )
  })
  router.post('/reencrypt', async (ctx) => {
    await reseal()
    ctx.body = { reencrypted: await keyRing.reencrypt() }
  })
  router.post('/:kid/activate', async (ctx) => {
    ctx.body = changed(await operations.activate(kidOf(ctx.params), await readJson(ctx, forced)))
  })
  router.post('/:kid/retire', async (ctx) => {
    ctx.body = changed(await operations.retire(kidOf(ctx.params), await readJson(ctx, forced)))
  })
  router.post('/:kid/revoke', async (ctx) => {
    ctx.body = changed(await operations.revoke(kidOf(ctx.params)))
  })
  return router
}

function changed(outcome: KeyOperationOutcome): { changes: readonly object[] } {
  if (outcome.outcome === 'changed') return { changes: outcome.changes }
  throw new Problem(409, 'refused', outcome.reason)
}

function kidOf(params: Record<string, string | undefined>): string {
  return params.kid ?? ''
}

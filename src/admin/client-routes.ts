import { randomBytes } from 'node:crypto'
import { Router } from '@koa/router'
import { z } from 'zod'
import type { ClientMetadata } from '../clients/client.ts'
import type { ClientRegistry } from '../clients/registry.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type ClientRouteDeps = {
  readonly clients: ClientRegistry
  /** @throws with the reason when the protocol engine cannot use the metadata. */
  readonly validate: (metadata: ClientMetadata) => Promise<void>
}

const clientBody = z.object({
  metadata: z.looseObject({ client_id: z.string().min(1).max(255) }),
  secret: z.string().min(8).optional(),
})
const secretBody = z.strictObject({
  name: z.string().min(1).max(64),
  expiresAt: z.iso.datetime().optional(),
  secret: z.string().min(16).optional(),
})

/** Clients and their secrets. A secret is shown once, when it is made; only its digest is kept. */
export function clientRoutes({ clients, validate }: ClientRouteDeps): Router {
  const router = new Router({ prefix: '/v1/clients' })

  router.get('/', async (ctx) => {
    ctx.body = { clients: await clients.list() }
  })
  router.post('/', async (ctx) => {
    const { metadata, secret } = await readJson(ctx, clientBody)
    await validate(metadata as ClientMetadata).catch((error: Error & { error_description?: string }) => {
      throw new Problem(400, 'invalid-client-metadata', error.error_description ?? error.message)
    })
    await clients.save(metadata as ClientMetadata, secret)
    ctx.status = 201
    ctx.body = { client_id: metadata.client_id }
  })
  router.get('/:clientId/secrets', async (ctx) => {
    ctx.body = { secrets: await clients.listSecrets(clientIdOf(ctx.params)) }
  })
  router.post('/:clientId/secrets', async (ctx) => {
    const { name, expiresAt, secret = randomBytes(32).toString('base64url') } = await readJson(ctx, secretBody)
    const expires = expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) / 1000 }
    if (!(await clients.addSecret(clientIdOf(ctx.params), { name, secret, ...expires }))) {
      throw new Problem(409, 'secret-exists', `There is no such client, or it has a secret named "${name}" already.`)
    }
    ctx.status = 201
    ctx.body = { name, secret, ...(expiresAt && { expiresAt }) }
  })
  router.post('/:clientId/secrets/:name/expire', async (ctx) => {
    const { at } = await readJson(ctx, z.strictObject({ at: z.iso.datetime().optional() }))
    const name = ctx.params.name ?? ''
    const expiresAt = at ? Date.parse(at) / 1000 : Date.now() / 1000
    if (!(await clients.expireSecret(clientIdOf(ctx.params), name, expiresAt))) {
      throw new Problem(404, 'unknown-secret', `The client has no secret named "${name}".`)
    }
    ctx.body = { name, expiresAt: new Date(expiresAt * 1000).toISOString() }
  })
  router.post('/:clientId/:action', async (ctx, next) => {
    if (!['enable', 'disable'].includes(ctx.params.action ?? '')) return next()
    const isEnabled = ctx.params.action === 'enable'
    if (!(await clients.setEnabled(clientIdOf(ctx.params), isEnabled))) {
      throw new Problem(404, 'unknown-client', `There is no client "${clientIdOf(ctx.params)}".`)
    }
    ctx.body = { client_id: clientIdOf(ctx.params), isEnabled }
  })
  return router
}

function clientIdOf(params: Record<string, string | undefined>): string {
  return params.clientId ?? ''
}

import { z } from 'zod'
import type { ClientRegistry } from '../../clients/registry.ts'
import { newSecretValue } from '../../clients/secrets.ts'
import { Problem } from '../problem.ts'
import { clientSecret, newSecret, secretName } from './client-shapes.ts'
import { clientId } from './fields.ts'
import { type Route, route } from './route.ts'
import { instant, pageOf, whole } from './shapes.ts'

const params = z.object({ clientId })
const about = ({ params: { clientId } }: { readonly params: z.output<typeof params> }) => ({ clientId })

/** Secrets of clients. One is shown once, when it is made; only its digest is kept. */
export function clientSecretRoutes({ clients }: { readonly clients: ClientRegistry }): Route[] {
  const act = { method: 'POST', permission: 'clients:secrets', audit: 'client.changed', about } as const

  return [
    route({
      method: 'GET',
      path: '/v1/clients/{clientId}/secrets',
      summary: 'Names and expiry times of the secrets of a client',
      permission: 'clients:read',
      params,
      result: pageOf(clientSecret),
      handle: async ({ params: { clientId } }) => whole(await clients.listSecrets(clientId)),
    }),
    route({
      ...act,
      path: '/v1/clients/{clientId}/secrets',
      summary: 'Add a secret to a client; only this answer contains it',
      params,
      body: newSecret,
      status: 201,
      result: clientSecret.extend({ secret: z.string().describe('The secret. Only this answer contains it.') }),
      refusals: [409],
      async handle({ params: { clientId }, body, note }) {
        const added = { ...body, secret: body.secret ?? newSecretValue() }
        note({ after: { added: body.name, expiresAt: body.expiresAt } })
        if (await clients.addSecret(clientId, added)) return added
        const reason = `There is no such client, or it already has a secret named "${body.name}".`
        throw new Problem(409, 'secret-exists', reason)
      },
    }),
    route({
      ...act,
      path: '/v1/clients/{clientId}/secrets/{name}/expire',
      summary: 'Make a secret expire, now or at an instant',
      params: params.extend({ name: secretName }),
      body: z.strictObject({ at: instant.optional() }),
      result: clientSecret,
      refusals: [404],
      async handle({ params: { clientId, name }, body: { at: expiresAt = Date.now() / 1000 }, note }) {
        note({ after: { expiresAt } })
        if (await clients.expireSecret(clientId, name, expiresAt)) return { name, expiresAt }
        throw new Problem(404, 'unknown-secret', `The client has no secret named "${name}".`)
      },
    }),
  ]
}

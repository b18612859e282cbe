import { z } from 'zod'
import type { ClientMetadata } from '../../clients/client.ts'
import { WHAT_DISABLING_DOES } from '../../clients/disabling.ts'
import type { ClientRegistry, ListedClient } from '../../clients/registry.ts'
import { newSecretValue } from '../../clients/secrets.ts'
import { unwiseMembers } from '../../clients/unwise.ts'
import type { Changed } from '../../database/revision.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import { changedMeanwhile, Problem } from '../problem.ts'
import { client, madeClient, newClient, storedClient } from './client-shapes.ts'
import { clientId } from './fields.ts'
import { type Route, route } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'

export type ClientRouteDeps = {
  readonly clients: ClientRegistry
  /** @throws with the reason when the protocol engine cannot use the metadata. */
  readonly validate: (metadata: ClientMetadata) => Promise<void>
  readonly endSignIn: EndSignIn
}

const params = z.object({ clientId })
const about = ({ params: { clientId } }: { readonly params: z.output<typeof params> }) => ({ clientId })

/** Who may ask for tokens. */
export function clientRoutes({ clients, validate, endSignIn }: ClientRouteDeps): Route[] {
  async function usable(given: ClientMetadata): Promise<ClientMetadata> {
    await validate(given).catch((error: Error & { error_description?: string }) => {
      throw new Problem(400, 'invalid-client-metadata', error.error_description ?? error.message)
    })
    return given
  }
  const write = { permission: 'clients:write', result: client, audit: 'client.changed' } as const

  return [
    route({
      method: 'GET',
      path: '/v1/clients',
      summary: 'Clients, by id',
      permission: 'clients:read',
      query: pageQuery,
      result: pageOf(client),
      handle: ({ query }) => clients.list(query),
    }),
    route({
      ...write,
      method: 'POST',
      path: '/v1/clients',
      summary: 'Register a client',
      description:
        'A client that proves itself by a secret gets one if none is sent; only this answer contains it. Warnings name what is allowed and seldom meant.',
      body: newClient,
      status: 201,
      result: madeClient,
      revision: 'shown',
      revised: stored,
      refusals: [409],
      about: ({ body }) => ({ clientId: body.metadata.client_id }),
      async handle({ body: { metadata, secret: given }, note }) {
        const secret = given ?? (needsSecret(metadata) ? newSecretValue() : undefined)
        const created = await clients.create(await usable(metadata), secret)
        if (created) note({ after: audited(created) })
        if (created) return { ...created, ...(given === undefined && secret && { secret }), ...warningsOf(metadata) }
        throw new Problem(409, 'client-exists', `A client "${metadata.client_id}" already exists.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/clients/{clientId}',
      summary: 'One client',
      permission: 'clients:read',
      params,
      result: client,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params: { clientId } }) => known(await clients.get(clientId), clientId),
    }),
    route({
      ...write,
      method: 'PUT',
      path: '/v1/clients/{clientId}',
      summary: 'Replace the metadata of a client, and its "default" secret if a secret is given',
      params,
      body: newClient,
      result: storedClient,
      revision: 'expected',
      revised: stored,
      refusals: [404],
      about,
      async handle({ params: { clientId }, body, seen, note }) {
        if (body.metadata.client_id !== clientId) throw otherClient(body.metadata.client_id)
        const next = await usable(body.metadata)
        const outcome = await clients.replace(seen, next, body.secret)
        const now = changed(outcome, clientId)
        const before = outcome.outcome === 'changed' ? outcome.before : now
        note({
          before: audited(before),
          after: { ...audited(now), ...(body.secret !== undefined && { secret: true }) },
        })
        return { ...now, ...warningsOf(next) }
      },
    }),
    route({
      ...write,
      method: 'DELETE',
      path: '/v1/clients/{clientId}',
      summary: 'Remove a client and revoke all of its tokens',
      params,
      status: 204,
      revision: 'expected',
      refusals: [404],
      about,
      async handle({ params: { clientId }, seen, actor }) {
        const removed = changed(await clients.remove(clientId, seen), clientId)
        await endSignIn({ what: { of: 'client', id: clientId }, why: 'client-removed', by: actor.name })
        return removed
      },
    }),
    ...(['enable', 'disable'] as const).map((action) =>
      route({
        method: 'POST',
        path: `/v1/clients/{clientId}/${action}`,
        summary: action === 'enable' ? 'Enable a client' : 'Disable a client',
        description: WHAT_DISABLING_DOES,
        permission: 'clients:switch',
        params,
        result: client,
        refusals: [404],
        audit: 'client.changed',
        about,
        async handle({ params: { clientId }, actor, note }) {
          const isEnabled = (await clients.get(clientId))?.isEnabled
          note({ before: { isEnabled }, after: { isEnabled: action === 'enable' } })
          await clients.setEnabled(clientId, action === 'enable')
          const client = known(await clients.get(clientId), clientId)
          const ending = { what: { of: 'client', id: clientId }, why: 'client-disabled', by: actor.name } as const
          if (action === 'disable') await endSignIn(ending)
          return client
        },
      }),
    ),
  ]
}

function audited({ metadata, isEnabled }: ListedClient): object {
  return { ...metadata, isEnabled }
}

/** What is read again: neither the secret nor the warnings. */
function stored<Metadata>({
  metadata,
  isEnabled,
}: {
  readonly metadata: Metadata
  readonly isEnabled: boolean
}): object {
  return { metadata, isEnabled }
}

function needsSecret({ token_endpoint_auth_method: method = 'client_secret_basic' }: ClientMetadata): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}

function warningsOf(metadata: ClientMetadata): { warnings?: string[] } {
  const warnings = unwiseMembers(metadata)
  return warnings.length > 0 ? { warnings } : {}
}

function otherClient(sent: string): Problem {
  const detail = `The metadata are of "${sent}", another client. The client_id cannot change: create a new one.`
  return new Problem(400, 'other-client', detail)
}

function changed(outcome: Changed<ListedClient>, clientId: string): ListedClient {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, clientId)
}

function known(found: ListedClient | undefined, clientId: string): ListedClient {
  if (found) return found
  throw new Problem(404, 'unknown-client', `There is no client "${clientId}".`)
}

import { z } from 'zod'
import { resourceServer, resourceServerSettings, storedResourceServer } from '../../clients/resource-server-schema.ts'
import type { ResourceServer, ResourceServerRegistry } from '../../clients/resource-servers.ts'
import type { Changed } from '../../database/revision.ts'
import { changedMeanwhile, Problem } from '../problem.ts'
import { noteChange } from './note-change.ts'
import { type Route, route } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'

const params = z.object({ identifier: z.string().describe('Percent-encoded.') })

/** Commerce services that accept tokens. */
export function resourceServerRoutes({
  resourceServers,
}: {
  readonly resourceServers: ResourceServerRegistry
}): Route[] {
  const act = {
    permission: 'resource-servers:write',
    result: storedResourceServer,
    audit: 'resource-server.changed',
  } as const

  return [
    route({
      method: 'GET',
      path: '/v1/resource-servers',
      summary: 'Resource servers by identifier, without those of dialects',
      permission: 'resource-servers:read',
      query: pageQuery,
      result: pageOf(storedResourceServer),
      handle: ({ query }) => resourceServers.list(query),
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/resource-servers',
      summary: 'Register a resource server',
      body: resourceServer,
      status: 201,
      revision: 'shown',
      refusals: [409],
      async handle({ body, note }) {
        note({ after: body })
        const created = await resourceServers.create(given(body))
        if (created) return created
        throw new Problem(409, 'resource-server-exists', `A resource server "${body.identifier}" already exists.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/resource-servers/{identifier}',
      summary: 'One resource server',
      permission: 'resource-servers:read',
      params,
      result: storedResourceServer,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params: { identifier } }) => known(await resourceServers.get(identifier), identifier),
    }),
    route({
      ...act,
      method: 'PUT',
      path: '/v1/resource-servers/{identifier}',
      summary: 'Replace the settings of a resource server',
      params,
      body: resourceServerSettings,
      revision: 'expected',
      refusals: [404],
      async handle({ params: { identifier }, body, seen, note }) {
        const { identifier: sent = identifier, ...settings } = body
        if (sent !== identifier) throw otherIdentifier(sent)
        const outcome = await resourceServers.replace(identifier, seen, given({ identifier, ...settings }))
        noteChange(note, outcome)
        return changed(outcome, identifier)
      },
    }),
    route({
      ...act,
      method: 'DELETE',
      path: '/v1/resource-servers/{identifier}',
      summary: 'Remove a resource server; it gets no more tokens',
      params,
      status: 204,
      revision: 'expected',
      refusals: [404],
      handle: async ({ params: { identifier }, seen }) =>
        changed(await resourceServers.replace(identifier, seen, undefined), identifier),
    }),
  ]
}

/** Without the members that were left out, so that it reads back as it was written. */
function given(body: z.output<typeof resourceServer>): ResourceServer {
  return JSON.parse(JSON.stringify(body)) as ResourceServer // members that are undefined are gone from the copy
}

function otherIdentifier(sent: string): Problem {
  const detail = `The body is of "${sent}", the address of another resource server. The identifier cannot change: create a new one.`
  return new Problem(400, 'other-identifier', detail)
}

function changed(outcome: Changed<ResourceServer>, identifier: string): ResourceServer {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, identifier)
}

function known(found: ResourceServer | undefined, identifier: string): ResourceServer {
  if (found) return found
  throw new Problem(404, 'unknown-resource-server', `There is no resource server "${identifier}".`)
}

import { isOffered } from '../../clients/offered-scopes.ts'
import type { ListedClient } from '../../clients/registry.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { HOW_TO_LIMIT, isUnlimited } from '../../clients/third-parties.ts'
import type { Config } from '../../config.ts'
import type { AdminClient } from '../command/admin-client.ts'
import { bad, type Finding, ok } from './findings.ts'

/** Whether what the settings say of clients and resource servers is there, and clients are as they are stored today. */
export async function examineClients(config: Config, admin: AdminClient): Promise<Finding[]> {
  const clients = await admin.list<ListedClient>('/v1/clients')
  const resourceServers = await admin.list<ResourceServer>('/v1/resource-servers')
  return [
    ...unlimitedClients(clients),
    ...dialectClients(config, new Set(clients.map(({ metadata }) => metadata.client_id))),
    defaultResource(config, new Set(resourceServers.map(({ identifier }) => identifier))),
    ...hiddenDefaults(config, clients, resourceServers),
    ...ownScreens(config, clients),
  ]
}

/** They were stored before that was refused. */
function unlimitedClients(clients: readonly ListedClient[]): Finding[] {
  const unlimited = clients.filter(({ metadata }) => isUnlimited(metadata))
  if (unlimited.length === 0) return [ok('clients', 'each client of others says what it may ask for')]
  return unlimited.map(({ metadata: { client_id } }) =>
    bad('clients', `"${client_id}" may ask every resource server for every scope: ${HOW_TO_LIMIT}.`),
  )
}

function dialectClients({ DIALECTS, DIALECT_CLIENTS }: Config, known: ReadonlySet<string>): Finding[] {
  if (DIALECTS.length === 0) return [ok('dialects', 'none is on')]
  const lost = DIALECTS.flatMap((name) => {
    const clientId = DIALECT_CLIENTS.get(name)
    return clientId === undefined || known.has(clientId) ? [] : [{ name, clientId }]
  })
  if (lost.length === 0) return [ok('dialects', `the clients of ${DIALECTS.join(', ')} exist`)]
  return lost.map(({ name, clientId }) => {
    const fix = `Run "npx vestibule clients create ${clientId} --preset dialect", or correct DIALECT_CLIENTS.`
    return bad('dialects', `the client "${clientId}" of ${name} does not exist: its endpoints answer 503. ${fix}`)
  })
}

/** Screens of apps that ask an endpoint which is off. */
function ownScreens({ AUTHORIZATION_CHALLENGE }: Config, clients: readonly ListedClient[]): Finding[] {
  if (AUTHORIZATION_CHALLENGE === 'on') return []
  const asking = clients.filter(({ metadata }) => metadata.authorization_challenge === true)
  return asking.map(({ metadata: { client_id } }) =>
    bad(
      'clients',
      `"${client_id}" has authorization_challenge, and /authorize-challenge is off: set AUTHORIZATION_CHALLENGE to on, or take the member out.`,
    ),
  )
}

function defaultResource({ DEFAULT_RESOURCE }: Config, known: ReadonlySet<string>): Finding {
  if (known.has(DEFAULT_RESOURCE)) return ok('default resource', `${DEFAULT_RESOURCE} is registered`)
  const effect = 'requests that name no resource are refused'
  const fix = 'Restart the server or run "npx vestibule migrate": both register it. Or correct DEFAULT_RESOURCE.'
  return bad('default resource', `there is no resource server ${DEFAULT_RESOURCE}: ${effect}. ${fix}`)
}

/** A client that may not have what its requests are for when they name nothing. */
function hiddenDefaults(
  { DEFAULT_RESOURCE }: Config,
  clients: readonly ListedClient[],
  resourceServers: readonly ResourceServer[],
): Finding[] {
  const hidden = new Set(resourceServers.filter((server) => !isOffered(server)).map(({ identifier }) => identifier))
  // Software that registered itself names the service that it found the server by.
  const known = clients.filter(({ metadata }) => metadata.self_registered !== true)
  return known.flatMap(({ metadata: { client_id, first_party, default_resource = DEFAULT_RESOURCE } }) => {
    if (first_party === true || !hidden.has(default_resource)) return []
    const effect = `its requests that name no resource are for ${default_resource}, which is not offered to software of others`
    const fix = 'Give it a default_resource that is offered, or say first_party: true if it is your own software.'
    return [bad('clients', `"${client_id}" is refused: ${effect}. ${fix}`)]
  })
}

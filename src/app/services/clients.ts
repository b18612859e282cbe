import type { Client, ClientMetadata } from '../../clients/client.ts'
import { type ClientRegistry, createClientRegistry } from '../../clients/registry.ts'
import {
  createResourceServerRegistry,
  type ResourceServer,
  type ResourceServerRegistry,
} from '../../clients/resource-servers.ts'
import { createSecretGuessing } from '../../clients/secret-guessing.ts'
import { networkOf } from '../../credentials/ip-network.ts'
import type { Dialect } from '../../dialects/dialect.ts'
import type { Log } from '../../log.ts'
import type { Backends } from '../backends.ts'

/** Who asks for tokens, and who accepts them. */
export type ClientServices = {
  readonly registry: ClientRegistry
  /** Whether it is a secret of the client; wrong ones are counted by the caller's network. */
  readonly verifySecret: (clientId: string, presented: string, ip: string) => Promise<boolean>
  /** Whether the client proved itself from this network not long ago. */
  readonly isKnownPlace: (clientId: string, network: string) => boolean
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource servers that dialects bring along; the registry has them too. */
  readonly builtIn: Dialect['resourceServers']
  readonly resourceServers: ResourceServerRegistry
}

export type ClientServicesDeps = Pick<Backends, 'database' | 'storage'> & {
  readonly builtIn: Dialect['resourceServers']
  /** The server itself as a resource server. */
  readonly ownResource: ResourceServer
  /** Clients that the server itself is. */
  readonly ownClients: readonly ClientMetadata[]
  readonly log: Pick<Log, 'warn'>
  /** Clients that no operator registered. */
  readonly findElse: (clientId: string) => Promise<Client | undefined>
}

/** The registries of clients and resource servers. */
export function createClientServices({
  database: { knex },
  storage,
  builtIn,
  ownResource,
  ownClients,
  log,
  findElse,
}: ClientServicesDeps): ClientServices {
  const registry = createClientRegistry({ knex, storage, builtIn: ownClients, findElse })
  const guessing = createSecretGuessing({
    storage,
    onLimit: (client, network) => log.warn({ event: 'client.secret-guessing', client, network }),
  })
  return {
    registry,
    verifySecret: (clientId, presented, ip) =>
      guessing.verify(clientId, networkOf(ip), () => registry.verifySecret(clientId, presented)),
    isKnownPlace: guessing.isKnownPlace,
    findClient: async (clientId) => (await registry.find(clientId))?.metadata,
    builtIn,
    resourceServers: createResourceServerRegistry({ knex, storage, builtIn: [...builtIn, ownResource] }),
  }
}

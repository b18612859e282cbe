import type { ClientMetadata } from '../../clients/client.ts'
import { type ClientRegistry, createClientRegistry } from '../../clients/registry.ts'
import { createResourceServerRegistry, type ResourceServerRegistry } from '../../clients/resource-servers.ts'
import type { Dialect } from '../../dialects/dialect.ts'
import type { Backends } from '../backends.ts'

/** Who asks for tokens, and who accepts them. */
export type ClientServices = {
  readonly registry: ClientRegistry
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  /** The resource servers that dialects bring along; the registry has them too. */
  readonly builtIn: Dialect['resourceServers']
  readonly resourceServers: ResourceServerRegistry
}

export type ClientServicesDeps = Pick<Backends, 'database' | 'storage'> & {
  readonly builtIn: Dialect['resourceServers']
}

/** The registries of clients and resource servers. */
export function createClientServices({ database: { knex }, storage, builtIn }: ClientServicesDeps): ClientServices {
  const registry = createClientRegistry({ knex, storage })
  return {
    registry,
    findClient: async (clientId) => (await registry.find(clientId))?.metadata,
    builtIn,
    resourceServers: createResourceServerRegistry({ knex, storage, builtIn }),
  }
}

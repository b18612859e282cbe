import { createMetadataRoutes } from '../../client-endpoints/resource-metadata/metadata-routes.ts'
import { type Config, isLoopbackIssuer } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import type { AppParts } from '../shared.ts'

/** What software finds out for itself. */
export function createClientEndpoints({ ISSUER: issuer }: Config, { services }: AppParts): Routes[] {
  return [
    createMetadataRoutes({
      issuer,
      allowsLoopback: isLoopbackIssuer(issuer),
      findResourceServer: services.clients.resourceServers.find,
    }),
  ]
}

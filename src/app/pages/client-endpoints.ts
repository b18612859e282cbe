import { createManageRoutes } from '../../client-endpoints/registration/manage-routes.ts'
import { createRegisterRoute, type RegisterDeps } from '../../client-endpoints/registration/register-route.ts'
import { createMetadataRoutes } from '../../client-endpoints/resource-metadata/metadata-routes.ts'
import { clientMetadata } from '../../clients/client-schema.ts'
import { RegistrationRefused, registeredMetadata } from '../../clients/self-registration/registered-metadata.ts'
import { brandName, type Config, isLoopbackIssuer } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import type { Log } from '../../log.ts'
import { PERSON_SCOPES } from '../../oauth/accounts/claims.ts'
import { validateClient } from '../../oauth/clients/client-metadata.ts'
import type { AppParts } from '../shared.ts'

/** What software finds out and arranges for itself. */
export function createClientEndpoints(config: Config, log: Log, parts: AppParts): Routes[] {
  const { ISSUER: issuer, DYNAMIC_REGISTRATION: registration } = config
  const metadata = createMetadataRoutes({
    issuer,
    allowsLoopback: isLoopbackIssuer(issuer),
    findResourceServer: parts.services.clients.resourceServers.find,
  })
  return registration === 'off' ? [metadata] : [metadata, ...registrationRoutes(config, log, parts)]
}

function registrationRoutes(config: Config, log: Log, parts: AppParts): Routes[] {
  const { backends, services } = parts
  const { initialTokens, registrations } = services.selfRegistration
  const common = {
    issuer: config.ISSUER,
    makeClient: createMakeClient(config, parts),
    audit: backends.auditTrail.append,
    storage: backends.storage,
  }
  return [
    createRegisterRoute({
      ...common,
      isOpen: config.DYNAMIC_REGISTRATION === 'open',
      registrations,
      initialTokens,
      metrics: backends.metrics,
      log,
    }),
    createManageRoutes({
      ...common,
      clients: services.clients.registry,
      registrations,
      endSignIn: services.tokens.endSignIn,
    }),
  ]
}

/** By the rule for software that registers itself, and by those for every client. */
function createMakeClient(config: Config, { backends, services, engine }: AppParts): RegisterDeps['makeClient'] {
  return async function makeClient(clientId, asked, scopeCeiling = config.DYNAMIC_REGISTRATION_SCOPES) {
    const metadata = registeredMetadata(clientId, asked, {
      personScopes: PERSON_SCOPES,
      offeredScopes: await services.clients.resourceServers.offeredScopesOfOperators(),
      scopeCeiling,
      takenNames: [brandName(config), ...(await services.clients.registry.names())],
    })
    const { error } = clientMetadata.safeParse(metadata)
    const [issue] = error?.issues ?? []
    if (issue) throw refusedBecause(`${issue.path.join('.')}: ${issue.message}`)
    await validateClient(engine.current(), metadata, backends.mayCall).catch(
      (fault: Error & { error_description?: string }) => {
        throw refusedBecause(fault.error_description ?? fault.message)
      },
    )
    return metadata
  }
}

function refusedBecause(message: string): RegistrationRefused {
  const code = message.includes('redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata'
  return new RegistrationRefused(code, message)
}

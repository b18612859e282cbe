import type { Dialect, DialectRoute, OpenDialect } from '../dialect.ts'
import { keptForShop } from '../kept-for-shop.ts'
import { backOfficeToken } from './back-office-token.ts'
import { backendError, backendOutage, resourceError } from './backend-answers.ts'
import { REQUEST_REFUSED } from './oauth-token.ts'
import { SPRYKER_SCOPES, sprykerToken, warehouseToken } from './token.ts'
import { warehouseTokens } from './warehouse-tokens.ts'

const RESOURCE = 'urn:vestibule:dialect:spryker-backend'
const WEEK_SECONDS = 604_800

/** Spryker's Glue Backend at a host of its own. The storefront's dialect has the same endpoints, for shops with one host. */
export const createSprykerBackend: OpenDialect = (_settings, { clientId }) => ({
  name: 'spryker-backend',
  needsMount: true,
  resourceServers: backendResources(RESOURCE, clientId),
  routes: [...backendRoutes(RESOURCE, { takesForms: true })],
  onBadBody: () => backendError(400, 'invalid_request', REQUEST_REFUSED),
  onGone: () => backendError(410, 'gone', 'This API is no longer available.'),
  onFailure: backendOutage,
  onUnknownPath: notFound,
  requestHeaders: ['X-MFA-Code'],
})

/** The back office's endpoints, for tokens of `resource`. */
export function backendRoutes(resource: string, { takesForms }: { readonly takesForms: boolean }): DialectRoute[] {
  return [backOfficeToken({ resource, takesForms }), warehouseTokens(warehouseOf(resource))]
}

/** What the back office's tokens are made for: people of the office, and the warehouses they work in. */
export function backendResources(resource: string, clientId: string): Dialect['resourceServers'] {
  const form = { audience: clientId, ...keptForShop(clientId), format: 'jwt', algorithm: 'RS256' } as const
  return [
    { identifier: resource, scopes: SPRYKER_SCOPES, ...form, shape: sprykerToken({ arePermissionsStored: false }) },
    warehouseResource(resource, clientId),
  ]
}

/** A warehouse's tokens live a week. */
export function warehouseResource(resource: string, clientId: string): Dialect['resourceServers'][number] {
  return {
    identifier: warehouseOf(resource),
    audience: clientId,
    ...keptForShop(clientId),
    scopes: ['warehouse'],
    format: 'jwt',
    algorithm: 'RS256',
    accessTokenTtlSeconds: WEEK_SECONDS,
    shape: warehouseToken,
  }
}

function warehouseOf(resource: string): string {
  return `${resource}:warehouse`
}

function notFound() {
  return resourceError(404, '007', 'Not found')
}

import type { Dialect, DialectRoute, OpenDialect } from '../dialect.ts'
import { keptForShop } from '../kept-for-shop.ts'
import { agentRoutes } from './agents.ts'
import { backendRoutes, warehouseResource } from './backend.ts'
import { companyUserTokens } from './company-users.ts'
import { customerConfirmation } from './confirmation.ts'
import { customerSearch } from './customer-search.ts'
import { customerRoutes } from './customers.ts'
import { emptyCollection, failure, outage } from './documents.ts'
import { loginLink } from './login-link.ts'
import { oauthOutage, REQUEST_REFUSED, refuse, storefrontToken } from './oauth-token.ts'
import { passwordRoutes } from './passwords.ts'
import { RESOURCE, signInRoutes } from './sign-in.ts'
import { signOutRoutes } from './sign-out.ts'
import { SPRYKER_SCOPES, sprykerToken } from './token.ts'

const OAUTH_PATH = '/token'
const GONE = 'This API is no longer available.'
const COLLECTIONS = ['/access-tokens', '/refresh-tokens']
const RESOURCES = [
  ...COLLECTIONS,
  '/company-user-access-tokens',
  '/agent-access-tokens',
  '/agent-customer-impersonation-access-tokens',
  '/customer-confirmation',
  '/customers',
  '/customer-password',
  '/customer-forgotten-password',
  '/customer-restore-password',
  '/agent-customer-search',
  '/warehouse-tokens',
]

/** Spryker Glue: the JSON:API token resources, both OAuth-like endpoints, and the storefront's login by link. */
export const createSpryker: OpenDialect = (settings, { clientId }) => {
  const blockSeconds = settings.LOCKOUT_BLOCK_SECONDS
  const length = { min: settings.PASSWORD_MIN_LENGTH, max: settings.PASSWORD_MAX_LENGTH }
  const shape = sprykerToken({ arePermissionsStored: settings.SPRYKER_PERMISSIONS === 'stored' })
  return {
    name: 'spryker',
    resourceServers: [
      {
        identifier: RESOURCE,
        audience: clientId,
        // Its services look at whose token it is, not at what an app was allowed.
        ...keptForShop(clientId),
        scopes: SPRYKER_SCOPES,
        format: 'jwt',
        algorithm: 'RS256',
        shape,
      },
      warehouseResource(RESOURCE, clientId),
    ],
    routes: [
      ...signInRoutes({ unconfirmedStatus: settings.SPRYKER_UNCONFIRMED_STATUS, blockSeconds }),
      ...signOutRoutes,
      companyUserTokens,
      ...agentRoutes({ blockSeconds }),
      customerConfirmation,
      ...customerRoutes(length),
      ...passwordRoutes({ length, blockSeconds }),
      customerSearch(length),
      ...backendRoutes(RESOURCE, { takesForms: false }),
      storefrontToken,
      loginLink({ target: settings.SIGN_IN_LINK_TARGET ?? `${settings.ISSUER}/account` }),
      ...COLLECTIONS.map(placeholder),
      ...RESOURCES.flatMap((path) => [notFound(path), notFound(`${path}/*rest`)]),
    ],
    onBadBody,
    onGone: (context) =>
      context.path === OAUTH_PATH
        ? refuse('invalid_request', GONE, undefined, 410)
        : failure(410, undefined, GONE, context),
    onFailure: (cause, context) => (context.path === OAUTH_PATH ? oauthOutage(cause) : outage(cause, context)),
    onUnknownPath: (context) => failure(404, undefined, 'Not Found', context),
    requestHeaders: ['X-Anonymous-Customer-Unique-Id', 'X-Agent-Authorization', 'X-MFA-Code', 'If-Match'],
  }
}

const onBadBody: Dialect['onBadBody'] = (status, context) => {
  if (context.path === OAUTH_PATH) {
    return refuse('invalid_request', REQUEST_REFUSED, undefined, status === 415 ? 415 : 400)
  }
  const detail = status === 413 ? 'Post data is too large.' : 'Post data is invalid.'
  return failure(status, undefined, detail, context)
}

/** The token resources list nothing. */
function placeholder(path: string): DialectRoute {
  return { method: 'GET', path, act: ({ context }) => emptyCollection(context) }
}

/** A known resource asked in another way: the shop says 404, never 405. */
function notFound(path: string): DialectRoute {
  return { method: 'ALL', path, act: ({ context }) => failure(404, undefined, 'Not Found', context) }
}

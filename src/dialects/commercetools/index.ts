import type { DialectRoute, OpenDialect } from '../dialect.ts'
import { failure, notFound, unavailable } from './errors.ts'
import { anonymousRoute, customerRoute, introspectionRoute, tokenEndpointRoute } from './routes.ts'
import { storefrontScopes } from './scopes.ts'

const BAD_BODIES: Readonly<Record<number, string>> = {
  413: 'The request body is too large.',
  415: 'The request body must not be compressed.',
}
const RESOURCE = 'urn:vestibule:dialect:commercetools'

/** commercetools: OAuth 2.0 at addresses of its own, with its scopes and its envelope of errors. */
export const createCommercetools: OpenDialect = (settings) => {
  const projectKeys = settings.COMMERCETOOLS_PROJECT_KEYS
  const endpoints = { resource: RESOURCE, projectKeys }
  const scopes = storefrontScopes(projectKeys)
  const routes = [
    customerRoute(endpoints),
    anonymousRoute(endpoints),
    tokenEndpointRoute(endpoints),
    introspectionRoute(endpoints),
  ]
  return {
    name: 'commercetools',
    resourceServers: [
      {
        identifier: RESOURCE,
        scopes,
        anonymousScopes: scopes,
        hasMachineTokens: true,
        refreshPolicy: 'keep',
        format: 'jwt',
      },
    ],
    routes: [...routes, ...routes.map(({ path }): DialectRoute => ({ method: 'ALL', path, act: () => wrongMethod() }))],
    onBadBody: (status) => failure(status, 'invalid_request', BAD_BODIES[status] ?? 'The body is not UTF-8.'),
    onGone: () => failure(410, 'gone', 'This API is no longer available.'),
    onFailure: unavailable,
    onUnknownPath: notFound,
  }
}

function wrongMethod() {
  return failure(405, 'invalid_request', 'This endpoint takes POST only.')
}

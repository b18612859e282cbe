import type { DialectRoute, OpenDialect } from '../dialect.ts'
import { customerRoutes } from './customers.ts'
import { failure, notFound, unavailable } from './errors.ts'
import { profileRoutes } from './me.ts'
import { anonymousRoute, customerRoute, introspectionRoute, tokenEndpointRoute } from './routes.ts'
import { serviceScopes, storefrontScopes } from './scopes.ts'

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
  const machineScopes = serviceScopes(projectKeys)
  const length = { min: settings.PASSWORD_MIN_LENGTH, max: settings.PASSWORD_MAX_LENGTH }
  const ofProjects = projectKeys.flatMap((key) => {
    const project = { key, resource: RESOURCE, length }
    return [...profileRoutes(project), ...customerRoutes(project)]
  })
  const routes = [
    customerRoute(endpoints),
    anonymousRoute(endpoints),
    tokenEndpointRoute(endpoints),
    introspectionRoute(endpoints),
    ...ofProjects,
  ]
  const paths = [...new Set(routes.map(({ path }) => path))]
  return {
    name: 'commercetools',
    resourceServers: [
      {
        identifier: RESOURCE,
        scopes: [...scopes, ...machineScopes],
        machineScopes,
        anonymousScopes: scopes,
        hasMachineTokens: true,
        refreshPolicy: 'keep',
        format: 'jwt',
      },
    ],
    routes: [...routes, ...paths.map((path): DialectRoute => ({ method: 'ALL', path, act: () => wrongMethod() }))],
    onBadBody: (status) => failure(status, 'invalid_request', BAD_BODIES[status] ?? 'The body is not UTF-8.'),
    onGone: () => failure(410, 'gone', 'This API is no longer available.'),
    onFailure: unavailable,
    onUnknownPath: notFound,
  }
}

function wrongMethod() {
  return failure(405, 'invalid_request', 'This endpoint does not take this method.')
}

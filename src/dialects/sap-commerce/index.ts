import type { DialectAnswer, DialectRequest, DialectRoute, OpenDialect } from '../dialect.ts'
import { oauthError, occError, occUnavailable, unavailable, unreadable, wrongMethod } from './answers.ts'
import { discoveryRoutes } from './discovery.ts'
import { checkTokenEndpoint, introspectionEndpoint } from './introspect.ts'
import { revokeEndpoint } from './revoke.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { sapCommerceToken } from './token-shape.ts'
import { verificationToken } from './verification-token.ts'

const BASE = '/authorizationserver'
const RESOURCE = 'urn:vestibule:dialect:sap-commerce'
const UNREADABLE = 'The request body cannot be read.'
const GONE = 'This API is no longer available.'
/** What the shop's storefront sends to other web services; it asks for leave once for all of them. */
const STOREFRONT_HEADERS = ['Cache-Control', 'If-None-Match', 'X-Anonymous-Consents', 'X-Consent-Reference']

/** SAP Commerce: the endpoints of its authorization server, for clients of both generations. */
export const createSapCommerce: OpenDialect = (settings) => {
  const scopes = settings.SAP_COMMERCE_SCOPES
  const routes: DialectRoute[] = [
    tokenEndpoint(`${BASE}/oauth/token`, {
      resource: RESOURCE,
      scopes,
      employeeDomain: settings.SAP_COMMERCE_EMPLOYEE_DOMAIN,
      takesSignedUsers: settings.SAP_COMMERCE_CDC_SECRET !== undefined,
    }),
    revokeEndpoint(`${BASE}/oauth/revoke`, RESOURCE),
    introspectionEndpoint(`${BASE}/oauth/introspect`),
    checkTokenEndpoint(`${BASE}/oauth/check_token`, RESOURCE),
    ...discoveryRoutes(BASE, RESOURCE),
    verificationToken(RESOURCE),
  ]
  return {
    name: 'sap-commerce',
    resourceServers: [
      {
        identifier: RESOURCE,
        scopes,
        anonymousScopes: scopes,
        hasMachineTokens: true,
        refreshPolicy: 'rotate',
        format: 'jwt',
        algorithm: 'RS256',
        shape: sapCommerceToken,
      },
    ],
    // A path that is passed on is refused where it is passed on to.
    routes: [
      ...routes,
      ...routes
        .filter((route) => !('passesTo' in route))
        .map(({ path }): DialectRoute => ({ method: 'ALL', path, act: refuseMethod })),
    ],
    onBadBody: (status, { path }) =>
      isOcc(path) ? occError(status, 'HttpMessageNotReadableError', UNREADABLE) : unreadable(status),
    onGone: ({ path }) => (isOcc(path) ? occError(410, 'GoneError', GONE) : oauthError(410, 'invalid_request', GONE)),
    onFailure: (outage, { path }) => (isOcc(path) ? occUnavailable(outage) : unavailable(outage)),
    onUnknownPath: () => occError(404, 'UnknownResourceError', 'There is no resource for the path.'),
    requestHeaders: STOREFRONT_HEADERS,
  }
}

function refuseMethod({ method, context }: DialectRequest): DialectAnswer {
  return isOcc(context.path) ? occError(405, 'MethodNotAllowedError', 'Method not allowed') : wrongMethod(method)
}

function isOcc(path: string): boolean {
  return path.startsWith('/occ/')
}

import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { DialectRoute, OpenDialect } from '../dialect.ts'
import { aboutRoutes } from './about.ts'
import { failure, unavailable } from './answers.ts'
import { authorizeRoute } from './authorize.ts'
import { sessionBridgeRoute } from './for-others/session-bridge.ts'
import { trustedAgentRoutes } from './for-others/trusted-agent.ts'
import { trustedSystemRoute } from './for-others/trusted-system.ts'
import { loginRoute } from './login.ts'
import { passkeyRoutes } from './passkeys.ts'
import { passwordlessRoutes } from './passwordless.ts'
import { passwordRoutes } from './passwords.ts'
import { CLIENT_SCOPES, issuerOf, type Slas, slasOf } from './settings.ts'
import { clientRoutes, logoutRoute } from './sign-out.ts'
import { slasToken } from './token.ts'
import { tokenRoute } from './token-endpoint.ts'

const SHOPPER_SECONDS = 1800
const AGENT_SECONDS = 900

/** Salesforce B2C Commerce: SLAS, its Shopper Login and API Access Service. */
export const createSlas: OpenDialect = (settings) => {
  const slas = slasOf(settings)
  const routes = routesOf(slas)
  const paths = [...new Set(routes.map(({ path }) => path))]
  return {
    name: 'slas',
    resourceServers: [
      { ...tokensOf(slas), identifier: slas.resources.shopper, accessTokenTtlSeconds: SHOPPER_SECONDS },
      { ...tokensOf(slas), identifier: slas.resources.agent, accessTokenTtlSeconds: AGENT_SECONDS },
    ],
    routes: [...routes, ...paths.map((path): DialectRoute => ({ method: 'ALL', path, act: wrongMethod }))],
    onBadBody: (status) => failure(status, 'invalid_request', BAD_BODIES[status] ?? 'The body is not UTF-8.'),
    onGone: () => failure(410, 'gone', 'This API is no longer available.'),
    onFailure: unavailable,
    onUnknownPath: () => failure(404, 'not_found', 'There is no such endpoint.'),
    requestHeaders: ['_sfdc_client_auth', 'x-slas-client-auth', 'x-correlation-id'],
  }
}

const BAD_BODIES: Readonly<Record<number, string>> = {
  413: 'The request body is too large.',
  415: 'The request body must not be compressed.',
}

function tokensOf(
  slas: Slas,
): Omit<ResourceServer, 'identifier'> & { shape: ReturnType<typeof slasToken>; issuer: string } {
  return {
    audience: slas.audience,
    issuer: issuerOf(slas),
    scopes: [...slas.scopes, ...CLIENT_SCOPES],
    anonymousScopes: slas.scopes,
    refreshPolicy: 'keep',
    format: 'jwt',
    algorithm: 'ES256',
    shape: slasToken(slas),
  }
}

function routesOf(slas: Slas): DialectRoute[] {
  return [
    authorizeRoute(slas),
    loginRoute(slas),
    tokenRoute(slas),
    ...passwordlessRoutes(slas),
    ...passwordRoutes(slas),
    sessionBridgeRoute(slas),
    trustedSystemRoute(slas),
    ...trustedAgentRoutes(slas),
    logoutRoute(slas),
    ...clientRoutes(slas),
    ...aboutRoutes(slas),
    ...passkeyRoutes(slas),
  ]
}

function wrongMethod() {
  return failure(405, 'invalid_request', 'This endpoint does not take that method.')
}

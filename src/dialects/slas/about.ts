import { fullName } from '../../customers/customer.ts'
import type { ActionRoute } from '../dialect.ts'
import { badRequest, failure, json } from './answers.ts'
import { at, bearerOf, isRefused, readFields } from './request.ts'
import { issuerOf, type Slas } from './settings.ts'

/** `GET /userinfo`, `/jwks` and `/.well-known/openid-configuration`. */
export function aboutRoutes(slas: Slas): ActionRoute[] {
  return [userinfo(slas), keys(slas), metadata(slas)]
}

function userinfo(slas: Slas): ActionRoute {
  return {
    method: 'GET',
    path: at('userinfo'),
    async act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const bearer = bearerOf(request)
      const caller = bearer && (await services.findCaller(bearer, ({ audience }) => audience === slas.audience))
      if (!caller) {
        return failure(401, 'invalid_token', 'The access token is missing or does not work.', {
          'WWW-Authenticate': 'Bearer realm="slas", error="invalid_token"',
        })
      }
      const { customer } = caller
      if (!customer) return badRequest('A guest has no account.')
      const { id: sub, email, emailVerified, givenName, familyName } = customer
      const name = fullName(customer)
      return json(200, {
        sub,
        email,
        email_verified: emailVerified,
        name,
        given_name: givenName,
        family_name: familyName,
      })
    },
  }
}

function keys(slas: Slas): ActionRoute {
  return {
    method: 'GET',
    path: at('jwks'),
    act(request, services) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const { keys: published, cacheSeconds } = services.keySet(String(request.headers['user-agent'] ?? ''))
      return json(200, { keys: published }, { 'Cache-Control': `public, max-age=${cacheSeconds}` })
    },
  }
}

function metadata(slas: Slas): ActionRoute {
  const path = '.well-known/openid-configuration'
  return {
    method: 'GET',
    path: at(path),
    act(request) {
      const fields = readFields(slas, request)
      if (isRefused(fields)) return fields
      const { baseUrl, path: asked } = request.context
      const endpoint = (name: string) => `${baseUrl}${asked.slice(0, -path.length)}${name}`
      return json(200, {
        issuer: issuerOf(slas),
        authorization_endpoint: endpoint('authorize'),
        token_endpoint: endpoint('token'),
        userinfo_endpoint: endpoint('userinfo'),
        jwks_uri: endpoint('jwks'),
        revocation_endpoint: endpoint('revoke'),
        introspection_endpoint: endpoint('introspect'),
        end_session_endpoint: endpoint('logout'),
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        grant_types_supported: [
          'authorization_code',
          'authorization_code_pkce',
          'client_credentials',
          'refresh_token',
          ...(slas.bridgeSecret ? ['session_bridge'] : []),
        ],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
        scopes_supported: ['openid', 'offline_access', 'email', ...slas.scopes],
      })
    },
  }
}

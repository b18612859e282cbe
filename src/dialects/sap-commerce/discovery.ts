import type { ActionRoute, DialectRoute } from '../dialect.ts'
import { json } from './answers.ts'

/** The keys and the first step of the code flow, at the shop's addresses; both are our own. */
export function discoveryRoutes(base: string, resource: string): DialectRoute[] {
  return [
    { method: 'GET', path: `${base}/oauth/jwks`, passesTo: '/jwks' },
    { method: 'GET', path: `${base}/.well-known/jwks.json`, passesTo: '/jwks' },
    authorization(`${base}/oauth/authorize`, resource),
    metadata(base),
  ]
}

/** Sends the person on to our own authorization endpoint, with what the token is for. Who may be sent where is decided there. */
function authorization(path: string, resource: string): ActionRoute {
  return {
    method: 'GET',
    path,
    isHosted: true,
    act({ query, context }) {
      const parameters = new URLSearchParams(query)
      parameters.delete('resource')
      parameters.append('resource', resource)
      // The shop grants nothing then; here a grant of nothing is a refusal.
      if (!parameters.get('scope')?.trim()) parameters.set('scope', 'openid')
      const Location = `${context.issuer}/authorize?${parameters}`
      return { status: 302, headers: { Location, 'Cache-Control': 'no-store' }, body: '' }
    },
  }
}

/** `GET …/.well-known/openid-configuration`: endpoints at the shop's addresses, and the issuer that tokens name. */
function metadata(base: string): ActionRoute {
  return {
    method: 'GET',
    path: `${base}/.well-known/openid-configuration`,
    act({ context: { issuer, baseUrl } }) {
      const at = (path: string) => `${baseUrl}${base}/oauth/${path}`
      return json(200, {
        issuer,
        authorization_endpoint: at('authorize'),
        token_endpoint: at('token'),
        revocation_endpoint: at('revoke'),
        introspection_endpoint: at('introspect'),
        jwks_uri: at('jwks'),
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', 'password'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      })
    },
  }
}

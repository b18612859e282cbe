import { ANONYMOUS_GRANT } from '../../oauth/grants/anonymous.ts'
import type {
  ActionRoute,
  DialectAnswer,
  DialectRequest,
  IssuedTokens,
  OAuthParameters,
  TokenRoute,
} from '../dialect.ts'
import { badClient, failure, json, notFound, refusal } from './errors.ts'
import { type ClientCredentials, readClient, readFields } from './request.ts'
import { scopesOf, serviceScopes, storefrontScopes } from './scopes.ts'

export type ProjectEndpoints = { readonly resource: string; readonly projectKeys: readonly string[] }

type Fields = Readonly<Record<string, string>>
type Translate = (fields: Fields, client: ClientCredentials, request: DialectRequest) => OAuthParameters | DialectAnswer

/** A customer signs in with a password. */
export function customerRoute({ resource, projectKeys }: ProjectEndpoints): TokenRoute {
  return tokenRoute('/oauth/:projectKey/customers/token', (fields, client, { params }) => {
    const { grant_type, username, password, scope } = fields
    const { projectKey = '' } = params
    if (!projectKeys.includes(projectKey)) return notFound()
    if (grant_type !== 'password') return badGrantType('password')
    if (!username || !password) return missing(username ? 'password' : 'username')
    return withScope(scopesOf(projectKey, scope), { grant_type, ...client, resource, username, password })
  })
}

/** A visitor who has not signed in; the client may give them an id. */
export function anonymousRoute({ resource, projectKeys }: ProjectEndpoints): TokenRoute {
  return tokenRoute('/oauth/:projectKey/anonymous/token', (fields, client, { params }) => {
    const { grant_type, scope, anonymous_id } = fields
    const { projectKey = '' } = params
    if (!projectKeys.includes(projectKey)) return notFound()
    if (grant_type !== 'client_credentials') return badGrantType('client_credentials')
    return withScope(scopesOf(projectKey, scope), { grant_type: ANONYMOUS_GRANT, ...client, resource, anonymous_id })
  })
}

/** A back-end gets a token of its own, or a sign-in is refreshed. */
export function tokenEndpointRoute({ resource, projectKeys }: ProjectEndpoints): TokenRoute {
  return tokenRoute('/oauth/token', ({ grant_type, scope, refresh_token }, client) => {
    if (grant_type === 'refresh_token') {
      return refresh_token ? { grant_type, ...client, refresh_token } : missing('refresh_token')
    }
    if (grant_type !== 'client_credentials') return badGrantType('client_credentials, refresh_token')
    const unasked = storefrontScopes(projectKeys)
    const known = [...unasked, ...serviceScopes(projectKeys)]
    const asked = scope?.trim().split(/\s+/) ?? unasked
    return withScope(asked.filter((name) => known.includes(name)).join(' '), { grant_type, ...client, resource })
  })
}

/** Introspection (RFC 7662) in the shop's place; the token may be in the query. */
export function introspectionRoute({ resource }: Pick<ProjectEndpoints, 'resource'>): ActionRoute {
  return {
    method: 'POST',
    path: '/oauth/introspect',
    async act(request, services) {
      const client = readClient(request)
      if (!client) return badClient()
      const token = readFields(request)?.token
      if (!token) return missing('token')
      const { status, body } = await services.introspect({ ...client, token })
      if (status === 200) return json(200, body.aud === resource ? withWhoseToken(body) : body)
      return refusal({
        error: String(body.error ?? 'server_error'),
        status,
        description: String(body.error_description),
      })
    },
  }
}

/** A project that asks an external OAuth server reads from the scope whose token it is. */
function withWhoseToken(body: Readonly<Record<string, unknown>>): object {
  const { active, scope, sub, client_id, anonymous_id } = body
  if (active !== true || sub === client_id) return body
  const whose = anonymous_id === undefined ? `customer_id:${sub}` : `anonymous_id:${anonymous_id}`
  return { ...body, scope: scope ? `${scope} ${whose}` : whose }
}

function tokenRoute(path: string, translate: Translate): TokenRoute {
  return {
    method: 'POST',
    path,
    toOAuth(request) {
      const client = readClient(request)
      if (!client) return badClient()
      const fields = readFields(request)
      return fields ? translate(fields, client, request) : failure(400, 'invalid_request', 'A parameter appears twice.')
    },
    fromSuccess: (tokens) => json(200, tokenBody(tokens)),
    fromError: refusal,
  }
}

function tokenBody({ accessToken, expiresIn, scope, refreshToken }: IssuedTokens): object {
  return {
    access_token: accessToken,
    expires_in: expiresIn,
    scope: scope ?? '',
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    token_type: 'Bearer',
  }
}

function withScope(scope: string, parameters: OAuthParameters): OAuthParameters | DialectAnswer {
  if (!scope) return failure(400, 'invalid_scope', 'None of the requested scopes is known here.')
  return { ...parameters, scope }
}

function missing(name: string): DialectAnswer {
  return failure(400, 'invalid_request', `Missing required parameter: ${name}.`)
}

function badGrantType(supported: string): DialectAnswer {
  return failure(400, 'unsupported_grant_type', `Invalid grant_type, must be one of: ${supported}.`)
}

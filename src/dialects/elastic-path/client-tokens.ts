import { ANONYMOUS_GRANT } from '../../oauth/grants/anonymous.ts'
import type { DialectAnswer, DialectRequest, OAuthFailure, OAuthParameters, TokenRoute } from '../dialect.ts'
import { json, plainError, plainOutage } from './errors.ts'

/** What a visitor's token may do, and a back-end's. */
export const SCOPES = { implicit: 'store:read', client_credentials: 'store:read store:write' } as const

/**
 * `POST /oauth/access_token`: the bearer every other call needs. `implicit` is not OAuth's flow of that name: a
 * client says its public id and gets a token without a person.
 */
export function clientTokenRoute(resource: string): TokenRoute {
  return {
    method: 'POST',
    path: '/oauth/access_token',
    toOAuth: (request) => toOAuth(request, resource),
    fromSuccess: ({ accessToken, expiresIn, scope }) =>
      json(200, {
        expires: Math.floor(Date.now() / 1000) + expiresIn,
        identifier: scope === SCOPES.implicit ? 'implicit' : 'client_credentials',
        expires_in: expiresIn,
        access_token: accessToken,
        token_type: 'Bearer',
      }),
    fromError: refuse,
  }
}

function toOAuth({ body }: DialectRequest, resource: string): OAuthParameters | DialectAnswer {
  const fields = readForm(body)
  if (!fields) return plainError(400)
  const { grant_type, client_id, client_secret } = fields
  if (!client_id) return plainError(401)
  if (grant_type === 'implicit') {
    return { grant_type: ANONYMOUS_GRANT, client_id, resource, scope: SCOPES.implicit }
  }
  if (grant_type !== 'client_credentials') return plainError(400)
  return { grant_type, client_id, client_secret, resource, scope: SCOPES.client_credentials }
}

function refuse(failure: OAuthFailure): DialectAnswer {
  if (failure.status >= 500) return plainOutage(failure)
  return plainError(failure.error === 'invalid_client' ? 401 : 400)
}

/** The fields of a form, whatever the content type says: documented examples send it as JSON. */
function readForm(body: string): Readonly<Record<string, string>> | undefined {
  const entries = [...new URLSearchParams(body)]
  return new Set(entries.map(([name]) => name)).size === entries.length ? Object.fromEntries(entries) : undefined
}

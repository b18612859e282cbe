import type { DialectAnswer, DialectRequest, OAuthFailure, TokenRoute } from '../dialect.ts'
import { describeOutage, type Outage } from '../outage.ts'
import { codeOf } from './headers.ts'
import { json } from './json.ts'
import { RESOURCE, reportGuest } from './sign-in.ts'

const GRANT_REFUSED =
  'The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is ' +
  'invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to ' +
  'another client.'
/** What a request is answered that says too little, or something twice. */
export const REQUEST_REFUSED =
  'The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than ' +
  'once, or is otherwise malformed.'
const FIELDS = ['grant_type', 'grantType', 'username', 'password', 'refresh_token', 'refreshToken', 'scope']
const CREDENTIALS_REFUSED = 'The user credentials were incorrect.'

/**
 * The storefront's `POST /token` without a client: the shop's reading of OAuth, with its three deviations. Every
 * refusal is a 400, an unknown grant is `invalid_grant`, and a bad refresh token is `invalid_request`. With a
 * `client_id` or client authentication the request is left to OAuth itself.
 */
export const storefrontToken: TokenRoute = {
  method: 'POST',
  path: '/token',
  isMine: ({ headers, ...request }) => !isClient(headers.authorization) && !namesClient(formOf(request)),
  toOAuth(request) {
    const form = formOf(request)
    if (FIELDS.some((name) => form.getAll(name).length > 1)) return refuse('invalid_request', REQUEST_REFUSED)
    const field = (...names: string[]) => names.map((name) => form.get(name) ?? '').find(Boolean)
    const grantType = field('grant_type', 'grantType')
    if (grantType !== 'password' && grantType !== 'refresh_token') return refuse('invalid_grant', GRANT_REFUSED)
    if (grantType === 'refresh_token') {
      const refreshToken = field('refresh_token', 'refreshToken')
      if (!refreshToken) return refuse('invalid_request', REQUEST_REFUSED)
      return { grant_type: grantType, refresh_token: refreshToken, scope: field('scope') }
    }
    const [username, password] = [field('username'), field('password')]
    if (!username || !password) return refuse('invalid_request', REQUEST_REFUSED)
    // Scopes that are asked for are dropped silently, as the shop does with those it does not know.
    return {
      grant_type: grantType,
      resource: RESOURCE,
      scope: 'customer',
      username,
      password,
      ...codeOf(request.headers),
    }
  },
  fromSuccess: ({ accessToken, expiresIn, refreshToken }) =>
    json(200, { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, refresh_token: refreshToken }),
  fromError: (failure) => describe(failure),
  afterSuccess: reportGuest,
}

/** The form of a request; a body of any other kind reads as an empty one. */
export function formOf({ contentType, body }: Pick<DialectRequest, 'contentType' | 'body'>): URLSearchParams {
  return new URLSearchParams(contentType === 'application/x-www-form-urlencoded' ? body : '')
}

/** True for a form that OAuth itself must answer. */
export function namesClient(form: URLSearchParams): boolean {
  return form.getAll('client_id').some(Boolean) || form.has('client_assertion')
}

/** A client authenticates by `Basic`; a bearer token of a storefront is of no interest here. */
export function isClient(authorization: string | string[] | undefined): boolean {
  return typeof authorization === 'string' && /^Basic\b/i.test(authorization.trim())
}

/** Something broke, or there is too much to do right now. */
export function oauthOutage(outage: Outage): DialectAnswer {
  const { status, retryAfterSeconds } = outage
  const error = status === 503 ? 'temporarily_unavailable' : 'server_error'
  return refuse(error, describeOutage(outage) ?? 'Internal Server Error', retryAfterSeconds, status)
}

function describe(failure: OAuthFailure): DialectAnswer {
  const { status, error, authentication } = failure
  const later = failure.retryAfterSeconds ?? authentication?.retryAfterSeconds
  if (status >= 500) return oauthOutage({ ...failure, ...(later !== undefined && { retryAfterSeconds: later }) })
  if (error === 'invalid_client') return refuse(error, 'Client authentication failed')
  if (error === 'invalid_scope') return refuse(error, 'The requested scope is invalid, unknown, or malformed')
  if (authentication) return refuse('invalid_grant', CREDENTIALS_REFUSED, later)
  if (error === 'invalid_grant') return refuse('invalid_request', 'The refresh token is invalid.')
  return refuse('invalid_request', REQUEST_REFUSED)
}

/** An OAuth error; 400 unless said otherwise. */
export function refuse(error: string, description: string, retryAfterSeconds?: number, status = 400): DialectAnswer {
  return json(status, { error, error_description: description }, retryAfterSeconds)
}

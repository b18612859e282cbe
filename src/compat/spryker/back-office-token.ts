import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import type { DialectAnswer, DialectRequest, TokenRoute } from '../dialect.ts'
import { json } from './json.ts'
import { isClient, REQUEST_REFUSED } from './oauth-token.ts'
import { RESOURCE } from './sign-in.ts'

/**
 * The back office's `POST /token`: a JSON object that names a grant, whatever the content type says. No form can be
 * taken for one, because a form writes `{` as `%7B`; a real form is the storefront's, which knows no back office.
 */
export const backOfficeToken: TokenRoute = {
  method: 'POST',
  path: '/token',
  isMine: (request) => !isClient(request.headers.authorization) && fieldsOf(request) !== undefined,
  toOAuth(request) {
    const { grantType, username, password } = fieldsOf(request) ?? {}
    if (grantType !== 'password') {
      return refuse('unsupported_grant_type', `Grant type "${String(grantType)}" not found`)
    }
    if (!isText(username) || !isText(password)) return refuse('invalid_request', REQUEST_REFUSED)
    return { grant_type: AGENT_GRANT, resource: RESOURCE, scope: 'user back-office-user', username, password }
  },
  fromSuccess: ({ accessToken, expiresIn, refreshToken }) =>
    json(200, { token_type: 'Bearer', expires_in: expiresIn, access_token: accessToken, refresh_token: refreshToken }),
  fromError({ status, authentication, retryAfterSeconds }) {
    const later = retryAfterSeconds ?? authentication?.retryAfterSeconds
    if (status >= 500) {
      return refuse('temporarily_unavailable', 'The service is busy. Please try again shortly.', later, status)
    }
    return refuse('invalid_grant', 'The user credentials were incorrect.', later)
  },
}

type Fields = { readonly grantType: unknown; readonly username: unknown; readonly password: unknown }

function fieldsOf({ body }: Pick<DialectRequest, 'body'>): Fields | undefined {
  if (!body.trimStart().startsWith('{')) return undefined
  try {
    const given = new Map(Object.entries(JSON.parse(body) as object))
    const grantType = given.get('grantType') ?? given.get('grant_type')
    if (grantType === undefined) return undefined
    return { grantType, username: given.get('username'), password: given.get('password') }
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function refuse(code: string, message: string, retryAfterSeconds?: number, status = 400): DialectAnswer {
  return json(status, [{ message, status, code }], retryAfterSeconds)
}

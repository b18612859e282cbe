import { AGENT_GRANT } from '../../oauth/grants/agent.ts'
import type { DialectAnswer, DialectRequest, TokenRoute } from '../dialect.ts'
import { backendError, backendOutage } from './backend-answers.ts'
import { codeOf } from './headers.ts'
import { json } from './json.ts'
import { formOf, isClient, namesClient, REQUEST_REFUSED } from './oauth-token.ts'

export type BackOfficeToken = {
  readonly resource: string
  /** True where no storefront shares the address: then a form is the back office's too. */
  readonly takesForms: boolean
}

/**
 * The back office's `POST /token`: a JSON object that names a grant, whatever the content type says. No form can be
 * taken for one, because a form writes `{` as `%7B`; a real form is the storefront's where the two share a host.
 */
export function backOfficeToken({ resource, takesForms }: BackOfficeToken): TokenRoute {
  const fieldsOf = (request: Pick<DialectRequest, 'body' | 'contentType'>) =>
    jsonFields(request) ?? (takesForms ? formFields(request) : undefined)
  return {
    method: 'POST',
    path: '/token',
    isMine: (request) => !isClient(request.headers.authorization) && fieldsOf(request) !== undefined,
    toOAuth(request) {
      const { grantType, username, password } = fieldsOf(request) ?? {}
      if (grantType !== 'password') {
        return backendError(400, 'unsupported_grant_type', `Grant type "${nameOf(grantType)}" not found`)
      }
      if (!isText(username) || !isText(password)) return backendError(400, 'invalid_request', REQUEST_REFUSED)
      return {
        grant_type: AGENT_GRANT,
        resource,
        scope: 'user back-office-user warehouse-user',
        username,
        password,
        ...codeOf(request.headers),
      }
    },
    fromSuccess: ({ accessToken, expiresIn, refreshToken }) =>
      json(200, {
        token_type: 'Bearer',
        expires_in: expiresIn,
        access_token: accessToken,
        refresh_token: refreshToken,
      }),
    fromError(refused): DialectAnswer {
      const later = refused.retryAfterSeconds ?? refused.authentication?.retryAfterSeconds
      if (refused.status >= 500) {
        return backendOutage({ ...refused, ...(later !== undefined && { retryAfterSeconds: later }) })
      }
      return backendError(400, 'invalid_grant', 'The user credentials were incorrect.', later)
    },
  }
}

type Fields = { readonly grantType: unknown; readonly username: unknown; readonly password: unknown }

function jsonFields({ body }: Pick<DialectRequest, 'body'>): Fields | undefined {
  if (!body.trimStart().startsWith('{')) return undefined
  try {
    const given = new Map(Object.entries(JSON.parse(body) as object)) // it starts with a brace
    const grantType = given.get('grantType') ?? given.get('grant_type')
    if (grantType === undefined) return undefined
    return { grantType, username: given.get('username'), password: given.get('password') }
  } catch {
    return undefined
  }
}

/** A form that names no client; a field that comes twice counts as none. */
function formFields(request: Pick<DialectRequest, 'body' | 'contentType'>): Fields | undefined {
  const form = formOf(request)
  if (namesClient(form)) return undefined
  const field = (name: string) => (form.getAll(name).length === 1 ? form.get(name) : undefined)
  return {
    grantType: field('grant_type') ?? field('grantType') ?? '',
    username: field('username'),
    password: field('password'),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** What a request called its grant, for people to read; never more than a name is long. */
function nameOf(grantType: unknown): string {
  return typeof grantType === 'string' ? grantType.slice(0, 100) : ''
}

import { ANONYMOUS_GRANT } from '../../oauth/grants/anonymous.ts'
import { type ActionRoute, type DialectAnswer, isAnswer, type OAuthParameters } from '../dialect.ts'
import { noClient, oauthError, unreadable } from './answers.ts'
import { proofOf } from './client-proof.ts'
import { type CredentialSettings, credentialsOf } from './credentials.ts'
import { NEWER } from './newer-answers.ts'
import { OLDER } from './older-answers.ts'
import { type Fields, isNewer, own, type ReadRequest, readRequest } from './request.ts'
import { signedUserOf } from './signed-user.ts'

export type TokenEndpointSettings = CredentialSettings & {
  readonly resource: string
  /** Scopes that clients may ask for, beside those about the person. */
  readonly scopes: readonly string[]
  readonly takesSignedUsers: boolean
}

/** Asked for beside the shop's own scopes; what they give is our own server's. */
const STANDARD_SCOPES = ['openid', 'profile', 'email', 'offline_access']

/** `POST /authorizationserver/oauth/token`, for the clients of both generations. */
export function tokenEndpoint(path: string, settings: TokenEndpointSettings): ActionRoute {
  return {
    method: 'POST',
    path,
    async act(request, services) {
      const read = readRequest(request)
      if (!read) return unreadable(400)
      const { fields, client } = read
      if (!client) return noClient()
      const { isBasic } = client
      const answers = isNewer(read) ? NEWER : OLDER
      const asked = toOAuth(read, settings)
      if (isAnswer(asked)) return asked
      const proof = await proofOf(client, services)
      const issued = await services.issue({ ...(proof.isOpenSecret ? asVisitor(asked) : asked), ...proof.credentials })
      const grantType = own(fields, 'grant_type')
      if (issued.outcome === 'refused') {
        // A public client that has no password grant is told what the newer releases say to all of them.
        const isUnknown = issued.failure.error === 'unauthorized_client' && client.client_secret === undefined
        return (isUnknown ? NEWER : answers).refusal({ failure: issued.failure, grantType, isBasic })
      }
      // The shop takes a refresh token once: of two requests at a time one goes on.
      if (issued.tokens.isRepeated) {
        return answers.refusal({ failure: { error: 'invalid_grant', status: 400 }, grantType, isBasic })
      }
      return answers.success(issued.tokens)
    },
  }
}

/** The secret that stands in every storefront's code proves no client; what such a client gets for itself, any visitor gets. */
function asVisitor(asked: OAuthParameters): OAuthParameters {
  return asked.grant_type === 'client_credentials' ? { ...asked, grant_type: ANONYMOUS_GRANT } : asked
}

type Asked = OAuthParameters | DialectAnswer

function toOAuth(read: ReadRequest, settings: TokenEndpointSettings): Asked {
  const { fields } = read
  const answers = isNewer(read) ? NEWER : OLDER
  const { resource, takesSignedUsers } = settings
  const grantType = own(fields, 'grant_type')
  const scope = scopeOf(read, settings)
  if (grantType === '') return answers.missing('grant_type')
  if (scope === undefined) return answers.unknownScope(settings.scopes)
  switch (grantType) {
    case 'password':
      return { resource, scope, ...credentialsOf(fields, settings) }
    case 'client_credentials':
      return { grant_type: grantType, resource, ...(scope && { scope }) }
    case 'refresh_token':
      return withRequired(fields, ['refresh_token'], answers.missing)
    case 'authorization_code':
      return withRequired(fields, ['code', 'redirect_uri', 'code_verifier'], answers.missing)
    case 'custom': {
      const signed = takesSignedUsers ? signedUserOf(fields) : undefined
      const error = takesSignedUsers ? 'invalid_grant' : 'unauthorized_client'
      const isBasic = read.client?.isBasic === true
      if (!signed) return OLDER.refusal({ failure: { error, status: 400 }, grantType, isBasic })
      return { resource, scope, ...signed }
    }
    case 'implicit':
      return oauthError(400, 'invalid_grant', 'Implicit grant type not supported from token endpoint')
    default:
      return answers.unknownGrantType()
  }
}

/** The first field is required; a code is asked for with whatever else came. */
function withRequired(fields: Fields, names: readonly string[], missing: (name: string) => DialectAnswer): Asked {
  const [required = ''] = names
  if (!own(fields, required)) return missing(required)
  const given = names.map((name) => [name, own(fields, name)] as const).filter(([, value]) => value)
  return { grant_type: own(fields, 'grant_type'), ...Object.fromEntries(given) }
}

/**
 * The scopes asked for. Without any, older releases grant all that there are, newer ones none. Undefined where one is not
 * known. A refresh and a code have the scopes of their sign-in.
 */
function scopeOf(read: ReadRequest, { scopes }: TokenEndpointSettings): string | undefined {
  const asked = own(read.fields, 'scope').split(/\s+/).filter(Boolean)
  if (asked.length === 0) return isNewer(read) ? '' : scopes.join(' ')
  return asked.every((name) => scopes.includes(name) || STANDARD_SCOPES.includes(name)) ? asked.join(' ') : undefined
}

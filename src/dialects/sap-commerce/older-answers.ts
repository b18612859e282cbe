import type { IssuedTokens } from '../dialect.ts'
import { type Answers, json, oauthError, unavailable } from './answers.ts'

/**
 * The answers of releases before 2211-jdk21. Storefronts show `error_description` to people, so each error has one; texts are
 * those of the shop's library without the values it repeats, so that no token comes back.
 */
export const OLDER: Answers = {
  success: (tokens) => json(200, tokenBody(tokens, 'bearer')),
  badClient: (isBasic) => {
    const challenge = 'Basic realm="hybris", error="invalid_client", error_description="Bad client credentials"'
    return oauthError(401, 'invalid_client', 'Bad client credentials', isBasic ? { 'WWW-Authenticate': challenge } : {})
  },
  missing: (parameter) =>
    oauthError(400, 'invalid_request', parameter === 'grant_type' ? 'Missing grant type' : `Missing ${parameter}`),
  unknownGrantType: () => oauthError(400, 'unsupported_grant_type', 'Unsupported grant type'),
  unknownScope: (known) =>
    json(400, { error: 'invalid_scope', error_description: 'Invalid scope', scope: known.join(' ') }),
  refusal({ failure, grantType, isBasic }) {
    const { status, error, authentication, retryAfterSeconds } = failure
    if (status >= 500) return unavailable(failure)
    if (error === 'invalid_client') return OLDER.badClient(isBasic)
    if (error === 'unauthorized_client' || error === 'invalid_target') {
      return oauthError(401, 'invalid_client', `Unauthorized grant type: ${grantType}`)
    }
    if (error === 'invalid_scope') return OLDER.unknownScope([])
    if (grantType === 'refresh_token') return oauthError(400, 'invalid_grant', 'Invalid refresh token')
    // A wrong password, an unknown login, a lock and an address that is not confirmed are one answer, and so is a wrong signature.
    const later = retryAfterSeconds ?? authentication?.retryAfterSeconds
    const headers: Record<string, string> = later === undefined ? {} : { 'Retry-After': String(later) }
    return oauthError(400, 'invalid_grant', 'Bad credentials', headers)
  },
}

/** The members in the order that the shop has them. */
export function tokenBody(
  { accessToken, refreshToken, expiresIn, scope, idToken, agent }: IssuedTokens,
  token_type: 'bearer' | 'Bearer',
): object {
  const scopes = agent ? withAgent(scope) : scope
  return {
    access_token: accessToken,
    token_type,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    expires_in: expiresIn,
    ...(scopes && { scope: scopes }),
    ...(idToken !== undefined && { id_token: idToken }),
  }
}

function withAgent(scope = ''): string {
  return [...new Set([...scope.split(' ').filter(Boolean), 'agent'])].join(' ')
}

import type { DialectRequest, DialectRoute, IssuedTokens, TokenRoute } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { readAttributes, violations } from './attributes.ts'
import { failure, lockedOut, outage, resource } from './documents.ts'
import { anonymousId, codeOf, contradiction } from './headers.ts'

export type SignInSettings = {
  /** What the right password of an unconfirmed e-mail address is answered with. */
  readonly unconfirmedStatus: number
  readonly blockSeconds: number
}

export const RESOURCE = 'urn:vestibule:dialect:spryker'

/** `POST /access-tokens` and `POST /refresh-tokens`. */
export function signInRoutes(settings: SignInSettings): DialectRoute[] {
  return [accessTokens(settings), refreshTokens]
}

function accessTokens({ unconfirmedStatus, blockSeconds }: SignInSettings): TokenRoute {
  return {
    method: 'POST',
    path: '/access-tokens',
    async toOAuth(request, services) {
      const { body, headers, context } = request
      const parsed = readAttributes(body, 'access-tokens', context)
      if ('refused' in parsed) return parsed.refused
      // Texts, or `violations` finds them below.
      const { username, password } = parsed.attributes as Record<string, string>
      const refused =
        contradiction(request) ??
        violations(parsed.attributes, [{ name: 'username', is: 'email' }, { name: 'password' }], context)
      if (!refused) {
        const login = { username, password, ...codeOf(headers) }
        return { grant_type: 'password', resource: RESOURCE, scope: 'customer', ...login }
      }
      const leftSeconds =
        typeof username === 'string' ? await services.lockedForSeconds(username, 'customer') : undefined
      return leftSeconds === undefined ? refused : lockedOut({ blockSeconds, leftSeconds }, context)
    },
    fromSuccess: (tokens, context) =>
      resource('access-tokens', { ...pairOf(tokens), idCompanyUser: tokens.companyUserId ?? null }, context),
    fromError(refused, context) {
      const { status, authentication } = refused
      if (authentication?.outcome === 'locked') {
        return lockedOut({ blockSeconds, leftSeconds: authentication.retryAfterSeconds ?? blockSeconds }, context)
      }
      if (status >= 500) return outage(refused, context)
      const isUnconfirmed = authentication?.outcome === 'unconfirmed'
      return failure(isUnconfirmed ? unconfirmedStatus : 401, '003', 'Failed to authenticate user.', context)
    },
    afterSuccess: reportGuest,
  }
}

const refreshTokens: TokenRoute = {
  method: 'POST',
  path: '/refresh-tokens',
  toOAuth(request) {
    const { body, context } = request
    const parsed = readAttributes(body, 'refresh-tokens', context)
    if ('refused' in parsed) return parsed.refused
    const refused = contradiction(request) ?? violations(parsed.attributes, [{ name: 'refreshToken' }], context)
    return refused ?? { grant_type: 'refresh_token', refresh_token: String(parsed.attributes.refreshToken) }
  },
  fromSuccess: (tokens, context) => resource('refresh-tokens', pairOf(tokens), context),
  fromError: (refused, context) =>
    refused.status >= 500 ? outage(refused, context) : failure(401, '004', 'Failed to refresh token.', context),
  afterSuccess: reportGuest,
}

/** Tells the shop which guest has just become a customer. */
export function reportGuest(
  { customer, clientId }: IssuedTokens,
  { headers }: DialectRequest,
  services: DialectServices,
): void {
  const guest = anonymousId(headers)
  if (!customer || guest === undefined) return
  const { id: customerId, customerReference } = customer
  services.reportSignIn({ customerId, customerReference, anonymousId: guest, clientId, dialect: 'spryker' })
}

/** The attributes all token resources share, in the contract's order. */
export function pairOf({ accessToken, refreshToken, expiresIn }: IssuedTokens): Record<string, unknown> {
  return { tokenType: 'Bearer', expiresIn, accessToken, refreshToken }
}

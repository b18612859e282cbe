import type { Dialect, DialectRoute, IssuedTokens } from '../dialect.ts'
import { readAttributes, violations } from './attributes.ts'
import { emptyCollection, failure, resource } from './documents.ts'
import { sprykerToken } from './token.ts'

const RESOURCE = 'urn:vestibule:dialect:spryker'
const CLIENT_ID = 'frontend'

/** Spryker Glue storefront: JSON:API documents around password and refresh. */
export const spryker: Dialect = {
  name: 'spryker',
  resourceServer: { identifier: RESOURCE, audience: CLIENT_ID, scopes: [], format: 'jwt', algorithm: 'RS256' },
  shape: sprykerToken,
  routes: [
    {
      method: 'POST',
      path: '/access-tokens',
      toOAuth({ body, context }) {
        const parsed = readAttributes(body, 'access-tokens', context)
        if ('refused' in parsed) return parsed.refused
        const { attributes } = parsed
        const refused = violations(attributes, [{ name: 'username', isEmail: true }, { name: 'password' }], context)
        if (refused) return refused
        const { username, password } = attributes as Record<string, string>
        return {
          grant_type: 'password',
          client_id: CLIENT_ID,
          resource: RESOURCE,
          scope: 'customer',
          username,
          password,
        } as never
      },
      fromSuccess: (tokens, context) =>
        resource('access-tokens', { ...pair(tokens), idCompanyUser: tokens.companyUserId ?? null }, context),
      fromError: ({ status }, context) =>
        status >= 500
          ? failure(status, undefined, 'The service is busy. Please try again shortly.', context)
          : failure(401, '003', 'Failed to authenticate user.', context),
    },
    {
      method: 'POST',
      path: '/refresh-tokens',
      toOAuth({ body, context }) {
        const parsed = readAttributes(body, 'refresh-tokens', context)
        if ('refused' in parsed) return parsed.refused
        const refused = violations(parsed.attributes, [{ name: 'refreshToken' }], context)
        if (refused) return refused
        return {
          grant_type: 'refresh_token',
          client_id: CLIENT_ID,
          refresh_token: String(parsed.attributes.refreshToken),
        }
      },
      fromSuccess: (tokens, context) => resource('refresh-tokens', pair(tokens), context),
      fromError: ({ status }, context) =>
        status >= 500
          ? failure(status, undefined, 'The service is busy. Please try again shortly.', context)
          : failure(401, '004', 'Failed to refresh token.', context),
    },
    ...['/access-tokens', '/refresh-tokens'].flatMap((path): DialectRoute[] => [
      { method: 'GET', path, answer: emptyCollection },
      { method: 'ALL', path, answer: (context) => failure(404, undefined, 'Not Found', context) },
    ]),
  ],
}

function pair({ accessToken, refreshToken, expiresIn }: IssuedTokens): Record<string, unknown> {
  return { tokenType: 'Bearer', expiresIn, accessToken, refreshToken }
}

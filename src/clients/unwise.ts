import { faintColor, readColor } from '../brand-colors.ts'
import type { ClientMetadata } from './client-schema.ts'

const LONG_ACCESS_TOKEN_SECONDS = 86_400

type Rule = { readonly applies: (client: ClientMetadata) => boolean; readonly sentence: string }

const uses = ({ grant_types = ['authorization_code'] }: ClientMetadata, grantType: string) =>
  grant_types.includes(grantType)
const isPublic = ({ token_endpoint_auth_method }: ClientMetadata) => token_endpoint_auth_method === 'none'
const isLoopback = (uri: string) => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(uri).hostname)

const RULES: readonly Rule[] = [
  {
    applies: (client) => uses(client, 'authorization_code') && !client.redirect_uris?.length,
    sentence: 'It has no redirect_uris: nobody can sign in with the authorization code.',
  },
  {
    applies: (client) => client.first_party !== true && uses(client, 'password'),
    sentence: 'Software of others sees the passwords of customers: leave the grant type password out.',
  },
  {
    applies: (client) => isPublic(client) && uses(client, 'client_credentials'),
    sentence: 'A public client has no credentials: client_credentials is refused at /token.',
  },
  {
    applies: ({ access_token_ttl_seconds: seconds = 0 }) => seconds > LONG_ACCESS_TOKEN_SECONDS,
    sentence: 'Services that check tokens by themselves accept one for longer than a day after it was revoked.',
  },
  {
    applies: ({ application_type, redirect_uris = [] }) =>
      application_type !== 'native' && redirect_uris.some((uri) => isLoopback(uri)),
    sentence: 'A redirect to loopback ends at the computer of the person: remove it in production.',
  },
  {
    applies: ({ ignore_second_factor }) => ignore_second_factor === true,
    sentence: 'The password alone signs in customers who set up a second factor: ask for it where the storefront can.',
  },
  {
    applies: ({ authorization_challenge_origins: origins = [] }) => origins.length > 0,
    sentence:
      'Every script on the pages of authorization_challenge_origins reads the passwords that are typed there: prefer the redirect.',
  },
  {
    applies: (client) => uses(client, 'refresh_token') && (client.grant_types ?? []).length === 1,
    sentence: 'It may refresh tokens, and has no grant type to get the first one.',
  },
]

/** What is allowed and seldom meant, a sentence each, for the operator who stores the client. */
export function unwiseMembers(client: ClientMetadata): string[] {
  const color = faintColor(readColor(client.brand_color ?? '') ?? '#000000', 'light')
  return [
    ...RULES.filter(({ applies }) => applies(client)).map(({ sentence }) => sentence),
    ...(color === undefined ? [] : [`The brand_color ${color}`]),
  ]
}

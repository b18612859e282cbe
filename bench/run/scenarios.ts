import { basicAuth } from '../../test/support/http.ts'
import type { CeilingName } from './ceilings.ts'
import type { Cores } from './cores.ts'
import type { PeerName } from './peers.ts'
import { form, get, json, type Request, type Target, type TokenKind } from './target.ts'

/** One row of the table: what is asked, and what it is compared with. */
export type Scenario = {
  readonly name: string
  readonly cores: Cores
  /** What the machine can do at most, with the work that nobody can leave out. */
  readonly ceiling: CeilingName
  readonly peers: readonly PeerName[]
  /** Another scenario that does the same by another endpoint, so that both should cost the same. */
  readonly sameAs?: string
  /** The token that a request takes: one for all, one that is used up by each, or one that each answer replaces. */
  readonly token?: { readonly kind: TokenKind; readonly use: 'same' | 'once' | 'chain' }
  request(target: Target, token: string): Request
  /** What is in the body of every right answer. */
  readonly expects: string
}

const service = ({ service: { id, secret } }: Target) => basicAuth(id, secret)
const introspection = (target: Target, token: string) => form(target.paths.introspection, { token }, service(target))
const refresh = ({ paths, app }: Target, token: string) =>
  form(paths.token, { grant_type: 'refresh_token', client_id: app, refresh_token: token })

/** Everything that `npm run bench` measures. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'jwks',
    cores: 'one',
    ceiling: 'static',
    peers: ['oidc-provider'],
    request: ({ paths }) => get(paths.jwks),
    expects: '"keys":[',
  },
  {
    name: 'discovery',
    cores: 'one',
    ceiling: 'static',
    peers: ['oidc-provider'],
    request: ({ paths }) => get(paths.discovery),
    expects: '"token_endpoint":',
  },
  {
    name: 'introspection of a machine',
    cores: 'one',
    ceiling: 'redis-trip',
    peers: ['oidc-provider', 'oauth2-server'],
    token: { kind: 'machine', use: 'same' },
    request: introspection,
    expects: '"active":true',
  },
  {
    // The others ask for one token again and again, of which a server may remember something.
    name: 'introspection of new tokens',
    cores: 'one',
    ceiling: 'redis-trip',
    peers: ['oidc-provider', 'oauth2-server'],
    token: { kind: 'machine', use: 'once' },
    request: introspection,
    expects: '"active":true',
  },
  {
    name: 'introspection of a customer',
    cores: 'one',
    ceiling: 'redis-trip',
    peers: [],
    token: { kind: 'customer', use: 'same' },
    request: introspection,
    expects: '"active":true',
  },
  {
    name: 'client credentials',
    cores: 'one',
    ceiling: 'signature',
    peers: ['oidc-provider', 'oauth2-server'],
    request: (target) => form(target.paths.token, { grant_type: 'client_credentials' }, service(target)),
    expects: '"access_token":',
  },
  {
    name: 'refresh',
    cores: 'one',
    ceiling: 'signature-and-trips',
    peers: ['oidc-provider', 'oauth2-server'],
    token: { kind: 'refresh', use: 'chain' },
    request: refresh,
    expects: '"refresh_token":',
  },
  {
    name: 'refresh with ID token',
    cores: 'one',
    ceiling: 'signature-and-trips',
    peers: [],
    token: { kind: 'refresh-openid', use: 'chain' },
    request: refresh,
    expects: '"id_token":',
  },
  {
    name: 'userinfo',
    cores: 'one',
    ceiling: 'redis-trip',
    peers: [],
    token: { kind: 'customer-openid', use: 'same' },
    request: ({ paths }, token) => get(paths.userinfo, { authorization: `Bearer ${token}` }),
    expects: '"sub":',
  },
  {
    name: 'revocation',
    cores: 'one',
    ceiling: 'redis-trip',
    peers: ['oidc-provider'],
    token: { kind: 'machine', use: 'once' },
    request: (target, token) => form(target.paths.revocation, { token }, service(target)),
    expects: '',
  },
  {
    name: 'password',
    cores: 'all',
    ceiling: 'argon2id',
    peers: ['oauth2-server'],
    request: ({ paths, app, customer }) =>
      form(paths.token, {
        grant_type: 'password',
        client_id: app,
        username: customer.login,
        password: customer.password,
      }),
    expects: '"access_token":',
  },
  {
    name: 'sign-in of a storefront',
    cores: 'all',
    ceiling: 'argon2id',
    peers: [],
    sameAs: 'password',
    request: ({ customer }) =>
      json(
        '/access-tokens',
        {
          data: { type: 'access-tokens', attributes: { username: customer.login, password: customer.password } },
        },
        'application/vnd.api+json',
      ),
    expects: '"accessToken":',
  },
]

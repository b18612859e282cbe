import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import {
  authorizationUrl,
  obtainCode,
  pkce,
  redeem,
  refresh,
  requestTokens,
  revoke,
  sonia,
  type Tokens,
  thirdParty,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'

/** A request that was prepared while everything worked, to be sent while something does not. */
export type Endpoint = {
  readonly name: string
  /** What it needs: reads want no room, removals take none, and a password is checked with the database. */
  readonly kind: 'writes' | 'removes' | 'reads' | 'checks a password'
  readonly send: () => Promise<Response>
}

const GRAPHQL = 'mutation { generateCustomerToken(email: "sonia@spryker.com", password: "change123") { token } }'
const ordersService = basicAuth('orders-service', 'orders-service-secret')

/** Opens every endpoint that issues, judges or ends tokens: OAuth's own and those of the dialects. */
export async function openEndpoints(
  url: string,
  held: Pick<Tokens, 'access_token' | 'refresh_token'>,
): Promise<Endpoint[]> {
  return [...(await oauthEndpoints(url, held)), ...(await dialectEndpoints(url))]
}

async function oauthEndpoints(url: string, held: Pick<Tokens, 'access_token' | 'refresh_token'>): Promise<Endpoint[]> {
  const { code, verifier } = await obtainCode(url)
  const { challenge } = pkce()
  const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
  const request = Object.fromEntries(
    new URL(authorizationUrl(url, { client_id: 'third-party-app', ...proof })).searchParams,
  )
  const { access_token: known } = await tokensOf(url, { scope: 'openid email' })
  const toRevoke = await tokensOf(url)
  return [
    { name: '/token, password', kind: 'checks a password', send: () => requestTokens(url) },
    { name: '/token, refresh', kind: 'writes', send: () => refresh(url, held.refresh_token) },
    { name: '/token, code', kind: 'writes', send: () => redeem(url, code, verifier) },
    {
      name: '/introspect',
      kind: 'reads',
      send: () => postForm(`${url}/introspect`, { token: held.access_token }, ordersService),
    },
    { name: '/userinfo', kind: 'reads', send: () => userinfo(url, known) },
    { name: '/revoke', kind: 'removes', send: () => revoke(url, toRevoke.refresh_token) },
    { name: '/par', kind: 'writes', send: () => postForm(`${url}/par`, request, thirdParty) },
    {
      name: '/device_authorization',
      kind: 'writes',
      send: () => postForm(`${url}/device_authorization`, { client_id: 'device-app', scope: 'openid' }),
    },
    {
      name: '/authorize',
      kind: 'writes',
      send: () => fetch(authorizationUrl(url, proof), { redirect: 'manual' }),
    },
  ]
}

async function dialectEndpoints(url: string): Promise<Endpoint[]> {
  const spryker = await sprykerTokens(url)
  const [toRefresh, toEnd] = [await sprykerTokens(url), await sprykerTokens(url)]
  const elasticPath = `Bearer ${await implicitToken(url)}`
  const json = { 'content-type': 'application/json' }
  return [
    {
      name: 'Spryker /access-tokens',
      kind: 'checks a password',
      send: () => postJson(`${url}/access-tokens`, { data: { type: 'access-tokens', attributes: sonia } }),
    },
    {
      name: 'Spryker /refresh-tokens',
      kind: 'writes',
      send: () => postJson(`${url}/refresh-tokens`, refreshDocument(toRefresh.refreshToken)),
    },
    {
      name: 'Spryker DELETE /refresh-tokens',
      kind: 'removes',
      send: () =>
        fetch(`${url}/refresh-tokens/${toEnd.refreshToken}`, {
          method: 'DELETE',
          headers: { ...json, authorization: `Bearer ${spryker.accessToken}` },
        }),
    },
    {
      name: 'Elastic Path /v2/customers/tokens',
      kind: 'checks a password',
      send: () =>
        postData(
          `${url}/v2/customers/tokens`,
          { type: 'token', email: sonia.username, password: sonia.password },
          elasticPath,
        ),
    },
    {
      name: 'Magento REST',
      kind: 'checks a password',
      send: () => postJson(`${url}/rest/V1/integration/customer/token`, sonia),
    },
    { name: 'Magento GraphQL', kind: 'checks a password', send: () => postJson(`${url}/graphql`, { query: GRAPHQL }) },
    {
      name: 'commercetools',
      kind: 'checks a password',
      send: () => postForm(`${url}/oauth/shop/customers/token`, { grant_type: 'password', ...sonia }, thirdParty),
    },
  ]
}

type SprykerTokens = { readonly accessToken: string; readonly refreshToken: string }

async function sprykerTokens(url: string): Promise<SprykerTokens> {
  const answer = await postJson(`${url}/access-tokens`, { data: { type: 'access-tokens', attributes: sonia } })
  return ((await answer.json()) as { data: { attributes: SprykerTokens } }).data.attributes
}

function refreshDocument(refreshToken: string): object {
  return { data: { type: 'refresh-tokens', attributes: { refreshToken } } }
}

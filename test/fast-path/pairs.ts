import { randomUUID, sign } from 'node:crypto'
import { decode, ordersService, requestTokens, revoke, ron, sonia, type Tokens, tokensOf } from '../endpoints/client.ts'
import { dpopKey, dpopProof, signOut } from '../storage/shop.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'

/** A value for the server with the fast path and its twin, in the same state, for the server without. */
export type Pair = readonly [string, string]

type Server = { readonly url: string; readonly adminUrl: string }

export const SECRET = 'a-secret-of-the-generated-clients'

const admin = (token: string) => ({ authorization: `Bearer ${token}` })

/** Makes the clients that requests are sent by: one of each kind that the token endpoint tells apart. */
export async function addClients({ adminUrl }: Server, adminToken: string): Promise<void> {
  const machine = { grant_types: ['client_credentials'], first_party: true }
  const people = { grant_types: ['password', 'refresh_token'], first_party: true, default_scope: 'customer company' }
  const clients: Record<string, unknown>[] = [
    { client_id: 'by-header', ...machine, token_endpoint_auth_method: 'client_secret_basic', introspects: ['*'] },
    { client_id: 'by-form', ...machine, token_endpoint_auth_method: 'client_secret_post', introspects: ['*'] },
    { client_id: 'with-scopes', ...machine, resource_scopes: ['orders:*'], introspects: ['*'] },
    { client_id: 'with-scope', ...machine, scope: 'openid' },
    { client_id: 'for-warehouse', ...machine, default_resource: 'urn:vestibule:warehouse' },
    { client_id: 'short-lived', ...machine, access_token_ttl_seconds: 60 },
    { client_id: 'ending', ...machine, grants_sunset: { client_credentials: '2099-01-01' } },
    { client_id: 'bound', ...machine, dpop_bound_access_tokens: true },
    { client_id: 'disabled', ...machine },
    { client_id: 'public-app', ...people, token_endpoint_auth_method: 'none' },
    { client_id: 'secret-app', ...people, token_endpoint_auth_method: 'client_secret_post' },
    { client_id: 'lazy-app', ...people, token_endpoint_auth_method: 'none', refresh_policy: 'lazy' },
    { client_id: 'no-retry-app', ...people, token_endpoint_auth_method: 'none', refresh_retry_seconds: 0 },
    { client_id: 'no-refresh', ...people, token_endpoint_auth_method: 'none', grant_types: ['password'] },
  ]
  for (const metadata of clients) {
    const isPublic = metadata.token_endpoint_auth_method === 'none'
    const answer = await postJson(
      `${adminUrl}/v1/clients`,
      { metadata, ...(!isPublic && { secret: SECRET }) },
      admin(adminToken),
    )
    if (!answer.ok) throw new Error(`${metadata.client_id}: ${await answer.text()}`)
  }
  const disabled = await postJson(`${adminUrl}/v1/clients/disabled/disable`, {}, admin(adminToken))
  if (!disabled.ok) throw new Error(`disable: ${await disabled.text()}`)
}

/** Tokens in every state that introspection tells apart. They are only looked at, so that both servers see the same. */
export async function makeTokens(server: Server): Promise<ReadonlyMap<string, string>> {
  const { url } = server
  const byHeader = basicAuth('by-header', SECRET)
  const machine = async (id: string, fields = {}) =>
    tokensOf(url, { grant_type: 'client_credentials', ...noLogin, ...fields }, basicAuth(id, SECRET))
  const [own, scoped, opaque] = await Promise.all([
    machine('by-header'),
    machine('with-scopes', { scope: 'orders:read' }),
    machine('for-warehouse'),
  ])
  const [customer, companyUser, signedOut, revoked] = await Promise.all([
    tokensOf(url, ron),
    tokensOf(url, sonia),
    tokensOf(url, { ...ron, client_id: 'public-app' }),
    machine('by-header'),
  ])
  const rotated = await tokensOf(url, ron)
  await tokensOf(url, { grant_type: 'refresh_token', refresh_token: rotated.refresh_token, ...noLogin })
  const key = dpopKey()
  const bound = await tokensOf(url, ron, dpopProof(key, `${url}/token`))
  const ended = await tokensOf(url, ron)
  await revoke(url, ended.refresh_token)
  await revoke(url, revoked.access_token, {}, byHeader)
  await signOut(server, { of: 'client', id: 'public-app' })
  const [header, payload, signature] = own.access_token.split('.') as [string, string, string] // a JWT
  return new Map([
    ['a client’s own', own.access_token],
    ['a client’s own with scopes', scoped.access_token],
    ['an opaque one', opaque.access_token],
    ['a customer’s', customer.access_token],
    ['a company user’s', companyUser.access_token],
    ['a refresh token', customer.refresh_token],
    ['a replaced refresh token', rotated.refresh_token],
    ['a bound one', bound.access_token],
    ['one whose sign-in was ended', ended.access_token],
    ['a revoked one', revoked.access_token],
    ['one of a signed-out client', signedOut.access_token],
    ['one with another signature', `${header}.${payload}.${signature.slice(0, -4)}AAAA`],
    ['one of another key', signedElsewhere(own.access_token)],
    ['one without a signature', `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`],
    ['an ID token', (await tokensOf(url, { ...ron, scope: 'openid' })).id_token],
    ['words', 'no token at all'],
    ['a long one', 'x'.repeat(9000)],
    ['one with odd characters', 'täöken%00+&='],
  ])
}

/** A refresh token for each of the two servers, of sign-ins that are alike. */
export async function signInTwice(url: string, fields: Record<string, string>): Promise<Pair> {
  const one = async () => ((await (await requestTokens(url, fields)).json()) as Tokens).refresh_token
  const [first, second] = await Promise.all([one(), one()])
  return [first, second]
}

/** Each proves itself once to a server, which then knows its network. */
export async function introduce(url: string): Promise<void> {
  const ids = ['by-header', 'by-form', 'with-scopes', 'with-scope', 'for-warehouse', 'short-lived', 'ending', 'bound']
  for (const id of [...ids, 'secret-app']) await postForm(`${url}/introspect`, { token: 'x' }, basicAuth(id, SECRET))
  await postForm(`${url}/introspect`, { token: 'x' }, ordersService)
  for (const id of ids) await postForm(`${url}/token`, { grant_type: 'client_credentials' }, basicAuth(id, SECRET))
  await fetch(`${url}/.well-known/openid-configuration`)
}

const noLogin = { username: undefined, password: undefined } as const

function signedElsewhere(token: string): string {
  const { header, payload } = decode(token)
  const input = `${encode(header)}.${encode({ ...payload, jti: randomUUID() })}`
  const key = { key: dpopKey().privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

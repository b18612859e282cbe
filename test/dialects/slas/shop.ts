import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { ask, OWNER } from '../../admin/administrators.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../../support/server.ts'

export const ORGANIZATION = 'f_ecom_zzrf_001'
export const SITE = 'RefArch'
export const REDIRECT = 'http://localhost:8080/callback'
export const PUBLIC_CLIENT = 'slas-spa'
export const PRIVATE_CLIENT = 'slas-backend'
export const SECRET = 'a-secret-of-the-shop'
export const BRIDGE_SECRET = 'a-secret-that-only-the-storefront-knows'
export const RON = { username: 'ron@swanson.com', password: 'mysecretpassword' }
export const SONIA = { username: 'sonia@spryker.com', password: 'change123' }
export const AGENT = { login: 'agent@example.com', password: 'change123' }
export const PRIVATE = basicAuth(PRIVATE_CLIENT, SECRET)

const GRANTS = [
  'authorization_code',
  'refresh_token',
  'password',
  'urn:vestibule:grant:agent',
  'urn:vestibule:grant:anonymous',
  'urn:vestibule:grant:impersonation',
  'urn:vestibule:grant:one-time-password',
]
const SCOPES = ['sfcc.shopper-*', 'sfcc.ta_ext_on_behalf_of', 'sfcc.session_bridge']
const COMMON = { first_party: true, redirect_uris: [REDIRECT], response_types: ['code'] }

/** A server with the dialect and the two kinds of clients that a shop has. */
export async function startShop(settings: TestSettings = {}): Promise<TestServer> {
  const server = await startTestServer({
    DIALECTS: 'slas',
    ADMIN_TOKEN: OWNER,
    SLAS_LOGIN_INTERVAL_SECONDS: '0',
    SLAS_SESSION_BRIDGE_SECRET: BRIDGE_SECRET,
    ...settings,
  })
  await addClients(server)
  return server
}

/** The two kinds of clients. */
export async function addClients(server: TestServer): Promise<void> {
  await addClient(server, {
    ...COMMON,
    client_id: PUBLIC_CLIENT,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: GRANTS,
    resource_scopes: SCOPES,
  })
  await addClient(
    server,
    {
      ...COMMON,
      client_id: PRIVATE_CLIENT,
      application_type: 'native',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [...GRANTS, 'urn:vestibule:grant:trusted-system'],
      resource_scopes: [...SCOPES, 'sfcc.ts_ext_on_behalf_of'],
    },
    SECRET,
  )
}

/** Registers a client, as an operator does. */
export async function addClient(server: TestServer, metadata: object, secret?: string): Promise<void> {
  const { status, body } = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, ...(secret && { secret }) })
  if (status !== 201) throw new Error(`no client: ${status} ${JSON.stringify(body)}`)
}

/** The address of an endpoint. */
export function at(url: string, endpoint: string): string {
  return `${url}/shopper/auth/v1/organizations/${ORGANIZATION}/oauth2/${endpoint}`
}

type Fields = Readonly<Record<string, string | undefined>>
export type Answer = {
  readonly status: number
  readonly body: Record<string, string> & { readonly access_token: string; readonly refresh_token: string }
  readonly headers: Headers
}

/** Sends a form; the answer is JSON. */
export async function post(url: string, endpoint: string, fields: Fields, headers: Record<string, string> = {}) {
  return read(await postForm(at(url, endpoint), { channel_id: SITE, ...fields }, headers))
}

/** Asks by a query. */
export async function get(url: string, endpoint: string, fields: Fields, headers: Record<string, string> = {}) {
  const asked = new URL(at(url, endpoint))
  for (const [name, value] of Object.entries({ channel_id: SITE, ...fields }))
    if (value !== undefined) asked.searchParams.set(name, value)
  return read(await fetch(asked, { headers, redirect: 'manual' }))
}

async function read(answer: Response): Promise<Answer> {
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return { status: answer.status, body: isJson ? JSON.parse(text) : ({ text } as never), headers: answer.headers }
}

/** A verifier and its challenge. */
export function pkce() {
  const verifier = randomBytes(48).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** What a redirect brings. */
export function sent({ headers }: Answer): URLSearchParams {
  return new URL(headers.get('location') ?? 'nothing://here').searchParams
}

/** Signs a customer in by the public client, step by step. */
export async function signIn(url: string, shopper = RON, more: Fields = {}): Promise<Answer> {
  const { verifier, challenge } = pkce()
  const asked = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge, ...more }
  const login = await post(url, 'login', asked, basicAuthPlain(shopper.username, shopper.password))
  if (login.status !== 303) return login
  const query = sent(login)
  return post(url, 'token', {
    grant_type: 'authorization_code_pkce',
    client_id: PUBLIC_CLIENT,
    code: query.get('code') ?? '',
    usid: query.get('usid') ?? '',
    redirect_uri: REDIRECT,
    code_verifier: verifier,
    dnt: more.dnt,
  })
}

/** A visitor by the public client, step by step. */
export async function visit(url: string): Promise<Answer> {
  const { verifier, challenge } = pkce()
  const asked = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge }
  const query = sent(await get(url, 'authorize', { ...asked, response_type: 'code', hint: 'guest' }))
  const redeemed = { grant_type: 'authorization_code_pkce', client_id: PUBLIC_CLIENT, code_verifier: verifier }
  return post(url, 'token', { ...redeemed, code: query.get('code') ?? '', redirect_uri: REDIRECT })
}

/** HTTP Basic as the SDK writes it: not form-encoded first. */
export function basicAuthPlain(name: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` }
}

export function refresh(url: string, refreshToken: string, headers: Record<string, string> = {}, more: Fields = {}) {
  const client = headers.authorization ? {} : { client_id: PUBLIC_CLIENT }
  return post(url, 'token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...client, ...more }, headers)
}

/** Whether a token works, as a service of the shop is told. */
export async function isActive(url: string, token: string): Promise<boolean> {
  const caller = basicAuth('orders-service', 'orders-service-secret')
  const answer = await postForm(`${url}/introspect`, { token }, caller)
  return ((await answer.json()) as { active: boolean }).active
}

export function partsOf(token: string): string[] {
  return String(decodeJwt(token).isb).split('::')
}

export { decodeJwt, decodeProtectedHeader }

/** The shop's own SDK, unchanged. Its types are those of every API of the shop, so only what is used is said. */
type Sdk = {
  readonly ShopperLogin: new (config: object) => Record<string, (options: object, raw?: boolean) => Promise<never>>
  readonly helpers: Record<string, (options: object) => Promise<Record<string, string>>>
}

/** The SDK's client at this server, and its helpers. */
export function sdkAt(url: string, clientId = PUBLIC_CLIENT) {
  const sdk = createRequire(import.meta.url)('commerce-sdk-isomorphic') as Sdk
  const slasClient = new sdk.ShopperLogin({
    proxy: url,
    parameters: { clientId, organizationId: ORGANIZATION, shortCode: 'x', siteId: SITE },
    throwOnBadResponse: true,
  })
  const helper = (name: string, options: object) => {
    const run = sdk.helpers[name]
    if (!run) throw new Error(`the SDK has no helper ${name}`)
    return run({ slasClient, ...options })
  }
  return { slasClient, helper }
}

import { basicAuth, postForm } from '../../support/http.ts'

export type ApiAnswer = {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** The shop's own service, which was given `manage_customers`. */
export const SERVICE = { client_id: 'shop-service', secret: 'a-secret-of-the-shop-itself' } as const

/** Registers the shop's own service. */
export async function addService(adminUrl: string, adminToken = 'an-admin-token-for-tests'): Promise<void> {
  const resource_scopes = ['manage_customers:shop', 'manage_my_*', 'store:*']
  await addMachine(adminUrl, { client_id: SERVICE.client_id, resource_scopes }, adminToken)
}

/** Registers a client that gets tokens of its own, with the secret of the shop's service. */
export async function addMachine(
  adminUrl: string,
  members: { readonly client_id: string; readonly resource_scopes?: readonly string[] },
  adminToken = 'an-admin-token-for-tests',
): Promise<void> {
  const metadata = { ...members, first_party: true, grant_types: ['client_credentials'] }
  const answer = await fetch(`${adminUrl}/v1/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ metadata, secret: SERVICE.secret }),
  })
  if (answer.status !== 201) throw new Error(`no client: ${await answer.text()}`)
}

/** A token of a client's own; the demo's third-party app unless said. */
export async function machineToken(url: string, fields: Record<string, string> = {}, as = basicOfThirdParty) {
  const answer = await postForm(`${url}/oauth/token`, { grant_type: 'client_credentials', ...fields }, as)
  return ((await answer.json()) as { access_token: string }).access_token
}

export const basicOfThirdParty = basicAuth('third-party-app', 'third-party-app-secret')
export const basicOfService = basicAuth(SERVICE.client_id, SERVICE.secret)

/** A token of the shop's own service. */
export const serviceToken = (url: string) => machineToken(url, { scope: 'manage_customers:shop' }, basicOfService)

export type CustomerTokens = { readonly access_token: string; readonly refresh_token: string }

/** Signs a customer in by password. */
export function signIn(url: string, username: string, password: string, headers: Record<string, string> = {}) {
  const fields = { grant_type: 'password', username, password }
  return postForm(`${url}/oauth/shop/customers/token`, fields, { ...basicOfThirdParty, ...headers })
}

/** A request to the API with a token. */
export async function call(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    headers: response.headers,
    body: text ? (JSON.parse(text) as ApiAnswer['body']) : {},
  }
}

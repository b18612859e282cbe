import type { HostedShop, TestCustomer } from '../../interaction/hosted-shop.ts'

export type Answered = { readonly status: number; readonly json: unknown; readonly headers: Headers }
export type GraphqlAnswered = {
  readonly status: number
  readonly data: Record<string, unknown> | null | undefined
  readonly errors: readonly { message: string; extensions: { category: string } }[]
  readonly headers: Headers
}

type Sent = {
  readonly body?: unknown
  readonly token?: string | undefined
  readonly headers?: Record<string, string>
}

export const AGENT = { username: 'agent@example.com', password: 'change123' }
export const REFUSED =
  'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.'

const bearer = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` })

/** Asks the shop's web API; `path` is below `/rest/V1`. */
export async function rest(
  url: string,
  method: string,
  path: string,
  { body, token, headers = {} }: Sent = {},
): Promise<Answered> {
  const answer = await fetch(`${url}/rest/V1${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...bearer(token), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, json: await answer.json(), headers: answer.headers }
}

/** Asks the shop's GraphQL address. */
export async function graphql(
  url: string,
  query: string,
  { variables, token, headers = {} }: Omit<Sent, 'body'> & { readonly variables?: object } = {},
): Promise<GraphqlAnswered> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token), ...headers },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors = [] } = (await answer.json()) as Pick<GraphqlAnswered, 'data'> & Partial<GraphqlAnswered>
  return { status: answer.status, data, errors, headers: answer.headers }
}

/** What a field was answered with, as the query asks for it. */
export function fieldOf<T>(data: GraphqlAnswered['data'], name: string): T {
  return data?.[name] as T // what the test asked for
}

/** The message and the category of the one error. */
export function errorOf({ errors }: GraphqlAnswered): readonly [string | undefined, string | undefined] {
  return [errors[0]?.message, errors[0]?.extensions.category]
}

export const SIGN_IN =
  'mutation ($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'

/** A customer's token by GraphQL. */
export async function signIn(url: string, email: string, password: string): Promise<string> {
  const { data } = await graphql(url, SIGN_IN, { variables: { email, password } })
  return (data?.generateCustomerToken as { token?: string } | null)?.token ?? 'no token'
}

export async function agentToken(url: string): Promise<string> {
  return String((await rest(url, 'POST', '/integration/admin/token', { body: AGENT })).json)
}

/** A customer with a token, and whether agents may act for them. */
export async function signedIn(
  { server: { url }, addCustomer }: HostedShop,
  { consents = false } = {},
): Promise<TestCustomer & { readonly token: string; readonly number: number }> {
  const customer = await addCustomer()
  const token = await signIn(url, customer.email, customer.password)
  if (consents) {
    const query = 'mutation { updateCustomerV2(input: { allow_remote_shopping_assistance: true }) { customer { id } } }'
    await graphql(url, query, { token })
  }
  const { json } = await rest(url, 'GET', '/customers/me', { token })
  return { ...customer, token, number: (json as { id: number }).id }
}

/** Whether a token shows its customer. */
export async function works(url: string, token: string): Promise<boolean> {
  return (await rest(url, 'GET', '/customers/me', { token })).status === 200
}

/** The key in the link of a letter of ours or in that of a page of the shop. */
export async function keyIn({ sink }: Pick<HostedShop, 'sink'>, email: string, nth = 1): Promise<string> {
  const { link } = await sink.mailTo(email, nth)
  return new URL(link).searchParams.get('token') ?? new URL(link).searchParams.get('key') ?? `no key in ${link}`
}

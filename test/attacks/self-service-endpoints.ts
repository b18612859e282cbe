import { graphql, rest } from '../dialects/magento/shop-api.ts'
import { bearer, document, exchange, type GlueAnswer, obtain } from '../dialects/spryker/exchange.ts'
import { commercetools, elasticPath } from './self-service-endpoints-by-id.ts'

type Headers = Readonly<Record<string, string>>

/** A shop's endpoints by which customers set their passwords: each dialect that has them is one. */
export type SelfServiceEndpoint = {
  readonly name: string
  /** Signs in by the dialect; the token and what the dialect calls the account. */
  signIn(url: string, login: { username: string; password: string }, headers?: Headers): Promise<SignedIn>
  /** True when the dialect lets the login in. */
  isLetIn(url: string, login: { username: string; password: string }, headers?: Headers): Promise<boolean>
  change(url: string, who: SignedIn, passwords: { current: string; next: string }, headers?: Headers): Promise<Said>
  /** Asks for a letter with a key; absent where the shop's own service mails. */
  requestReset?(url: string, email: string, headers?: Headers): Promise<Said>
  /** A key in the hands of the shop's own service, which mails it. */
  issueKey?(url: string, email: string): Promise<string>
  /** By the key of a letter; shops that ask for it are told whose letter it was. Absent where there is no such endpoint. */
  reset?(url: string, letter: ResetLetter, password: string, headers?: Headers): Promise<Said>
  /** Statuses of a change: done, a wrong current password, and while the login is locked out. */
  readonly statuses: {
    readonly changed: number
    readonly wrong: number
    readonly locked: number
    readonly reset: number
  }
}

export type ResetLetter = { readonly key: string; readonly email: string }

/** What an endpoint answered; of GraphQL the status that its category stands for. */
export type Said = Pick<GlueAnswer, 'status' | 'text'>

export type SignedIn = { readonly token: string; readonly account: string }

const spryker: SelfServiceEndpoint = {
  name: 'Spryker',
  statuses: { changed: 204, wrong: 400, locked: 429, reset: 204 },
  async signIn(url, login, headers = {}) {
    const { accessToken: token } = await obtain(url, 'access-tokens', login, headers)
    const [, payload = ''] = token.split('.')
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
    return { token, account: (JSON.parse(sub) as { customer_reference: string }).customer_reference }
  },
  async isLetIn(url, login, headers = {}) {
    const request = { path: '/access-tokens', headers, body: document('access-tokens', login) }
    return (await exchange(url, request)).status === 201
  },
  change: (url, { token, account }, { current, next }, headers = {}) =>
    exchange(url, {
      method: 'PATCH',
      path: `/customer-password/${account}`,
      headers: { ...headers, ...bearer(token) },
      body: document('customer-password', { password: current, newPassword: next, confirmPassword: next }),
    }),
  requestReset: (url, email, headers = {}) =>
    exchange(url, {
      path: '/customer-forgotten-password',
      headers,
      body: document('customer-forgotten-password', { email }),
    }),
  reset: (url, { key }, password, headers = {}) =>
    exchange(url, {
      method: 'PATCH',
      path: '/customer-restore-password/x',
      headers,
      body: document('customer-restore-password', { restorePasswordKey: key, password, confirmPassword: password }),
    }),
}

/** A signed-in customer is told of a lock by the shop's own words, with the status of a wrong password. */
const LOCKED = 423

const magentoRest: SelfServiceEndpoint = {
  name: 'Magento REST',
  statuses: { changed: 200, wrong: 401, locked: LOCKED, reset: 200 },
  async signIn(url, { username, password }, headers = {}) {
    const request = { body: { username, password }, headers }
    return { token: String((await rest(url, 'POST', '/integration/customer/token', request)).json), account: '' }
  },
  isLetIn: async (url, { username, password }, headers = {}) =>
    (await rest(url, 'POST', '/integration/customer/token', { body: { username, password }, headers })).status === 200,
  async change(url, { token }, { current, next }, headers = {}) {
    const body = { currentPassword: current, newPassword: next }
    return told(await rest(url, 'PUT', '/customers/me/password', { token, body, headers }))
  },
  requestReset: async (url, email, headers = {}) =>
    told(await rest(url, 'PUT', '/customers/password', { body: { email, template: 'email_reset' }, headers })),
  async reset(url, { key, email }, password, headers = {}) {
    const body = { email, resetToken: key, newPassword: password }
    return told(await rest(url, 'POST', '/customers/resetPassword', { body, headers }))
  },
}

const CATEGORIES: Readonly<Record<string, number>> = {
  'graphql-input': 400,
  'graphql-authentication': 401,
  'graphql-authorization': 403,
  'too-many-requests': 429,
}

const magentoGraphql: SelfServiceEndpoint = {
  ...magentoRest,
  name: 'Magento GraphQL',
  async change(url, { token }, { current, next }, headers = {}) {
    const query =
      'mutation ($a: String!, $b: String!) { changeCustomerPassword(currentPassword: $a, newPassword: $b) { email } }'
    return saidBy(await graphql(url, query, { variables: { a: current, b: next }, token, headers }))
  },
  async requestReset(url, email, headers = {}) {
    const query = 'mutation ($email: String!) { requestPasswordResetEmail(email: $email) }'
    return saidBy(await graphql(url, query, { variables: { email }, headers }))
  },
  async reset(url, { key, email }, password, headers = {}) {
    const query = `mutation ($email: String!, $key: String!, $password: String!) {
      resetPassword(email: $email, resetPasswordToken: $key, newPassword: $password)
    }`
    return saidBy(await graphql(url, query, { variables: { email, key, password }, headers }))
  },
}

function told({ status, json }: Awaited<ReturnType<typeof rest>>): Said {
  const text = JSON.stringify(json)
  return { status: /account is locked/.test(text) ? LOCKED : status, text }
}

function saidBy({ status, errors }: Awaited<ReturnType<typeof graphql>>): Said {
  const category = errors[0]?.extensions.category
  const text = JSON.stringify(errors)
  if (/account is locked/.test(text)) return { status: LOCKED, text }
  return { status: category === undefined ? status : (CATEGORIES[category] ?? status), text }
}

/** Of every dialect that has such endpoints. */
const ENDPOINTS = [spryker, magentoRest, magentoGraphql, elasticPath, commercetools]
export const SELF_SERVICE_ENDPOINTS: readonly SelfServiceEndpoint[] = ENDPOINTS

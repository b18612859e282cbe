import { OWNER } from '../admin/administrators.ts'
import { EVERY_DIALECT } from '../attacks/password-endpoints.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'
import { implicitToken, member, postData, RON } from './elastic-path/endpoints.ts'
import { PUBLIC_CLIENT, refresh, signIn, visit } from './slas/shop.ts'
import { AGENT, bearer, exchange, obtain, SONIA, SONIA_COMPANY_USER } from './spryker/exchange.ts'

/** With every dialect on. */
export const SETTINGS = {
  ...EVERY_DIALECT,
  ADMIN_TOKEN: OWNER,
  SAP_COMMERCE_EMPLOYEE_DOMAIN: 'example.com',
  SLAS_LOGIN_INTERVAL_SECONDS: '0',
}

const APP = { client_id: 'third-party-app', client_secret: 'third-party-app-secret' }
export const BASIC = basicAuth(APP.client_id, APP.client_secret)
const LOGIN = { username: 'ron@swanson.com', password: 'mysecretpassword' }

const read = async (answer: Promise<Response>) => (await answer).json() as Promise<never>
const glue = async (url: string, type: string, attributes: object, token?: string) =>
  (await obtain(url, type, attributes, token === undefined ? {} : bearer(token))).accessToken
const customer = (url: string) => glue(url, 'access-tokens', SONIA)
const agent = (url: string) => glue(url, 'agent-access-tokens', AGENT)
const magento = (url: string, user: string, login: object) =>
  read(postJson(`${url}/rest/V1/integration/${user}/token`, login)) as Promise<string>
const elastic = async (url: string, path: string, data: object) =>
  (await read(postData(url + path, data, `Bearer ${await implicitToken(url)}`))) as { data: unknown }
const commerce = async (url: string, path: string, fields: Record<string, string>) =>
  ((await read(postForm(url + path, fields, BASIC))) as { access_token: string }).access_token

const sap = (fields: Record<string, string>) => (url: string) =>
  commerce(url, '/authorizationserver/oauth/token', fields)

/** A kind of access token that a dialect gives, and how a client comes by one. */
export type Kind = {
  readonly name: string
  readonly obtain: (url: string) => Promise<string>
  /** Whose it is, and so who may revoke it. */
  readonly owner?: 'third-party-app'
  readonly algorithm?: 'RS256' | 'ES256'
  /** What it says as `iss`, where that is not the issuer. */
  readonly issuer?: string
  /** The client it was given to, and so who may revoke it. */
  readonly client?: string
}

const SLAS = { algorithm: 'ES256', issuer: 'slas/prod/zzrf_001', client: PUBLIC_CLIENT } as const

/** Every kind of token of every dialect. */
export const KINDS: readonly Kind[] = [
  { name: 'Spryker: a customer', algorithm: 'RS256', obtain: customer },
  {
    name: 'Spryker: a refreshed customer',
    algorithm: 'RS256',
    obtain: async (url) =>
      glue(url, 'refresh-tokens', { refreshToken: (await obtain(url, 'access-tokens', SONIA)).refreshToken }),
  },
  {
    name: 'Spryker: a company user',
    algorithm: 'RS256',
    obtain: async (url) =>
      glue(url, 'company-user-access-tokens', { idCompanyUser: SONIA_COMPANY_USER }, await customer(url)),
  },
  { name: 'Spryker: an agent', algorithm: 'RS256', obtain: agent },
  {
    name: 'Spryker: an impersonated customer',
    algorithm: 'RS256',
    obtain: async (url) =>
      glue(url, 'agent-customer-impersonation-access-tokens', { customerReference: 'DE--21' }, await agent(url)),
  },
  {
    name: 'Spryker: a customer from /token',
    algorithm: 'RS256',
    obtain: async (url) =>
      ((await read(postForm(`${url}/token`, { grant_type: 'password', ...SONIA }))) as { access_token: string })
        .access_token,
  },
  {
    name: 'Spryker: the back office',
    algorithm: 'RS256',
    obtain: async (url) => {
      const answer = await exchange(url, { path: '/token', body: { grantType: 'password', ...AGENT } })
      return (answer.json as { access_token: string }).access_token
    },
  },
  { name: 'Elastic Path: a visitor', obtain: implicitToken },
  {
    name: 'Elastic Path: a back-end',
    owner: 'third-party-app',
    obtain: async (url) => {
      const fields = { grant_type: 'client_credentials', ...APP }
      return ((await read(postForm(`${url}/oauth/access_token`, fields))) as { access_token: string }).access_token
    },
  },
  {
    name: 'Elastic Path: a customer',
    obtain: async (url) => ((await elastic(url, '/v2/customers/tokens', RON)).data as { token: string }).token,
  },
  {
    name: 'Elastic Path: an account member',
    obtain: async (url) => {
      const { data } = await elastic(url, '/v2/account-members/tokens', member('password', LOGIN))
      return String((data as { token: string }[])[0]?.token)
    },
  },
  { name: 'Magento: a customer', algorithm: 'RS256', obtain: (url) => magento(url, 'customer', LOGIN) },
  { name: 'Magento: an admin', algorithm: 'RS256', obtain: (url) => magento(url, 'admin', AGENT) },
  {
    name: 'commercetools: a customer',
    owner: 'third-party-app',
    obtain: (url) => commerce(url, '/oauth/shop/customers/token', { grant_type: 'password', ...LOGIN }),
  },
  {
    name: 'commercetools: a visitor',
    owner: 'third-party-app',
    obtain: (url) => commerce(url, '/oauth/shop/anonymous/token', { grant_type: 'client_credentials' }),
  },
  {
    name: 'commercetools: a back-end',
    owner: 'third-party-app',
    obtain: (url) => commerce(url, '/oauth/token', { grant_type: 'client_credentials' }),
  },
  {
    name: 'SAP Commerce: a customer',
    owner: 'third-party-app',
    algorithm: 'RS256',
    obtain: sap({ grant_type: 'password', ...LOGIN }),
  },
  {
    name: 'SAP Commerce: an employee',
    algorithm: 'RS256',
    obtain: async (url) => {
      const fields = { grant_type: 'password', client_id: 'frontend', username: 'agent', password: AGENT.password }
      return ((await read(postForm(`${url}/authorizationserver/oauth/token`, fields))) as { access_token: string })
        .access_token
    },
  },
  {
    name: 'SAP Commerce: a client',
    owner: 'third-party-app',
    algorithm: 'RS256',
    obtain: sap({ grant_type: 'client_credentials' }),
  },
  {
    ...SLAS,
    name: 'SLAS: a customer',
    obtain: async (url) => (await signIn(url)).body.access_token,
  },
  {
    ...SLAS,
    name: 'SLAS: a refreshed customer',
    obtain: async (url) => (await refresh(url, (await signIn(url)).body.refresh_token)).body.access_token,
  },
  {
    ...SLAS,
    name: 'SLAS: a visitor',
    obtain: async (url) => (await visit(url)).body.access_token,
  },
  {
    ...SLAS,
    name: 'SLAS: a refreshed visitor',
    obtain: async (url) => (await refresh(url, (await visit(url)).body.refresh_token)).body.access_token,
  },
]

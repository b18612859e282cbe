import { ACCOUNT_TOKEN, member, postData } from '../dialects/elastic-path/endpoints.ts'
import { graphql, signIn as magentoSignIn, rest } from '../dialects/magento/shop-api.ts'
import { bearer, document, exchange, OTHER_COMPANY_USER } from '../dialects/spryker/exchange.ts'
import { read, type Tokens } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'

export const COMMERCE = 'urn:vestibule:commerce'
export const SPRYKER = 'urn:vestibule:dialect:spryker'
export const CUSTOMERS = 'urn:vestibule:dialect:elastic-path:customers'
export const ACCOUNT_MEMBERS = 'urn:vestibule:dialect:elastic-path:account-members'
export const WAREHOUSE_GRANT = 'urn:vestibule:grant:warehouse'
export const HANDOVER_GRANT = 'urn:vestibule:grant:handover'
export const COMPANY_USER_GRANT = 'urn:vestibule:grant:company-user'
export const IMPERSONATION_GRANT = 'urn:vestibule:grant:impersonation'
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** Every resource server that a person's token can be made for. */
export const AUDIENCES = [
  COMMERCE,
  'urn:vestibule:warehouse',
  SPRYKER,
  CUSTOMERS,
  ACCOUNT_MEMBERS,
  'urn:vestibule:dialect:magento',
  'urn:vestibule:dialect:magento-admin',
  'urn:vestibule:dialect:commercetools',
  'urn:vestibule:dialect:sap-commerce',
  'urn:vestibule:dialect:slas',
]

export const SERVICE = basicAuth('orders-service', 'orders-service-secret')

/** What was got for an access token; undefined where it was refused. */
export type Derived = Partial<Tokens> | undefined

/** The client that asks, as a resource server can name any public one; the bearer of the shop's app, for Elastic Path. */
export type Asker = { readonly url: string; readonly clientId: string; readonly storefront: string }

/** An endpoint that takes a person's access token for another one. */
export type Endpoint = {
  readonly name: string
  readonly of: 'customer' | 'agent' | 'warehouse worker'
  /** What its subject tokens are made for. */
  readonly resource: string
  /** What comes of them is made for, where that is another service. */
  readonly gives?: string
  /** Acts in the name of whichever public client the token was issued to. */
  readonly actsForItsClient?: true
  /** Asks through /token, where scopes can be named. */
  readonly takesScopes: boolean
  readonly givesRefreshToken: boolean
  readonly ask: (asker: Asker, subjectToken: string, scope?: string) => Promise<Derived>
}

function grant(grant_type: string, resource: string, fields: Record<string, string> = {}) {
  return async ({ url, clientId }: Asker, subject_token: string, scope?: string): Promise<Derived> => {
    const form = { grant_type, client_id: clientId, resource, subject_token, scope, ...fields }
    const { status, body } = await read(postForm(`${url}/token`, form))
    return status === 200 ? body : undefined
  }
}

function glue(type: string, attributes: object, header = 'authorization') {
  return async ({ url }: Asker, subjectToken: string): Promise<Derived> => {
    const headers = { [header]: bearer(subjectToken).authorization }
    const { status, json } = await exchange(url, { path: `/${type}`, headers, body: document(type, attributes) })
    if (status !== 201) return undefined
    const pair = Array.isArray(json)
      ? json[0]
      : (json as { data: { attributes: Record<string, string> } }).data.attributes
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken }
  }
}

async function exchangeAsService({ url }: Asker, subject_token: string, scope?: string): Promise<Derived> {
  const form = {
    grant_type: EXCHANGE_GRANT,
    subject_token,
    subject_token_type: ACCESS_TOKEN,
    resource: COMMERCE,
    scope,
  }
  const { status, body } = await read(postForm(`${url}/token`, form, SERVICE))
  return status === 200 ? body : undefined
}

/** The customer has allowed it. */
async function allowSupport(url: string): Promise<void> {
  const token = await magentoSignIn(url, 'test@meetanshi.com', 'Meet@123')
  const query = 'mutation { updateCustomerV2(input: { allow_remote_shopping_assistance: true }) { customer { id } } }'
  await graphql(url, query, { token })
}

async function askAsAdmin({ url }: Asker, token: string): Promise<Derived> {
  await allowSupport(url)
  const query =
    'mutation { generateCustomerTokenAsAdmin(input: { customer_email: "test@meetanshi.com" }) { customer_token } }'
  const { data } = await graphql(url, query, { token })
  const given = data?.generateCustomerTokenAsAdmin as { customer_token: string } | null | undefined
  return given ? { access_token: given.customer_token } : undefined
}

async function askByCode({ url }: Asker, token: string): Promise<Derived> {
  await allowSupport(url)
  const { status, json } = await rest(url, 'POST', '/customer/23/otp', { token })
  if (status !== 200) return undefined
  return { access_token: await magentoSignIn(url, 'test@meetanshi.com', (json as { otp: string }).otp) }
}

async function switchAccount({ url, storefront }: Asker, subjectToken: string): Promise<Derived> {
  const headers = { 'EP-Account-Management-Authentication-Token': subjectToken }
  const path = `${url}/v2/account-members/tokens`
  const { status, body } = await read(postData(path, member(ACCOUNT_TOKEN), `Bearer ${storefront}`, headers))
  const tokens = status === 201 ? (body.data as { token: string }[]).map(({ token }) => token) : []
  const another = tokens.find((token) => token !== subjectToken)
  return another === undefined ? undefined : { access_token: another }
}

const AS_COMPANY_USER = { company_user_id: OTHER_COMPANY_USER }
const AS_CUSTOMER = { customer_reference: 'DE--23' }
const plain = { takesScopes: true, givesRefreshToken: false } as const
const atSpryker = {
  resource: SPRYKER,
  takesScopes: false,
  givesRefreshToken: true,
  actsForItsClient: true,
} as const
const atMagento = {
  of: 'agent',
  resource: 'urn:vestibule:dialect:magento-admin',
  gives: 'urn:vestibule:dialect:magento',
  takesScopes: false,
  givesRefreshToken: false,
  actsForItsClient: true,
} as const

export const ENDPOINTS: readonly Endpoint[] = [
  {
    ...plain,
    name: 'the company-user grant',
    of: 'customer',
    resource: COMMERCE,
    ask: grant(COMPANY_USER_GRANT, COMMERCE, AS_COMPANY_USER),
  },
  {
    ...plain,
    name: 'the company-user grant for a dialect',
    of: 'customer',
    resource: SPRYKER,
    ask: grant(COMPANY_USER_GRANT, SPRYKER, AS_COMPANY_USER),
  },
  {
    ...plain,
    name: 'the handover grant',
    of: 'customer',
    resource: CUSTOMERS,
    ask: grant(HANDOVER_GRANT, CUSTOMERS),
  },
  {
    ...plain,
    name: 'the handover grant for a dialect',
    of: 'customer',
    resource: SPRYKER,
    ask: grant(HANDOVER_GRANT, SPRYKER),
  },
  {
    ...plain,
    name: 'the impersonation grant',
    of: 'agent',
    resource: COMMERCE,
    ask: grant(IMPERSONATION_GRANT, COMMERCE, AS_CUSTOMER),
  },
  {
    ...plain,
    name: 'the impersonation grant for a dialect',
    of: 'agent',
    resource: SPRYKER,
    ask: grant(IMPERSONATION_GRANT, SPRYKER, AS_CUSTOMER),
  },
  { ...plain, name: 'token exchange', of: 'customer', resource: COMMERCE, ask: exchangeAsService },
  {
    ...atSpryker,
    name: 'Spryker: company users',
    of: 'customer',
    ask: glue('company-user-access-tokens', { idCompanyUser: OTHER_COMPANY_USER }),
  },
  {
    ...atSpryker,
    name: 'Spryker: impersonation',
    of: 'agent',
    ask: glue('agent-customer-impersonation-access-tokens', { customerReference: 'DE--23' }),
  },
  {
    ...atSpryker,
    name: 'Spryker: impersonation by the agent’s own header',
    of: 'agent',
    ask: glue('agent-customer-impersonation-access-tokens', { customerReference: 'DE--23' }, 'x-agent-authorization'),
  },
  {
    name: 'Elastic Path: another account',
    of: 'customer',
    resource: ACCOUNT_MEMBERS,
    takesScopes: false,
    givesRefreshToken: false,
    ask: switchAccount,
  },
  { ...atMagento, name: 'Magento: a customer’s token for an agent', ask: askAsAdmin },
  { ...atMagento, name: 'Magento: the one-time code of an agent', ask: askByCode },
]

/** A warehouse's devices work for a week by the shop's contract; everything else holds here too. */
export const WAREHOUSE_ENDPOINTS: readonly Endpoint[] = [
  {
    ...plain,
    name: 'the warehouse grant',
    of: 'warehouse worker',
    resource: SPRYKER,
    ask: grant(WAREHOUSE_GRANT, `${SPRYKER}:warehouse`),
  },
  { ...atSpryker, name: 'Spryker: warehouses', of: 'warehouse worker', ask: glue('warehouse-tokens', {}) },
]

import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { obtain } from '../dialects/spryker/exchange.ts'
import {
  type Login,
  obtainCode,
  ordersService,
  read,
  redeem,
  refresh,
  signIn,
  submit,
  thirdParty,
  tokensOf,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'

/** What the tour's own client and customer are called. */
export type Visitor = { readonly login: Login; readonly client: { readonly id: string; readonly secret: string } }

/** A way to an access token. */
export type Endpoint = {
  readonly name: string
  /** The access token that a client of this kind ends up with. */
  open(url: string, visitor: Visitor): Promise<string>
}

const AGENT = { username: 'agent@example.com', password: 'change123' }
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const GRAPHQL =
  'mutation ($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'

/** Every endpoint of a server with all dialects on: OAuth first, then each shop system's own. */
export const ENDPOINTS: readonly Endpoint[] = [
  { name: 'password', open: async (url, { login }) => (await tokensOf(url, login)).access_token },
  {
    name: 'refresh token',
    async open(url, { login }) {
      const { refresh_token } = await tokensOf(url, login)
      return (await answered(refresh(url, refresh_token))).access_token
    },
  },
  {
    name: 'authorization code + PKCE',
    async open(url, { login }) {
      const { code, verifier } = await obtainCode(url, {}, { login })
      return (await answered(redeem(url, code, verifier))).access_token
    },
  },
  {
    name: 'device code',
    async open(url, { login }) {
      const device = await answered(
        postForm(`${url}/device_authorization`, { client_id: 'device-app', scope: 'customer' }),
      )
      const [jar, stopAt] = [createCookieJar(), 'http://client.invalid']
      const asked = await jar.follow(await jar.fetch(`${url}/device`))
      const confirm = await submit(jar, asked, { user_code: device.user_code }, stopAt)
      const page = await signIn(jar, await submit(jar, confirm, { confirm: 'yes' }, stopAt), login, stopAt)
      if (page.url.includes('/interaction/')) await submit(jar, page, { decision: 'allow' }, stopAt)
      const fields = { grant_type: DEVICE_CODE, device_code: device.device_code, client_id: 'device-app' }
      return (await answered(postForm(`${url}/token`, fields))).access_token
    },
  },
  {
    name: 'client credentials',
    async open(url, { client }) {
      return (await tokensOf(url, { grant_type: 'client_credentials' }, basicAuth(client.id, client.secret)))
        .access_token
    },
  },
  {
    name: 'token exchange',
    async open(url, { login }) {
      const { access_token: subject_token } = await tokensOf(url, login)
      const fields = { grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN }
      return (await answered(postForm(`${url}/token`, fields, ordersService))).access_token
    },
  },
  {
    name: 'Spryker: /access-tokens',
    open: async (url, { login }) => (await obtain(url, 'access-tokens', login)).accessToken,
  },
  {
    name: 'Spryker: /refresh-tokens',
    async open(url, { login }) {
      const { refreshToken } = await obtain(url, 'access-tokens', login)
      return (await obtain(url, 'refresh-tokens', { refreshToken })).accessToken
    },
  },
  {
    name: 'Spryker: /agent-access-tokens',
    open: async (url) => (await obtain(url, 'agent-access-tokens', AGENT)).accessToken,
  },
  {
    name: 'Elastic Path: /v2/customers/tokens',
    async open(url, { login: { username: email, password } }) {
      const bearer = `Bearer ${await implicitToken(url)}`
      return (await answered(postData(`${url}/v2/customers/tokens`, { type: 'token', email, password }, bearer))).data
        .token
    },
  },
  {
    name: 'Magento: REST',
    open: async (url, { login }) => answered(postJson(`${url}/rest/V1/integration/customer/token`, login)),
  },
  {
    name: 'Magento: GraphQL',
    async open(url, { login: { username: email, password } }) {
      const { data } = await answered(postJson(`${url}/graphql`, { query: GRAPHQL, variables: { email, password } }))
      return data.generateCustomerToken.token
    },
  },
  {
    name: 'commercetools: customer password flow',
    async open(url, { login }) {
      const fields = { grant_type: 'password', ...login }
      return (await answered(postForm(`${url}/oauth/shop/customers/token`, fields, thirdParty))).access_token
    },
  },
]

async function answered(answer: Promise<Response>) {
  const { status, body, text } = await read(answer)
  if (status !== 200) throw new Error(`${status} ${text}`)
  return body
}

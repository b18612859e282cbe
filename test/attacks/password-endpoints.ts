import { machineToken } from '../dialects/commercetools/endpoints.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { authorizationUrl, type Login, pkce, requestTokens, thirdParty } from '../endpoints/client.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { postForm, postJson, readForm } from '../support/http.ts'

type Headers = Readonly<Record<string, string>>

/** A place where a password can be tried. */
export type PasswordEndpoint = {
  readonly name: string
  /** Statuses of a right password, a wrong one, and any while the account is locked. */
  readonly statuses: { readonly right: number; readonly wrong: number; readonly locked: number }
  /** Prepares for trying many times over; each try is then one request. */
  open(url: string, issuer?: string): Promise<(login: Login, headers?: Headers) => Promise<Response>>
}

const GRAPHQL =
  'mutation SignIn($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'

/** For the server whose endpoints are asked. */
export const EVERY_DIALECT = { DIALECTS: 'spryker,elastic-path,magento,commercetools,sap-commerce,slas' } as const

/** Every endpoint of a server with all dialects on, but those that mail something whatever the password is. */
export const PASSWORD_ENDPOINTS: readonly PasswordEndpoint[] = [
  {
    name: 'OAuth',
    statuses: { right: 200, wrong: 400, locked: 400 },
    open: async (url) => (login, headers) => requestTokens(url, login, headers),
  },
  {
    name: 'Spryker',
    statuses: { right: 201, wrong: 401, locked: 429 },
    open: async (url) => (login, headers) =>
      postJson(`${url}/access-tokens`, { data: { type: 'access-tokens', attributes: login } }, headers),
  },
  {
    name: 'Elastic Path',
    statuses: { right: 200, wrong: 422, locked: 429 },
    async open(url) {
      const bearer = `Bearer ${await implicitToken(url)}`
      return ({ username: email, password }, headers) =>
        postData(`${url}/v2/customers/tokens`, { type: 'token', email, password }, bearer, { ...headers })
    },
  },
  {
    name: 'Magento REST',
    statuses: { right: 200, wrong: 401, locked: 401 },
    open: async (url) => (login, headers) => postJson(`${url}/rest/V1/integration/customer/token`, login, headers),
  },
  {
    name: 'Magento GraphQL',
    statuses: { right: 200, wrong: 401, locked: 401 },
    open: async (url) => (login, headers) =>
      postJson(
        `${url}/graphql`,
        { query: GRAPHQL, variables: { email: login.username, password: login.password } },
        headers,
      ),
  },
  {
    name: 'commercetools',
    statuses: { right: 200, wrong: 400, locked: 400 },
    open: async (url) => (login, headers) =>
      postForm(
        `${url}/oauth/shop/customers/token`,
        { grant_type: 'password', ...login },
        { ...thirdParty, ...headers },
      ),
  },
  {
    name: 'SAP Commerce',
    statuses: { right: 200, wrong: 400, locked: 400 },
    open: async (url) => (login, headers) =>
      postForm(
        `${url}/authorizationserver/oauth/token`,
        { grant_type: 'password', ...login },
        { ...thirdParty, ...headers },
      ),
  },
  {
    name: 'SAP Commerce’s verification token',
    statuses: { right: 201, wrong: 400, locked: 400 },
    async open(url) {
      const fields = { grant_type: 'client_credentials' }
      const answer = await postForm(`${url}/authorizationserver/oauth/token`, fields, thirdParty)
      const { access_token } = (await answer.json()) as { access_token: string }
      return ({ username: loginId, password }, headers) =>
        postJson(
          `${url}/occ/v2/electronics/users/anonymous/verificationToken`,
          { purpose: 'LOGIN', loginId, password },
          { authorization: `Bearer ${access_token}`, ...headers },
        )
    },
  },
  {
    name: 'commercetools, without a token',
    statuses: { right: 200, wrong: 400, locked: 400 },
    async open(url) {
      const authorization = `Bearer ${await machineToken(url)}`
      return ({ username: email, password }, headers) =>
        postJson(`${url}/shop/me/login`, { email, password }, { authorization, ...headers })
    },
  },
  {
    name: 'the sign-in page',
    statuses: { right: 303, wrong: 422, locked: 429 },
    open: (url, issuer = url) => openSignInPage(url, { issuer }),
  },
]

/** A browser at the sign-in page of one node; the form it got is sent again and again. */
export async function openSignInPage(
  url: string,
  { jar = createCookieJar(), issuer = url }: { readonly jar?: CookieJar; readonly issuer?: string } = {},
): Promise<(login: Login, headers?: Headers) => Promise<Response>> {
  const request = authorizationUrl(url, {
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    prompt: 'login',
  })
  const page = await jar.follow(await jar.fetch(request))
  const { action, fields } = readForm(await page.response.text(), page.url)
  return ({ username, password }, headers) =>
    jar.fetch(new URL(new URL(action).pathname, url), {
      method: 'POST',
      body: new URLSearchParams({ ...fields, login: username, password }),
      headers: { ...headers, origin: new URL(issuer).origin },
    })
}

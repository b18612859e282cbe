import { machineToken } from '../dialects/commercetools/endpoints.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { authorizationUrl, type Login, pkce } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postJson, readForm } from '../support/http.ts'
import type { PasswordEndpoint } from './password-endpoints.ts'

/** A place where anybody can have a mail sent to a login; the password of a try is not looked at. */
export type MailEndpoint = Pick<PasswordEndpoint, 'name' | 'open'> & {
  /** Of the answer, whoever the login is. */
  readonly status: number
  /** A letter goes to an address without an account. */
  readonly registers?: true
  /** A letter goes only to those whose address is not confirmed. */
  readonly isForUnconfirmed?: true
}

/** Every page and endpoint that mails something, of a server with registration open. */
export const MAIL_ENDPOINTS: readonly MailEndpoint[] = [
  { name: 'recovery', status: 303, open: (url) => openForm(`${url}/recovery`) },
  {
    name: 'registration',
    status: 303,
    registers: true,
    open: (url) =>
      openForm(`${url}/registration`, { givenName: 'Nora', familyName: 'Neu', password: 'a password nobody has' }),
  },
  { name: 'unblock', status: 303, open: (url) => openForm(loginPage(url), {}, 'unblock') },
  {
    name: 'confirmation',
    status: 303,
    isForUnconfirmed: true,
    open: (url) => openForm(loginPage(url), {}, 'confirmation'),
  },
  {
    name: 'Spryker’s forgotten password',
    status: 204,
    open: openDocument('customer-forgotten-password', ({ username: email }) => ({ email })),
  },
  {
    name: 'Spryker’s registration',
    status: 201,
    registers: true,
    open: openDocument('customers', ({ username: email }) => ({
      firstName: 'Nora',
      lastName: 'Neu',
      gender: 'Female',
      salutation: 'Ms',
      email,
      password: 'a password nobody has',
      confirmPassword: 'a password nobody has',
      acceptedTerms: true,
    })),
  },
  {
    name: 'Magento’s forgotten password',
    status: 200,
    open: async (url) => (login, headers) =>
      fetch(`${url}/rest/V1/customers/password`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ email: login.username, template: 'email_reset' }),
      }),
  },
  {
    name: 'Magento’s registration',
    status: 200,
    registers: true,
    open:
      async (url) =>
      ({ username: email }, headers) =>
        postJson(
          `${url}/rest/V1/customers`,
          { customer: { email, firstname: 'Nora', lastname: 'Neu' }, password: 'a password nobody has' },
          headers,
        ),
  },
  {
    name: 'Magento’s forgotten password by GraphQL',
    status: 200,
    open: openMutation('requestPasswordResetEmail'),
  },
  {
    name: 'Magento’s letter of confirmation',
    status: 200,
    isForUnconfirmed: true,
    open: openMutation('resendConfirmationEmail'),
  },
  {
    name: 'Elastic Path’s registration',
    status: 201,
    registers: true,
    async open(url) {
      const bearer = `Bearer ${await implicitToken(url)}`
      const nora = { type: 'customer', name: 'Nora Neu', password: 'a password nobody has' }
      return ({ username: email }, headers) =>
        postData(`${url}/v2/customers`, { ...nora, email }, bearer, { ...headers })
    },
  },
  {
    name: 'commercetools’ sign-up',
    status: 201,
    registers: true,
    async open(url) {
      const authorization = `Bearer ${await machineToken(url)}`
      const nora = { firstName: 'Nora', lastName: 'Neu', password: 'a password nobody has' }
      return ({ username: email }, headers) =>
        postJson(`${url}/shop/me/signup`, { ...nora, email }, { authorization, ...headers })
    },
  },
]

/** A resource of Spryker's, asked with attributes that are made of a login. */
function openDocument(type: string, attributesOf: (login: Login) => object): MailEndpoint['open'] {
  return async (url) => (login, headers) =>
    postJson(`${url}/${type}`, { data: { type, attributes: attributesOf(login) } }, headers)
}

/** A mutation of Magento's GraphQL with the login as `email`. */
function openMutation(name: string): MailEndpoint['open'] {
  const query = `mutation ($email: String!) { ${name}(email: $email) }`
  return async (url) => (login, headers) =>
    postJson(`${url}/graphql`, { query, variables: { email: login.username } }, headers)
}

function loginPage(url: string): string {
  return authorizationUrl(url, {
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    prompt: 'login',
  })
}

/** A browser with a form of ours open; `step` is a form that the login page shows only after a failure. */
async function openForm(
  address: string,
  given: Readonly<Record<string, string>> = {},
  step?: string,
): Promise<Awaited<ReturnType<MailEndpoint['open']>>> {
  const jar = createCookieJar()
  const page = await jar.follow(await jar.fetch(address))
  const { action, fields } = readForm(await page.response.text(), page.url)
  const target = step ? `${page.url}/${step}` : action
  return ({ username: login }, headers = {}) =>
    jar.fetch(target, { method: 'POST', headers, body: new URLSearchParams({ ...fields, ...given, login }) })
}

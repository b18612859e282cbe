import { type CustomerTokens, call, serviceToken, signIn } from '../dialects/commercetools/endpoints.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import type { SelfServiceEndpoint } from './self-service-endpoints.ts'

/** The current password is sent beside the new one, as a token that is not fresh needs it. */
export const elasticPath: SelfServiceEndpoint = {
  name: 'Elastic Path',
  statuses: { changed: 200, wrong: 422, locked: 429, reset: 200 },
  async signIn(url, login, headers = {}) {
    const answer = await signInToElasticPath(url, login, headers)
    const { data } = (await answer.json()) as { data: { token: string; customer_id: string } }
    return { token: data.token, account: data.customer_id }
  },
  isLetIn: async (url, login, headers = {}) => (await signInToElasticPath(url, login, headers)).status === 200,
  async change(url, { token, account }, { current, next }, headers = {}) {
    const answer = await fetch(`${url}/v2/customers/${account}`, {
      method: 'PUT',
      body: JSON.stringify({ data: { type: 'customer', password: next, current_password: current } }),
      headers: {
        authorization: `Bearer ${await implicitToken(url)}`,
        'x-moltin-customer-token': token,
        'content-type': 'application/json',
        ...headers,
      },
    })
    return { status: answer.status, text: await answer.text() }
  },
}

async function signInToElasticPath(
  url: string,
  { username: email, password }: { readonly username: string; readonly password: string },
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const bearer = `Bearer ${await implicitToken(url)}`
  return postData(`${url}/v2/customers/tokens`, { type: 'token', email, password }, bearer, { ...headers })
}

/** An account is named by the version that was seen last. */
export const commercetools: SelfServiceEndpoint = {
  name: 'commercetools',
  statuses: { changed: 200, wrong: 400, locked: 429, reset: 200 },
  async signIn(url, { username, password }, headers = {}) {
    const answer = await signIn(url, username, password, headers)
    const { access_token: token } = (await answer.json()) as CustomerTokens
    return { token, account: String((await call(url, 'GET', '/shop/me', { token })).body.id) }
  },
  isLetIn: async (url, { username, password }, headers = {}) =>
    (await signIn(url, username, password, headers)).status === 200,
  async change(url, { token, account: id }, { current: currentPassword, next: newPassword }, headers = {}) {
    const self = await call(url, 'GET', '/shop/me', { token })
    const body = { id, version: self.body.version ?? 1, currentPassword, newPassword }
    return call(url, 'POST', '/shop/me/password', { token, body, headers })
  },
  async issueKey(url, email) {
    const token = await serviceToken(url)
    const made = await call(url, 'POST', '/shop/customers/password-token', { token, body: { email } })
    return String(made.body.value)
  },
  async reset(url, { key: tokenValue }, newPassword, headers = {}) {
    const token = await serviceToken(url)
    return call(url, 'POST', '/shop/customers/password/reset', { token, body: { tokenValue, newPassword }, headers })
  },
}

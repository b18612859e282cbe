import { postForm } from '../../support/http.ts'

/** What a storefront has before anybody signs in. */
export async function implicitToken(url: string, clientId = 'frontend'): Promise<string> {
  const answer = await postForm(`${url}/oauth/access_token`, { grant_type: 'implicit', client_id: clientId })
  return ((await answer.json()) as { access_token: string }).access_token
}

/** POSTs a `data` object as the shop's clients do. */
export function postData(
  url: string,
  data: unknown,
  authorization: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify({ data }),
    headers: { 'content-type': 'application/json', authorization, ...headers },
  })
}

export const RON = { type: 'token', email: 'ron@swanson.com', password: 'mysecretpassword' }
export const RON_ID = '79cc0486-bbdf-491b-a0a2-722383b6288b'
export const ACCOUNT_TOKEN = 'account_management_authentication_token'

/** Body of an account member's sign-in. */
export const member = (authentication_mechanism: string, fields: Record<string, unknown> = {}) => ({
  type: ACCOUNT_TOKEN,
  authentication_mechanism,
  password_profile_id: '9d5b3c0e-6a0f-4f3e-8f0a-3c1d7f2b6a20',
  ...fields,
})

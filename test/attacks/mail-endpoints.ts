import { authorizationUrl, pkce } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { readForm } from '../support/http.ts'
import type { PasswordEndpoint } from './password-endpoints.ts'

/** A place where anybody can have a mail sent to a login; the password of a try is not looked at. */
export type MailEndpoint = Pick<PasswordEndpoint, 'name' | 'open'>

/** Every page that mails something, of a server with registration open. */
export const MAIL_ENDPOINTS: readonly MailEndpoint[] = [
  { name: 'recovery', open: (url) => openForm(`${url}/recovery`) },
  {
    name: 'registration',
    open: (url) =>
      openForm(`${url}/registration`, { givenName: 'Nora', familyName: 'Neu', password: 'a password nobody has' }),
  },
  { name: 'unblock', open: (url) => openForm(loginPage(url), {}, 'unblock') },
  { name: 'confirmation', open: (url) => openForm(loginPage(url), {}, 'confirmation') },
]

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

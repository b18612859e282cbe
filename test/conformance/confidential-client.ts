import { ask, OWNER } from '../admin/administrators.ts'
import { authorizationUrl, type Login, read, signIn, sonia, submit, type Tokens } from '../endpoints/client.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { TestServer } from '../support/server.ts'

type Fields = Readonly<Record<string, string | undefined>>
type Page = { readonly url: string; readonly response: Response }
type Proof = 'client_secret_basic' | 'client_secret_post'

/** What browsers ask for; others get errors as JSON. */
const BROWSER = { headers: { accept: 'text/html' } }

/** A browser at a client: what it opens, it follows up to the client's callback, where nobody listens. */
export type Browser = {
  readonly jar: CookieJar
  open(fields?: Fields): Promise<Page>
  /** Fills in the login on `page`. */
  signIn(page: Page, login?: Login): Promise<Page>
  /** Opens a request, signs in if asked, and returns the tokens of the code. */
  tokens(fields?: Fields, login?: Login): Promise<Tokens>
  signOut(fields: Fields): Promise<Page>
  /** Answers the question whether to sign out. */
  confirmSignOut(page: Page): Promise<Page>
  isSignedIn(): Promise<boolean>
}

/** A web shop with a secret, as plain HTTP: neither PKCE nor nonce unless a request brings them. */
export type ConfidentialClient = {
  readonly id: string
  readonly secret: string
  readonly callback: string
  /** Its registered post_logout_redirect_uri. */
  readonly home: string
  /** A browser that was never here, unless it is given. */
  browser(jar?: CookieJar): Browser
  /** A request to the token endpoint, authenticated as registered. */
  token(fields: Fields): ReturnType<typeof read>
  redeem(code: string, fields?: Fields): ReturnType<typeof read>
  refresh(refreshToken: string): ReturnType<typeof read>
}

/** Registers a client of the shop's own, which is exactly as the admin API stores it. */
export async function registerClient(
  server: TestServer,
  id: string,
  members: Readonly<Record<string, unknown>> = {},
): Promise<ConfidentialClient> {
  const secret = `${id}-has-a-secret-of-its-own`
  const metadata = {
    client_id: id,
    first_party: true,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [`https://${id}.example/callback`],
    post_logout_redirect_uris: [`https://${id}.example/`],
    ...members,
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return confidentialClient(server.url, { id, secret, proof: metadata.token_endpoint_auth_method as Proof })
}

/** What the client finds in the address that a browser brings to its callback. */
export function answerOf({ url }: Page): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams)
}

/** Whether a page asks for the password. */
export async function asksForPassword({ response }: Page): Promise<boolean> {
  return (await response.clone().text()).includes('name="password"')
}

function confidentialClient(
  url: string,
  { id, secret, proof }: { readonly id: string; readonly secret: string; readonly proof: Proof },
): ConfidentialClient {
  const [callback, home] = [`https://${id}.example/callback`, `https://${id}.example/`]

  const token: ConfidentialClient['token'] = (fields) =>
    proof === 'client_secret_basic'
      ? read(postForm(`${url}/token`, fields, basicAuth(id, secret)))
      : read(postForm(`${url}/token`, { client_id: id, client_secret: secret, ...fields }))
  const redeem: ConfidentialClient['redeem'] = (code, fields) =>
    token({ grant_type: 'authorization_code', code, redirect_uri: callback, ...fields })

  function browser(jar = createCookieJar()): Browser {
    const open: Browser['open'] = async (fields) => {
      const request = { client_id: id, redirect_uri: callback, scope: 'openid email profile', ...fields }
      return jar.follow(await jar.fetch(authorizationUrl(url, request), BROWSER), { stopAt: callback })
    }
    return {
      jar,
      open,
      signIn: (page, login = sonia) => signIn(jar, page, login, callback),
      async tokens(fields, login = sonia) {
        let page = await open(fields)
        if (!page.url.startsWith(callback)) page = await signIn(jar, page, login, callback)
        const answer = await redeem(answerOf(page).code ?? `none at ${page.url}`)
        if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
        return answer.body as Tokens
      },
      async signOut(fields) {
        const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)
        return jar.follow(await jar.fetch(`${url}/logout?${new URLSearchParams(given)}`, BROWSER), { stopAt: home })
      },
      confirmSignOut: (page) => submit(jar, page, { logout: 'yes' }, home),
      isSignedIn: async () => 'code' in answerOf(await open({ prompt: 'none' })),
    }
  }
  return {
    id,
    secret,
    callback,
    home,
    browser,
    token,
    redeem,
    refresh: (refreshToken) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  }
}

import { createHash, randomBytes } from 'node:crypto'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, postForm, readForm } from '../support/http.ts'

/** What a client of ours can do with the demo shop, as plain HTTP. */
export type Tokens = {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly token_type: string
  readonly scope?: string
}

export type Login = { readonly username: string; readonly password: string }
type Fields = Readonly<Record<string, string | undefined>>
type Headers = Readonly<Record<string, string>>

export const sonia: Login = { username: 'sonia@spryker.com', password: 'change123' }
export const ron: Login = { username: 'ron@swanson.com', password: 'mysecretpassword' }
export const RON_ID = '79cc0486-bbdf-491b-a0a2-722383b6288b'
export const SONIA_COMPANY_USER = 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac'
export const ordersService = basicAuth('orders-service', 'orders-service-secret')
export const thirdParty = basicAuth('third-party-app', 'third-party-app-secret')
export const CALLBACK = 'http://localhost:8080/callback'

/** An answer with its body read as JSON; undefined where there is none. */
export async function read(answer: Response | Promise<Response>) {
  const response = await answer
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : undefined, text }
}

/** A token request that has to succeed: by default Sonia's, with her password, by the storefront. */
export async function tokensOf(url: string, fields: Fields = {}, headers: Headers = {}): Promise<Tokens> {
  const answer = await read(requestTokens(url, fields, headers))
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
  return answer.body as Tokens
}

export function requestTokens(url: string, fields: Fields = {}, headers: Headers = {}): Promise<Response> {
  const client = headers.authorization ? {} : { client_id: 'frontend' }
  return postForm(`${url}/token`, { grant_type: 'password', ...client, ...sonia, ...fields }, headers)
}

export function refresh(url: string, refreshToken: string, fields: Fields = {}, headers: Headers = {}) {
  const client = headers.authorization ? {} : { client_id: 'frontend' }
  const all = { grant_type: 'refresh_token', refresh_token: refreshToken, ...client, ...fields }
  return postForm(`${url}/token`, all, headers)
}

/** What a resource server learns of a token. */
export async function introspect(url: string, token: string, caller: Headers = ordersService) {
  const { status, body, text } = await read(postForm(`${url}/introspect`, { token }, caller))
  if (status !== 200) throw new Error(`introspection refused: ${status} ${text}`)
  return body as Record<string, unknown>
}

export function revoke(url: string, token: string, fields: Fields = { client_id: 'frontend' }, headers: Headers = {}) {
  return postForm(`${url}/revoke`, { token, ...fields }, headers)
}

export function userinfo(url: string, token: string): Promise<Response> {
  return fetch(`${url}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
}

/** Header and payload of a JWT, unverified. */
export function decode(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header, payload] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
  if (!header || !payload) throw new Error('not a JWT')
  return { header, payload }
}

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** The address of an authorization request, by default the storefront's. */
export function authorizationUrl(url: string, fields: Fields): string {
  const all: Fields = {
    client_id: 'frontend',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email customer',
    state: 'some-state',
    ...fields,
  }
  const given = Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined)
  return `${url}/authorize?${new URLSearchParams(given)}`
}

type Page = { url: string; response: Response }

/** Fills in the login form on `page` and follows what comes after it, up to the client's callback. */
export async function signIn(jar: CookieJar, page: Page, login: Login, stopAt = CALLBACK): Promise<Page> {
  return submit(jar, page, { login: login.username, password: login.password }, stopAt)
}

/** Sends the first form of `page` with `fields` filled in. */
export async function submit(jar: CookieJar, page: Page, fields: Fields, stopAt = CALLBACK): Promise<Page> {
  const form = readForm(await page.response.text(), page.url)
  const all = Object.entries({ ...form.fields, ...fields }).filter((field): field is [string, string] => !!field[1])
  const answer = await jar.fetch(form.action, { method: 'POST', body: new URLSearchParams(all) })
  return jar.follow(answer, { stopAt })
}

/** The whole way to a code, in a browser of its own unless `jar` is given; `verifier` redeems it. */
export async function obtainCode(
  url: string,
  fields: Fields = {},
  { login = sonia, jar = createCookieJar() }: { readonly login?: Login; readonly jar?: CookieJar } = {},
): Promise<{ code: string; verifier: string; callback: URL; jar: CookieJar }> {
  const { verifier, challenge } = pkce()
  const request = authorizationUrl(url, { code_challenge: challenge, code_challenge_method: 'S256', ...fields })
  const stopAt = fields.redirect_uri ?? CALLBACK
  let page = await jar.follow(await jar.fetch(request), { stopAt })
  if (!page.url.startsWith(stopAt)) page = await signIn(jar, page, login, stopAt)
  if (!page.url.startsWith(stopAt)) page = await submit(jar, page, { decision: 'allow' }, stopAt)
  const callback = new URL(page.url)
  return { code: callback.searchParams.get('code') ?? '', verifier, callback, jar }
}

/** Redeems a code, by default as the storefront. */
export function redeem(url: string, code: string, verifier: string, fields: Fields = {}, headers: Headers = {}) {
  const client = headers.authorization ? {} : { client_id: 'frontend' }
  const all = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK, ...client }
  return postForm(`${url}/token`, { ...all, ...fields }, headers)
}

import { randomUUID } from 'node:crypto'
import { ask, OWNER } from '../admin/administrators.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth } from '../support/http.ts'
import {
  authorizationUrl,
  CALLBACK,
  type Login,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  sonia,
  submit,
  type Tokens,
} from './client.ts'

type Server = { readonly url: string; readonly adminUrl: string }
type Proof = { readonly secret?: string | undefined; readonly isPublic?: boolean }
type Fields = Readonly<Record<string, string | undefined>>
/** `wrong` is said in place of what the code was asked for with. */
type Browser = { readonly login?: Login; readonly jar?: CookieJar; readonly wrong?: Fields }

export const SECRET = 'a-secret-of-the-platform'
export const CHECKOUT = 'dev.ucp.shopping.checkout:manage'
export const ORDERS = 'dev.ucp.shopping.order:read'
export const CART = 'dev.ucp.shopping.cart:manage'
export const PROFILE = 'https://platform.example/.well-known/ucp'

/** A shop of its own, as a resource server with the scopes of the Universal Commerce Protocol. */
export async function addShop(server: Server, more: object = {}, token = OWNER): Promise<string> {
  const identifier = `https://${randomUUID()}.example/ucp`
  const shop = { identifier, format: 'jwt', scopes: [CHECKOUT, ORDERS, CART], ...more }
  await made(ask(server, token, 'POST', '/v1/resource-servers', shop))
  return shop.identifier
}

/** A platform whose agents act for people at a shop. */
export async function addPlatform(server: Server, shop: string, more: object = {}, token = OWNER) {
  const metadata = {
    client_id: `platform-${randomUUID()}`,
    client_name: 'A platform',
    security_profile: 'agent-platform',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    resource_scopes: ['dev.ucp.*'],
    default_resource: shop,
    refresh_policy: 'lazy',
    ucp_profile: PROFILE,
    ...more,
  }
  const isPublic = (more as { token_endpoint_auth_method?: string }).token_endpoint_auth_method === 'none'
  await made(ask(server, token, 'POST', '/v1/clients', { metadata, ...(!isPublic && { secret: SECRET }) }))
  return platformAt(server.url, metadata.client_id, { isPublic })
}

export type Platform = ReturnType<typeof platformAt>

/** The same platform, which talks to a node of its choice. */
export function platformAt(url: string, clientId: string, { secret = SECRET, isPublic = false }: Proof = {}) {
  const headers: Record<string, string> = isPublic ? {} : basicAuth(clientId, secret)
  const client = isPublic ? { client_id: clientId } : {}
  return {
    clientId,
    headers,
    at: (other: string) => platformAt(other, clientId, { secret, isPublic }),
    /** The whole way through the pages, with the answer to the code. */
    async authorize(fields: Fields = {}, { login = sonia, jar = createCookieJar(), wrong = {} }: Browser = {}) {
      const { verifier, challenge } = pkce()
      const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
      const request = { client_id: clientId, scope: `${CHECKOUT} ${ORDERS}`, ...proof, ...fields }
      const callback = await walk(jar, authorizationUrl(url, request), login)
      const code = callback.searchParams.get('code') ?? ''
      const answer = code === '' ? undefined : await read(redeem(url, code, verifier, { ...client, ...wrong }, headers))
      return { callback, jar, code, answer }
    },
    /** Tokens of a link, which has to come about. */
    async link(fields: Fields = {}, browser: Browser = {}): Promise<Tokens> {
      const { callback, answer } = await this.authorize(fields, browser)
      if (answer?.status !== 200) throw new Error(`no link: ${callback} ${answer?.text}`)
      return answer.body as Tokens
    },
    refresh: (token: string, fields: Fields = {}) => read(refresh(url, token, { ...client, ...fields }, headers)),
  }
}

/** Signs in where a page asks for it, says yes where one asks for that, and comes to the client's callback. */
async function walk(jar: CookieJar, request: string, login: Login): Promise<URL> {
  let page = await jar.follow(await jar.fetch(request), { stopAt: CALLBACK })
  while (!page.url.startsWith(CALLBACK)) {
    const html = await page.response.text()
    const shown = { url: page.url, response: new Response(html) }
    if (html.includes('type="password"')) page = await signIn(jar, shown, login)
    else if (html.includes('name="decision"')) page = await submit(jar, shown, { decision: 'allow' })
    else throw new Error(`a page that asks for something else: ${page.url} ${html}`)
  }
  return new URL(page.url)
}

async function made(answer: ReturnType<typeof ask>): Promise<void> {
  const { status, body } = await answer
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`)
}

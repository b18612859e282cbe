import { ask, OWNER } from '../admin/administrators.ts'
import { obtainCode, read, redeem, type Tokens } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth } from '../support/http.ts'
import type { TestServerOptions, TestSettings } from '../support/server.ts'
import { type LogoutNotice, type Receiver, startReceiver } from './receiver.ts'

/** A client of the shop's own that is told of sign-outs, with its receiver. */
export type ToldClient = {
  readonly id: string
  readonly secret: string
  readonly proof: { readonly authorization: string }
  readonly receiver: Receiver
  /** What it was told, once there are so many. */
  told(count?: number): Promise<LogoutNotice[]>
}

type Login = { readonly email: string; readonly password: string }

export type SignedIn = { readonly jar: CookieJar; readonly tokens: Tokens }

export type ShopWithClients = HostedShop & {
  /** Registers a client with a receiver of its own. */
  addClient(members?: object): Promise<ToldClient>
  /** Signs a customer in at a client, in a browser of its own unless one is given; `fields` are of the authorization request. */
  signIn(client: ToldClient, customer: Login, jar?: CookieJar, fields?: Record<string, string>): Promise<SignedIn>
  admin(method: string, path: string, body?: unknown): ReturnType<typeof ask>
  stop(): Promise<void>
}

export const RP_CALLBACK = 'https://rp.example/callback'
export const RP_HOME = 'https://rp.example/'
let count = 0

export async function startShopWithClients(
  settings: TestSettings = {},
  options: TestServerOptions = {},
): Promise<ShopWithClients> {
  const shop = await startHostedShop({ TRUSTED_PROXIES: '', ...settings }, options)
  const receivers: Receiver[] = []
  const admin = (method: string, path: string, body?: unknown) =>
    ask(shop.server, OWNER, method, path, body, { 'If-Match': '*' })
  return {
    ...shop,
    admin,
    async addClient(members = {}) {
      const receiver = await startReceiver()
      receivers.push(receiver)
      const metadata = {
        client_id: `told-${++count}`,
        first_party: true,
        redirect_uris: [RP_CALLBACK],
        post_logout_redirect_uris: [RP_HOME],
        grant_types: ['authorization_code', 'refresh_token', 'password'],
        backchannel_logout_uri: receiver.uri,
        ...members,
      }
      const { status, body } = await admin('POST', '/v1/clients', { metadata })
      if (status !== 201) throw new Error(`not added: ${JSON.stringify(body)}`)
      const [id, secret] = [metadata.client_id, String(body.secret)]
      return {
        id,
        secret,
        proof: basicAuth(id, secret),
        receiver,
        told: (number = 1) => receiver.notices(number, { issuer: shop.server.url, audience: id }),
      }
    },
    async signIn({ id, proof }, { email, password }, jar = createCookieJar(), given = {}) {
      const fields = { client_id: id, redirect_uri: RP_CALLBACK, scope: 'openid email', ...given }
      const login = { username: email, password }
      const { code, verifier } = await obtainCode(shop.server.url, fields, { login, jar })
      const answer = await read(redeem(shop.server.url, code, verifier, { redirect_uri: RP_CALLBACK }, proof))
      if (answer.status !== 200) throw new Error(`not signed in: ${answer.status} ${answer.text}`)
      return { jar, tokens: answer.body }
    },
    async stop() {
      await shop.stop()
      await Promise.all(receivers.map((receiver) => receiver.stop()))
    },
  }
}

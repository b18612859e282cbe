import { randomUUID } from 'node:crypto'
import { ask, OWNER } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import type { TestServerOptions, TestSettings } from '../support/server.ts'
import { type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const SECRET = 'a-secret-of-the-client'

type Members = Readonly<Record<string, unknown>>
type Login = { readonly email: string; readonly password: string }

/** A trusted issuer that is a sign-in provider of the shop, too, so that its people can connect their accounts. */
export type Trusted = {
  readonly id: string
  readonly provider: LocalProvider
  /** A customer of the shop signs in and connects the person of this subject. */
  connect(login: Login, sub: string): Promise<void>
  /** An assertion by the rules of the issuer's kind; members that are undefined are left out. */
  assert(claims?: Members, header?: Members): Promise<string>
  /** Asks for tokens with such an assertion, for scope `customer`. */
  present(claims?: Members, fields?: Readonly<Record<string, string>>, header?: Members): Promise<Answer>
  /** Asks for tokens with one that is there. */
  trade(
    assertion: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>
  /** Changes the issuer's record. */
  change(members: Members): Promise<void>
}

export type Answer = Awaited<ReturnType<typeof read>>

export type LinkedShop = ShopWithUpstreams & {
  readonly clientId: string
  trust(kind: string, members?: Members): Promise<Trusted>
  /** A confidential client that may trade assertions; its credentials. */
  addClient(
    members?: Members,
  ): Promise<{ readonly clientId: string; readonly headers: Readonly<Record<string, string>> }>
}

/** The hosted shop with trusted issuers, and a client that presents their assertions. */
export async function startLinkedShop(
  settings: TestSettings = {},
  options: TestServerOptions = {},
): Promise<LinkedShop> {
  const shop = await startShopWithUpstreams(settings, options)
  const { server } = shop

  async function addClient(members: Members = {}) {
    const clientId = `assistant-${randomUUID()}`
    const isPublic = members.token_endpoint_auth_method === 'none'
    const metadata = {
      client_id: clientId,
      grant_types: [JWT_BEARER, 'refresh_token'],
      ...(members.first_party !== true && { resource_scopes: ['orders:*', 'carts:*', 'catalog:*', 'stock:*'] }),
      ...members,
    }
    const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, ...(!isPublic && { secret: SECRET }) })
    if (made.status !== 201) throw new Error(`no client: ${JSON.stringify(made.body)}`)
    return { clientId, headers: isPublic ? {} : basicAuth(clientId, SECRET) }
  }
  const usual = await addClient()

  return {
    ...shop,
    clientId: usual.clientId,
    addClient,
    async trust(kind, members = {}) {
      const id = `issuer-${randomUUID().slice(0, 8)}`
      const provider = await shop.addProvider(id)
      const { issuer } = provider
      const isGoogle = kind === 'google-linking'
      const google = { audience: 'our-google-client', clients: [usual.clientId] }
      let record: Members = { id, issuer, kind, ...(isGoogle && google), ...members }
      const made = await ask(server, OWNER, 'POST', '/v1/issuers', { issuer: record })
      if (made.status !== 201) throw new Error(`not trusted: ${JSON.stringify(made.body)}`)

      const trade: Trusted['trade'] = (assertion, fields = {}, headers = usual.headers) =>
        read(postForm(`${server.url}/token`, { grant_type: JWT_BEARER, assertion, ...fields }, headers))
      const assert: Trusted['assert'] = (claims = {}, header = {}) => {
        const iat = Math.floor(Date.now() / 1000)
        const needed = {
          aud: isGoogle ? 'our-google-client' : server.config.ISSUER,
          sub: 'person-1',
          iat,
          exp: iat + 60,
          ...(!isGoogle && { jti: randomUUID(), client_id: usual.clientId }),
          ...claims,
        }
        const given = Object.fromEntries(Object.entries(needed).filter(([, value]) => value !== undefined))
        return provider.sign(given, { ...(kind === 'id-jag' && { typ: 'oauth-id-jag+jwt' }), ...header })
      }
      return {
        id,
        provider,
        assert,
        trade,
        present: async (claims, fields = {}, header) =>
          trade(await assert(claims, header), { scope: 'customer', ...fields }),
        async connect(login, sub) {
          const visitor = shop.visitor()
          await openSignedIn(visitor, { id: '', ...login })
          provider.person = { sub }
          const done = await visitor.submit(await visitor.open(`/upstreams/${id}/connect`), '/security/connect')
          if (!done.url.includes('provider-connected')) throw new Error(`not connected: ${done.url}`)
        },
        async change(more) {
          record = { ...record, ...more }
          const changed = await ask(server, OWNER, 'PUT', `/v1/issuers/${id}`, { issuer: record }, { 'if-match': '*' })
          if (changed.status !== 200) throw new Error(`not changed: ${JSON.stringify(changed.body)}`)
        },
      }
    },
  }
}

import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, type Page, startHostedShop, type Visitor } from '../interaction/hosted-shop.ts'
import { type LocalProvider, type ProviderKind, startLocalProvider } from '../support/local-provider.ts'
import type { TestServerOptions, TestSettings } from '../support/server.ts'

export type ShopWithUpstreams = HostedShop & {
  /** A provider on loopback, and the upstream `id` that leads to it. */
  addProvider(id: string, kind?: ProviderKind, members?: object, secret?: string): Promise<LocalProvider>
  stop(): Promise<void>
}

/** The hosted shop, with sign-in providers beside it. */
export async function startShopWithUpstreams(
  settings: TestSettings = {},
  options: TestServerOptions = {},
): Promise<ShopWithUpstreams> {
  const shop = await startHostedShop(settings, options)
  const providers: LocalProvider[] = []
  return {
    ...shop,
    async addProvider(id, kind = 'oidc', members = {}, secret) {
      const provider = await startLocalProvider(kind)
      providers.push(provider)
      const { issuer, clientId: client_id } = provider
      const upstream = {
        id,
        name: `Provider ${id}`,
        ...(kind !== 'oidc' && { kind }),
        ...(kind === 'entra' && { tenants: 'any' }),
        issuer,
        client_id,
        ...members,
      }
      const made = await ask(shop.server, OWNER, 'POST', '/v1/upstreams', {
        upstream,
        secret: secret ?? provider.secret,
      })
      if (made.status !== 201) throw new Error(`not added: ${JSON.stringify(made.body)}`)
      return provider
    },
    async stop() {
      await shop.stop()
      await Promise.all(providers.map((provider) => provider.stop()))
    },
  }
}

/** Opens the sign-in page and presses the button of a provider. */
export async function comeBy(visitor: Visitor, id: string, fields: Record<string, string> = {}): Promise<Page> {
  return visitor.submit(await visitor.openLogin(fields), `/upstreams/${id}`)
}

import { basicAuth } from '../../test/support/http.ts'
import type { Plan } from '../generator/turn.ts'
import type { TurnProcess } from '../generator/turn-process.ts'
import { asText, form } from '../run/target.ts'
import { loginOf } from './fill.ts'
import { PASSWORD, type Shop } from './shop.ts'

/** What a request costs in a shop of a size: microseconds of processor. */
export type Cost = { readonly serverUs: number; readonly storesUs: number }

/** One kind of request, each about another customer. */
export type Scenario = {
  readonly name: string
  readonly connections: number
  readonly expects: string
  readonly collects?: string
  requests(shop: Shop, count: number): string[]
}

const SERVICE = basicAuth('orders-service', 'orders-service-secret')
const token = (shop: Shop, fields: Record<string, string>, headers = {}) =>
  asText(form('/token', fields, headers), shop.port)

/** What is measured; passwords take as long as fifty others. */
export const scenarios: readonly (Scenario & { readonly share: number })[] = [
  {
    name: 'introspection',
    connections: 8,
    share: 1,
    expects: '"active":true',
    requests: (shop, count) =>
      pick(shop.customers, count).map((customer) =>
        asText(form('/introspect', { token: shop.accessToken(customer) }, SERVICE), shop.port),
      ),
  },
  {
    name: 'refresh',
    connections: 8,
    share: 1,
    expects: '"refresh_token":',
    collects: 'refresh_token',
    requests: (shop, count) =>
      shop.refreshTokens
        .splice(0, count)
        .map((refresh_token) => token(shop, { grant_type: 'refresh_token', client_id: 'frontend', refresh_token })),
  },
  {
    name: 'client credentials',
    connections: 8,
    share: 1,
    expects: '"access_token":',
    requests: (shop, count) =>
      Array.from({ length: count }, () => token(shop, { grant_type: 'client_credentials' }, SERVICE)),
  },
  {
    name: 'password',
    connections: 4,
    share: 0.08,
    expects: '"refresh_token":',
    requests: (shop, count) =>
      pick(shop.customers, count).map((customer) =>
        token(shop, {
          grant_type: 'password',
          client_id: 'frontend',
          username: loginOf(customer),
          password: PASSWORD,
        }),
      ),
  },
]

/** Sends one turn of a scenario to a shop; the first fifth of it only warms up. */
export async function measureTurn(
  shop: Shop,
  scenario: Scenario,
  { generator, stores, count }: { generator: TurnProcess; stores: readonly number[]; count: number },
): Promise<Cost> {
  const plan: Plan = { kind: 'once', requests: scenario.requests(shop, count) }
  const figures = await generator.run({
    port: shop.port,
    connections: scenario.connections,
    plan,
    expects: scenario.expects,
    warmUpSeconds: 60,
    seconds: 60,
    ...(scenario.collects !== undefined && { collects: scenario.collects }),
    server: [shop.pid],
    stores,
  })
  if (figures.errors > 0) throw new Error(`${scenario.name} of ${shop.customers}: ${figures.firstError}`)
  if (scenario.collects === 'refresh_token') shop.refreshTokens.push(...figures.collected)
  return {
    serverUs: figures.serverNs / 1000 / figures.requests,
    storesUs: figures.storesNs / 1000 / figures.requests,
  }
}

/** Different numbers from 1 to `of`, at random: `count` of them, or all. */
function pick(of: number, count: number): number[] {
  const picked = new Set<number>()
  while (picked.size < Math.min(of, count)) picked.add(1 + Math.floor(Math.random() * of))
  return [...picked]
}

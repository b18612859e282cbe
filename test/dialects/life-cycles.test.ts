import { ClientBuilder } from '@commercetools/ts-client'
import { gateway, MemoryStorageFactory } from '@elasticpath/js-sdk'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, RON_ID, ron } from '../endpoints/client.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { addClients, PRIVATE_CLIENT, PUBLIC_CLIENT, REDIRECT, SECRET, sdkAt } from './slas/shop.ts'
import { obtain } from './spryker/exchange.ts'

const DAY_MS = 86_400_000
const CREDENTIALS = { clientId: 'third-party-app', clientSecret: 'third-party-app-secret' }
const ME = { uri: '/shop/me', method: 'GET', headers: {} } as const

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    DIALECTS: 'spryker,commercetools,elastic-path,magento,sap-commerce,slas',
    ADMIN_TOKEN: OWNER,
    SLAS_LOGIN_INTERVAL_SECONDS: '0',
  })
  await addClients(server)
})
afterAll(() => server?.stop())
afterEach(() => void vi.useRealTimers())

/** What a shop's client keeps over a reload of its page. */
type Kept = {
  readonly accessToken: string
  readonly refreshToken?: string | undefined
  readonly first?: string | undefined
}

/** A shop system's own client: how it signs in, and how it goes on when its access token is over. */
type ShopClient = {
  readonly name: string
  /** Which refresh token it sends: the one of the last answer, or always its first; or it must sign in again. */
  readonly goesOnBy: 'the last' | 'the first' | 'signing in'
  /** The refresh token that the shop answers a refresh with. */
  readonly isAnswered: 'another' | 'the same' | undefined
  readonly signIn: () => Promise<Kept>
  readonly goOn: (kept: Kept) => Promise<Kept>
}

const spryker: ShopClient = {
  name: 'a Spryker storefront',
  goesOnBy: 'the last',
  isAnswered: 'another',
  signIn: () => obtain(server.url, 'access-tokens', ron),
  goOn: ({ refreshToken }) => obtain(server.url, 'refresh-tokens', { refreshToken }),
}

/** The official client, whose app keeps a refresh token over a reload of the page: the one it got last, or its first. */
function commercetools(name: string, goesOnBy: 'the last' | 'the first', visitor = false): ShopClient {
  async function execute(kept: Kept | undefined): Promise<Kept> {
    const cached: Record<string, unknown> = {}
    const auth = {
      host: server.url,
      projectKey: 'shop',
      credentials: visitor ? CREDENTIALS : { ...CREDENTIALS, user: ron },
      scopes: ['manage_my_profile:shop'],
      httpClient: fetch,
      tokenCache: { get: () => cached, set: (next: object) => Object.assign(cached, next) },
    } as never // the cache may answer at once
    const builder = new ClientBuilder()
    const refreshToken = goesOnBy === 'the first' ? kept?.first : kept?.refreshToken
    const signIn = () => (visitor ? builder.withAnonymousSessionFlow(auth) : builder.withPasswordFlow(auth))
    const flow = kept ? builder.withRefreshTokenFlow({ ...(auth as object), refreshToken } as never) : signIn()
    const api = async () => new Response('{}', { headers: { 'content-type': 'application/json' } })
    await flow.withHttpMiddleware({ host: 'http://api.invalid', httpClient: api }).build().execute(ME)
    const got = cached as { token: string; refreshToken?: string }
    return { accessToken: got.token, refreshToken: got.refreshToken, first: kept?.first ?? got.refreshToken }
  }
  return { name, goesOnBy, isAnswered: 'the same', signIn: () => execute(undefined), goOn: execute }
}

const elasticPath: ShopClient = {
  name: 'the Elastic Path SDK',
  goesOnBy: 'signing in',
  isAnswered: undefined,
  async signIn() {
    const storage = new MemoryStorageFactory()
    const options = { client_id: 'frontend', host: new URL(server.url).host, protocol: 'http', storage }
    const shop = gateway(options as Parameters<typeof gateway>[0])
    const { data } = await shop.Customers.TokenViaPassword(ron.username, ron.password)
    return { accessToken: data.token }
  },
  goOn: () => elasticPath.signIn(),
}

const magento: ShopClient = {
  name: 'a Magento storefront',
  goesOnBy: 'signing in',
  isAnswered: undefined,
  async signIn() {
    const answer = await postJson(`${server.url}/rest/V1/integration/customer/token`, ron)
    return { accessToken: (await answer.json()) as string }
  },
  goOn: () => magento.signIn(),
}

/** What Spartacus sends; it keeps the refresh token that it has when an answer brings none. */
const sapCommerce: ShopClient = {
  name: 'a storefront of SAP Commerce',
  goesOnBy: 'the last',
  isAnswered: 'another',
  signIn: () => sapTokens({ grant_type: 'password', ...ron }),
  goOn: ({ refreshToken = '' }) => sapTokens({ grant_type: 'refresh_token', scope: '', refresh_token: refreshToken }),
}

async function sapTokens(fields: Record<string, string>): Promise<Kept> {
  const { clientId: client_id, clientSecret: client_secret } = CREDENTIALS
  const url = `${server.url}/authorizationserver/oauth/token`
  const answer = await postForm(url, { ...fields, client_id, client_secret })
  const { access_token, refresh_token } = (await answer.json()) as { access_token: string; refresh_token: string }
  return { accessToken: access_token, refreshToken: refresh_token }
}

/** The shop's SDK: a public client gets another refresh token each time, a private one keeps its own. */
function slas(name: string, isAnswered: 'another' | 'the same'): ShopClient {
  const secret = isAnswered === 'the same' ? { clientSecret: SECRET } : {}
  const sdk = () => sdkAt(server.url, isAnswered === 'the same' ? PRIVATE_CLIENT : PUBLIC_CLIENT)
  const kept = (tokens: Record<string, string>): Kept => ({
    accessToken: String(tokens.access_token),
    refreshToken: tokens.refresh_token,
  })
  return {
    name,
    goesOnBy: 'the last',
    isAnswered,
    async signIn() {
      const credentials = { ...ron, ...secret }
      return kept(await sdk().helper('loginRegisteredUserB2C', { credentials, parameters: { redirectURI: REDIRECT } }))
    },
    goOn: async ({ refreshToken }) =>
      kept(await sdk().helper('refreshAccessToken', { parameters: { refreshToken }, credentials: secret })),
  }
}

const CLIENTS: readonly ShopClient[] = [
  slas('the SLAS SDK of a public client', 'another'),
  slas('the SLAS SDK of a private client', 'the same'),
  spryker,
  commercetools('the commercetools client that keeps the refresh token of each answer', 'the last'),
  commercetools('the commercetools client that keeps its first refresh token', 'the first'),
  commercetools('the commercetools client of a visitor that keeps each refresh token', 'the last', true),
  commercetools('the commercetools client of a visitor that keeps its first refresh token', 'the first', true),
  elasticPath,
  magento,
  sapCommerce,
]

const isActive = async ({ accessToken }: Kept) => (await introspect(server.url, accessToken)).active
const reload = (kept: Kept): Kept => JSON.parse(JSON.stringify(kept)) as Kept

test.each(CLIENTS)('$name goes on by $goesOnBy, a day later and another day later, over reloads', async (client) => {
  const start = Date.now()
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(start)
  let kept = await client.signIn()
  expect(await isActive(kept)).toBe(true)
  expect(kept.refreshToken !== undefined, 'a refresh token').toBe(client.goesOnBy !== 'signing in')
  for (const days of [1, 2]) {
    // Some shops' tokens live for a day to the second.
    vi.setSystemTime(start + days * (DAY_MS + 60_000))
    expect(await isActive(kept), 'its access token is over').toBe(false)
    const next = await client.goOn(reload(kept))
    expect(await isActive(next)).toBe(true)
    if (client.isAnswered === 'the same') expect(next.refreshToken).toBe(kept.refreshToken)
    if (client.isAnswered === 'another') expect(next.refreshToken).not.toBe(kept.refreshToken)
    kept = next
  }
})

test.each(CLIENTS)('what $name got is on record, and so is its end', async ({ signIn, name }) => {
  const { accessToken, refreshToken } = await signIn()
  const recordOf = async (token: string) =>
    (await ask(server, OWNER, 'POST', '/v1/tokens/inspect', { token })).body.record
  const owner = name.includes('visitor') ? { anonymousId: expect.any(String) } : { customerId: RON_ID }
  expect(await recordOf(accessToken)).toMatchObject({ kind: 'access-token', ...owner })
  await ask(server, OWNER, 'POST', '/v1/sign-outs', { of: 'everybody' })
  for (const token of [accessToken, refreshToken ?? accessToken])
    expect(await recordOf(token)).toMatchObject({ ...owner, cause: 'operator', endedBy: 'admin' })
})

test('what a commercetools project reads of a token says whose it is', async () => {
  const authorization = `Basic ${Buffer.from('orders-service:orders-service-secret').toString('base64')}`
  for (const visitor of [false, true]) {
    const { accessToken } = await commercetools('a client', 'the last', visitor).signIn()
    const url = `${server.url}/oauth/introspect?token=${accessToken}`
    const answer = await fetch(url, { method: 'POST', headers: { authorization } })
    const { scope, anonymous_id } = (await answer.json()) as { scope: string; anonymous_id?: string }
    expect(scope.split(' ')).toEqual([
      'manage_my_profile:shop',
      visitor ? `anonymous_id:${anonymous_id}` : `customer_id:${RON_ID}`,
    ])
  }
})

import { createRequire } from 'node:module'
import { cacheExchange, createClient, fetchExchange, gql } from '@urql/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'
import { waitFor } from '../../support/wait-for.ts'
import { keyIn } from './shop-api.ts'

const require = createRequire(import.meta.url)
const PASSWORDS = ['the first password', 'the second password', 'the third password'] as const

let shop: HostedShop
let url: string
beforeAll(async () => {
  shop = await startHostedShop({
    MAGENTO_STORES: 'default,fr',
    SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
    SHOP_PASSWORD_RESET_URL: 'https://shop.example/password?key={key}',
  })
  url = shop.server.url
})
afterAll(() => shop?.stop())

/** Another letter says that the password changed. */
async function resetKeyIn(email: string): Promise<string> {
  const isReset = ({ link = '' }: { readonly link?: string }) => link.startsWith('https://shop.example/password')
  const { link } = await waitFor(() => shop.sink.mailsTo(email).find(isReset))
  return new URL(link).searchParams.get('key') ?? 'no key'
}

type Tokens = { readonly token: string; readonly expiresIn: number; readonly refreshToken: string }

/** A shop's own client, as a storefront uses it. */
type ShopClient = {
  readonly name: string
  register(email: string, password: string): Promise<unknown>
  confirm(email: string, key: string): Promise<unknown>
  signIn(email: string, password: string): Promise<Tokens>
  changePassword(token: string, current: string, next: string): Promise<unknown>
  requestReset(email: string): Promise<unknown>
  reset(email: string, key: string, password: string): Promise<unknown>
  refresh(refreshToken: string): Promise<Tokens>
  /** The address of who holds a token. */
  whoIs(token: string): Promise<string>
  signOut(token: string): Promise<unknown>
}

type Send = (method: 'get' | 'post' | 'put', path: string, body?: object, token?: string) => Promise<unknown>

type Answered = { readonly token: string; readonly expires_in: number; readonly refresh_token: string }

function restClient(name: string, send: Send): ShopClient {
  const tokens = (given: unknown): Tokens => {
    const { token, expires_in: expiresIn, refresh_token: refreshToken } = given as Answered
    return { token, expiresIn, refreshToken }
  }
  return {
    name,
    register: (email, password) =>
      send('post', 'customers', { customer: { email, firstname: 'Nora', lastname: 'Neu' }, password }),
    confirm: (_, confirmationKey) => send('put', 'customers/me/activate', { confirmationKey }),
    signIn: async (username, password) =>
      tokens(
        await send('post', 'integration/customer/token?fields=token,expires_in,refresh_token', { username, password }),
      ),
    changePassword: (token, currentPassword, newPassword) =>
      send('put', 'customers/me/password', { currentPassword, newPassword }, token),
    requestReset: (email) => send('put', 'customers/password', { email, template: 'email_reset', websiteId: 1 }),
    reset: (email, resetToken, newPassword) =>
      send('post', 'customers/resetPassword', { email, resetToken, newPassword }),
    refresh: async (refresh_token) =>
      tokens(await send('post', 'integration/customer/refresh-customer-token', { refresh_token })),
    whoIs: async (token) => ((await send('get', 'customers/me', undefined, token)) as { email: string }).email,
    signOut: (token) => send('post', 'integration/customer/revoke-customer-token', {}, token),
  }
}

type Axios = Readonly<Record<'get' | 'post' | 'put', (path: string, ...rest: unknown[]) => Promise<unknown>>>
const headersOf = (token: string | undefined) => (token === undefined ? {} : { Authorization: `Bearer ${token}` })

const wrapper = restClient('magento2-api-wrapper', async (method, path, body, token) => {
  const Magento = require('magento2-api-wrapper') as new (options: object) => Axios
  const api = new Magento({ api: { url }, axios: { headers: headersOf(token) } })
  const options = { storeCode: 'fr' }
  return method === 'get' ? api.get(path, options) : api[method](path, body, options)
})

const restApi = restClient('magento-api-rest', async (method, path, body, token) => {
  const { default: Client } = require('magento-api-rest') as { default: new (options: object) => Axios }
  const keys = { consumerKey: 'a', consumerSecret: 'b', accessToken: 'c', tokenSecret: 'd' }
  // It signs with OAuth 1 unless its headers are replaced.
  const axiosConfig = token === undefined ? {} : { headers: headersOf(token) }
  const api = new Client({ url, ...keys, sha: 256, axiosConfig })
  return ((await api[method](path, ...(body === undefined ? [] : [body]))) as { data: unknown }).data
})

async function mutate(document: string, variables: object, token?: string): Promise<Record<string, never>> {
  const exchanges = [cacheExchange, fetchExchange]
  const fetchOptions = { headers: headersOf(token) }
  const client = createClient({ url: `${url}/graphql`, exchanges, preferGetMethod: false, fetchOptions })
  const { data, error } = await client.mutation(gql(document), variables).toPromise()
  if (error) throw error
  return data
}

const TOKENS = '{ token expiresIn: expires_in refreshToken: refresh_token }'
const urql: ShopClient = {
  name: 'urql',
  register: (email, password) =>
    mutate(`mutation ($input: CustomerCreateInput!) { createCustomerV2(input: $input) { customer { id email } } }`, {
      input: { email, firstname: 'Nora', lastname: 'Neu', password, is_subscribed: true },
    }),
  confirm: (email, confirmation_key) =>
    mutate('mutation ($input: ConfirmEmailInput!) { confirmEmail(input: $input) { customer { email } } }', {
      input: { email, confirmation_key },
    }),
  signIn: async (email, password) =>
    (
      await mutate(
        `mutation SignIn($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) ${TOKENS} }`,
        { email, password },
      )
    ).generateCustomerToken as unknown as Tokens, // as the document asks
  changePassword: (token, current, next) =>
    mutate(
      'mutation ($a: String!, $b: String!) { changeCustomerPassword(currentPassword: $a, newPassword: $b) { id email } }',
      { a: current, b: next },
      token,
    ),
  requestReset: (email) => mutate('mutation ($email: String!) { requestPasswordResetEmail(email: $email) }', { email }),
  reset: (email, key, password) =>
    mutate(
      'mutation ($email: String!, $key: String!, $password: String!) { resetPassword(email: $email, resetPasswordToken: $key, newPassword: $password) }',
      { email, key, password },
    ),
  refresh: async (refreshToken) =>
    (await mutate(`mutation ($t: String!) { refreshCustomerToken(refresh_token: $t) ${TOKENS} }`, { t: refreshToken }))
      .refreshCustomerToken as unknown as Tokens, // as the document asks
  async whoIs(token) {
    const fetchOptions = { headers: headersOf(token) }
    const client = createClient({
      url: `${url}/graphql`,
      exchanges: [fetchExchange],
      preferGetMethod: false,
      fetchOptions,
    })
    const { data, error } = await client.query(gql('{ customer { email } }'), {}).toPromise()
    if (error) throw error
    return data.customer.email
  },
  signOut: (token) => mutate('mutation { revokeCustomerToken { result } }', {}, token),
}

test.each([wrapper, restApi, urql])(
  'by $name a customer registers, confirms, signs in, changes and resets the password, refreshes and signs out',
  async (client) => {
    const email = `${client.name}@example.com`
    const [first, second, third] = PASSWORDS
    await client.register(email, first)
    await expect(client.signIn(email, first)).rejects.toThrow()
    await client.confirm(email, await keyIn(shop, email))
    const one = await client.signIn(email, first)
    expect([await client.whoIs(one.token), one.expiresIn]).toEqual([email, 3600])

    await client.changePassword(one.token, first, second)
    await expect(client.whoIs(one.token)).rejects.toThrow()
    await expect(client.signIn(email, first)).rejects.toThrow()
    const two = await client.signIn(email, second)

    await client.requestReset(email)
    const key = await resetKeyIn(email)
    await client.reset(email, key, third)
    await expect(client.refresh(two.refreshToken)).rejects.toThrow()
    const three = await client.signIn(email, third)

    const four = await client.refresh(three.refreshToken)
    expect(await client.whoIs(four.token)).toBe(email)
    await client.signOut(four.token)
    await expect(client.whoIs(four.token)).rejects.toThrow()
    await expect(client.refresh(four.refreshToken)).rejects.toThrow()
  },
)

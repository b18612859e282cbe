import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'

const require = createRequire(import.meta.url)
const TOKEN = /^[a-z0-9]{32}$/
const RON = { username: 'ron@swanson.com', password: 'mysecretpassword' }
const SIGN_IN = 'integration/customer/token'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'magento', MAGENTO_STORES: 'default,fr' })
})
afterAll(() => server.stop())

type Wrapper = new (
  options: object,
) => {
  get(path: string, options?: object): Promise<Record<string, unknown>>
  post(path: string, body: object, options?: object): Promise<unknown>
}
type RestClient = new (
  options: object,
) => {
  get(path: string): Promise<{ data: unknown }>
  post(path: string, body: object): Promise<{ data: unknown }>
}

const withBearer = (token: unknown) => ({ axios: { headers: { Authorization: `Bearer ${token}` } } })

test('magento2-api-wrapper signs in, sees the customer and signs out', async () => {
  const Magento = require('magento2-api-wrapper') as Wrapper
  const api = new Magento({ api: { url: server.url } })
  const token = await api.post(SIGN_IN, RON, { storeCode: 'fr' })
  expect(token).toMatch(TOKEN)

  const customer = new Magento({ api: { url: server.url }, ...withBearer(token) })
  expect(await customer.get('customers/me')).toMatchObject({ email: RON.username })
  expect(await customer.post('integration/customer/revoke-customer-token', {})).toBe(true)
  await expect(customer.get('customers/me')).rejects.toMatchObject({ response: { status: 401 } })
})

test('magento2-api-wrapper finds the shop’s message in a refusal', async () => {
  const Magento = require('magento2-api-wrapper') as Wrapper
  const api = new Magento({ api: { url: server.url } })
  await expect(api.post(SIGN_IN, { ...RON, password: 'wrong' })).rejects.toMatchObject({
    response: { status: 401, data: { message: expect.stringContaining('sign-in was incorrect') } },
  })
})

test('magento-api-rest signs in although it signs its requests by OAuth 1, sees the customer and signs out', async () => {
  const { default: Client } = require('magento-api-rest') as { default: RestClient }
  const keys = { consumerKey: 'a', consumerSecret: 'b', accessToken: 'c', tokenSecret: 'd' }
  const api = new Client({ url: server.url, ...keys, sha: 256 })
  const token = (await api.post(SIGN_IN, RON)).data
  expect(token).toMatch(TOKEN)
  await expect(api.get('customers/me')).rejects.toMatchObject({ response: { status: 401 } })

  const axiosConfig = { headers: { Authorization: `Bearer ${token}` } }
  const customer = new Client({ url: server.url, ...keys, sha: 256, axiosConfig })
  expect((await customer.get('customers/me')).data).toMatchObject({ email: RON.username })
  expect((await customer.post('integration/customer/revoke-customer-token', {})).data).toBe(true)
  await expect(customer.get('customers/me')).rejects.toMatchObject({ response: { status: 401 } })
})

import { createRequire } from 'node:module'
import { gateway, MemoryStorageFactory } from '@elasticpath/js-sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { ACCOUNT_TOKEN, member, RON_ID } from './endpoints.ts'

const require = createRequire(import.meta.url)
const RON = ['ron@swanson.com', 'mysecretpassword'] as const

let server: TestServer
let host: string

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path' }, { captureLog: true })
  host = new URL(server.url).host
})
beforeEach(() => {
  ;(server.logLines as string[]).length = 0
})
afterAll(() => server.stop())

const storefront = (options: object = {}) =>
  gateway({
    client_id: 'frontend',
    host,
    protocol: 'http',
    storage: new MemoryStorageFactory(),
    retryDelay: 5,
    retryJitter: 1,
    ...options,
  } as Parameters<typeof gateway>[0])

const requestsTo = (path: string) => server.logLines.filter((line) => line.includes(`"path":"${path}"`)).length

test('the SDK authenticates, signs a customer in and looks at them', async () => {
  const shop = storefront()
  expect(await shop.Authenticate()).toMatchObject({ token_type: 'Bearer', identifier: 'implicit' })
  const { data } = await shop.Customers.TokenViaPassword(...RON)
  expect(data).toMatchObject({ type: 'token', customer_id: RON_ID })
  expect((await shop.Customers.Get(RON_ID, data.token)).data).toMatchObject({ email: RON[0] })
})

test('the SDK does not authenticate again while its bearer works', async () => {
  const shop = storefront()
  for (const _ of [1, 2, 3]) await shop.Customers.TokenViaPassword(...RON)
  expect(requestsTo('/oauth/access_token')).toBe(1)
})

test('the SDK sends a wrong password once', async () => {
  await expect(storefront().Customers.TokenViaPassword(RON[0], 'wrong')).rejects.toMatchObject({
    errors: [{ status: 422, detail: expect.any(String) }],
  })
  expect(requestsTo('/v2/customers/tokens')).toBe(1)
})

test('at 401 the SDK sends a wrong password four times, which count as one', async () => {
  const settings = { DIALECTS: 'elastic-path', ELASTIC_PATH_REFUSED_STATUS: '401', LOCKOUT_ATTEMPTS: '2' }
  const other = await startTestServer(settings, { captureLog: true })
  const shop = storefront({ host: new URL(other.url).host })
  await expect(shop.Customers.TokenViaPassword(RON[0], 'wrong')).rejects.toMatchObject({ errors: [{ status: 401 }] })
  expect(other.logLines.filter((line) => line.includes('"path":"/v2/customers/tokens"'))).toHaveLength(4)
  expect((await shop.Customers.TokenViaPassword(...RON)).data).toMatchObject({ customer_id: RON_ID })
  await other.stop()
})

test('the SDK signs account members in and switches their account', async () => {
  const credentials = { username: 'test@meetanshi.com', password: 'Meet@123' }
  const body = member('password', credentials) as never
  const { data } = (await storefront().AccountMembers.GenerateAccountToken(body)) as unknown as {
    data: { token: string; account_name: string }[]
  }
  expect(data.map(({ account_name }) => account_name)).toEqual(['Northern Hardware', 'Southern Supplies'])

  const headers = { 'EP-Account-Management-Authentication-Token': data[0]?.token }
  const switched = await storefront({ headers }).AccountMembers.GenerateAccountToken(member(ACCOUNT_TOKEN) as never)
  expect((switched as unknown as { data: object[] }).data).toHaveLength(2)
  // The SDK's own way to say whose token it is goes out as X-Moltin-Customer-Token.
  const again = await storefront().AccountMembers.GenerateAccountToken(member(ACCOUNT_TOKEN) as never, data[1]?.token)
  expect((again as unknown as { data: object[] }).data).toHaveLength(2)
})

test('the SDK asks for a one-time password', async () => {
  const request = {
    type: 'one_time_password_token_request',
    username: RON[0],
    purpose: 'passwordless_authentication',
  }
  await storefront().OneTimePasswordTokenRequest.Create('realm', 'profile', request as never)
  expect(requestsTo('/v2/authentication-realms/realm/password-profiles/profile/one-time-password-token-request')).toBe(
    1,
  )
})

test('a back-end with a secret gets its own bearer through the SDK', async () => {
  const backend = storefront({ client_id: 'third-party-app', client_secret: 'third-party-app-secret' })
  expect(await backend.Authenticate()).toMatchObject({ identifier: 'client_credentials' })
})

type OldGateway = {
  config: { protocol: string }
  Customers: {
    Token(email: string, password: string): Promise<{ data: Record<string, unknown> }>
    Get(id: string, token: string): Promise<{ data: Record<string, unknown> }>
  }
}

test('an old @moltin/sdk, which writes "Bearer:" and knows no mechanism, signs a customer in', async () => {
  const { gateway: oldGateway, MemoryStorageFactory: OldStorage } = require('@moltin/sdk') as {
    gateway: (options: object) => OldGateway
    MemoryStorageFactory: new () => object
  }
  const shop = oldGateway({ client_id: 'frontend', host, storage: new OldStorage() })
  shop.config.protocol = 'http'
  const { data } = await shop.Customers.Token(...RON)
  expect(data).toMatchObject({ type: 'token', customer_id: RON_ID })
  expect((await shop.Customers.Get(RON_ID, String(data.token))).data).toMatchObject({ email: RON[0] })
})

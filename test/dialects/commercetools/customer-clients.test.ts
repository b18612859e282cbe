import { ClientBuilder } from '@commercetools/ts-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'
import { postForm } from '../../support/http.ts'
import { addService, basicOfThirdParty, SERVICE } from './endpoints.ts'

const STOREFRONT = { clientId: 'third-party-app', clientSecret: 'third-party-app-secret' }
const PASSWORD = 'the password of Nora'
const NEW = 'another good password'
const EMAIL = 'nora.neu@example.com'

let shop: HostedShop
let url: string
beforeAll(async () => {
  shop = await startHostedShop({
    DIALECTS: 'commercetools',
    SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
  })
  url = shop.server.url
  await addService(shop.server.adminUrl)
})
afterAll(() => shop?.stop())

const auth = (more: object) =>
  ({ host: url, projectKey: 'shop', scopes: ['manage_my_profile:shop'], httpClient: fetch, ...more }) as never
const builder = () => new ClientBuilder().withHttpMiddleware({ host: url, httpClient: fetch })
const anonymous = () =>
  builder()
    .withAnonymousSessionFlow(auth({ credentials: STOREFRONT }))
    .build()

type Tokens = { readonly token: string; readonly refreshToken?: string; readonly expirationTime: number }

/** A client that signed in, and the tokens it keeps. */
function signedIn(password: string) {
  let kept: Tokens = { token: '', expirationTime: -1 }
  const tokenCache = { get: () => kept, set: (tokens: Tokens) => (kept = tokens) }
  const user = { username: EMAIL, password }
  const options = auth({ credentials: { ...STOREFRONT, user }, tokenCache })
  const client = builder().withPasswordFlow(options).withConcurrentModificationMiddleware().build()
  return { client, kept: () => kept }
}

const refreshed = (refreshToken: string | undefined) =>
  builder()
    .withRefreshTokenFlow(auth({ credentials: STOREFRONT, refreshToken }))
    .build()

const get = (uri: string) => ({ uri, method: 'GET', headers: {} }) as const
const post = (uri: string, body: object) =>
  ({ uri, method: 'POST', headers: { 'Content-Type': 'application/json' }, body }) as const

test('the TypeScript client signs a customer up, confirms, changes and resets the password, refreshes and signs out', async () => {
  const draft = { email: EMAIL, password: PASSWORD, firstName: 'Nora', lastName: 'Neu' }
  const { body, statusCode } = await anonymous().execute(post('/shop/me/signup', draft))
  const { customer } = body as { customer: { id: string; isEmailVerified: boolean } }
  expect([statusCode, customer.isEmailVerified]).toEqual([201, false])

  const tokenValue = new URL((await shop.sink.mailTo(EMAIL)).link).searchParams.get('key')
  const confirmed = await anonymous().execute(post('/shop/me/email/confirm', { tokenValue }))
  expect(confirmed.body).toMatchObject({ id: customer.id, isEmailVerified: true })
  const login = await anonymous().execute(post('/shop/me/login', { email: EMAIL, password: PASSWORD }))
  expect(login.body).toMatchObject({ customer: { id: customer.id } })

  const first = signedIn(PASSWORD)
  expect((await first.client.execute(get('/shop/me'))).body).toMatchObject({ id: customer.id, version: 1 })
  expect((await refreshed(first.kept().refreshToken).execute(get('/shop/me'))).statusCode).toBe(200)

  // The client saw an old version: it reads the last one from the refusal, and asks again.
  const change = { version: 7, currentPassword: PASSWORD, newPassword: NEW }
  expect((await first.client.execute(post('/shop/me/password', change))).body).toMatchObject({ version: 2 })
  const { refreshToken } = first.kept()
  await expect(refreshed(refreshToken).execute(get('/shop/me'))).rejects.toMatchObject({ statusCode: 400 })
  await expect(first.client.execute(get('/shop/me'))).rejects.toMatchObject({
    error: [{ code: 'invalid_customer_account_credentials' }],
  })

  const credentials = { clientId: SERVICE.client_id, clientSecret: SERVICE.secret }
  const service = builder()
    .withClientCredentialsFlow(auth({ credentials, scopes: ['manage_customers:shop'] }))
    .build()
  const made = await service.execute(post('/shop/customers/password-token', { email: EMAIL, ttlMinutes: 15 }))
  const reset = { tokenValue: (made.body as { value: string }).value, newPassword: PASSWORD }
  expect((await anonymous().execute(post('/shop/me/password/reset', reset))).body).toMatchObject({ version: 3 })

  const last = signedIn(PASSWORD)
  expect((await last.client.execute(get('/shop/me'))).statusCode).toBe(200)
  await postForm(`${url}/revoke`, { token: String(last.kept().refreshToken) }, basicOfThirdParty)
  await expect(refreshed(last.kept().refreshToken).execute(get('/shop/me'))).rejects.toMatchObject({ statusCode: 400 })
})

test('the TypeScript client learns why a password was not changed', async () => {
  const change = { version: 1, currentPassword: 'wrong', newPassword: NEW }
  const { email, password } = await shop.addCustomer()
  const user = { username: email, password }
  const client = builder()
    .withPasswordFlow(auth({ credentials: { ...STOREFRONT, user } }))
    .build()
  await expect(client.execute(post('/shop/me/password', change))).rejects.toMatchObject({
    statusCode: 400,
    body: { errors: [{ code: 'InvalidCurrentPassword' }] },
  })
})

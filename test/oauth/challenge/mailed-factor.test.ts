import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FactorShop } from '../../interaction/factor-shop.ts'
import { addClient, codeIn, digitsIn, newApp, startAppShop, stepsIn } from './app.ts'

let shop: FactorShop
beforeAll(async () => {
  shop = await startAppShop({ SECOND_FACTOR_MAIL: 'allowed', PASSKEY_RP_ID: 'none' })
})
afterAll(() => shop?.stop())

test('a client that wants a second factor takes a code by mail from a customer who has none', async () => {
  const metadata = {
    client_id: 'strict-screens',
    first_party: true,
    authorization_challenge: true,
    require_second_factor: true,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://shop.example/back'],
  }
  await addClient(shop, metadata)
  const customer = await shop.addCustomer()
  const app = await newApp(shop, { clientId: 'strict-screens' })
  const first = await app.begin({ username: customer.email, password: customer.password })
  expect(stepsIn(first)).toEqual(['email_code'])
  const code = digitsIn((await shop.sink.mailTo(customer.email)).text)
  expect((await app.ask({ email_code: code })).status).toBe(200)
  // A second mail to the same mailbox is no second factor.
  const byMail = await newApp(shop, { clientId: 'strict-screens' })
  await byMail.begin({ username: customer.email, send: 'email_code' })
  const signInCode = codeIn((await shop.sink.mailTo(customer.email, 2)).text)
  expect(stepsIn(await byMail.ask({ email_code: signInCode }))).toEqual(['password'])
  expect((await byMail.ask({ password: customer.password })).status).toBe(200)
})

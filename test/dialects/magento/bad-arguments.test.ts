import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'
import { agentToken, graphql, rest, signedIn, works } from './shop-api.ts'

let shop: HostedShop
let url: string
let agent: string
beforeAll(async () => {
  shop = await startHostedShop({
    MAGENTO_EXTERNAL_CUSTOMERS: 'true',
    LOCKOUT_ATTEMPTS: '100000',
    LOCKOUT_ACCOUNT_ATTEMPTS: '100000',
    LOCKOUT_ADDRESS_ATTEMPTS: '100000',
  })
  url = shop.server.url
  agent = await agentToken(url)
})
afterAll(() => shop?.stop())

/** Each has its texts as variables `a`, `b` and `c`. */
const FIELDS = [
  'mutation ($a: String!, $b: String!) { generateCustomerToken(email: $a, password: $b) { token } }',
  'mutation ($a: String!, $b: String!) { exchangeOtpForCustomerToken(email: $a, otp: $b) { token } }',
  'mutation ($a: String!) { refreshCustomerToken(refresh_token: $a) { token } }',
  'mutation ($a: String!) { generateCustomerTokenAsAdmin(input: { customer_email: $a }) { customer_token } }',
  'mutation ($a: String!, $b: String!, $c: String!) { exchangeExternalCustomerToken(input: { customer: { email: $a, firstname: $b, lastname: $c } }) { token } }',
  'mutation ($a: String!, $b: String!, $c: String!) { createCustomerV2(input: { email: $a, firstname: $b, lastname: $b, password: $c }) { customer { id } } }',
  'mutation ($a: String!, $b: String!, $c: String!) { createCustomer(input: { email: $a, firstname: $b, lastname: $b, password: $c }) { customer { id } } }',
  'mutation ($a: String!, $b: String!) { updateCustomerV2(input: { firstname: $a, lastname: $b }) { customer { id } } }',
  'mutation ($a: String!, $b: String!) { updateCustomerEmail(email: $a, password: $b) { customer { id } } }',
  'mutation ($a: String!, $b: String!) { confirmEmail(input: { email: $a, confirmation_key: $b }) { customer { id } } }',
  'mutation ($a: String!) { resendConfirmationEmail(email: $a) }',
  'mutation ($a: String!, $b: String!) { changeCustomerPassword(currentPassword: $a, newPassword: $b) { id } }',
  'mutation ($a: String!) { requestPasswordResetEmail(email: $a) }',
  'mutation ($a: String!, $b: String!, $c: String!) { resetPassword(email: $a, resetPasswordToken: $b, newPassword: $c) }',
  'query ($a: String!) { isEmailAvailable(email: $a) { is_email_available } }',
]
const TEXTS = [
  '',
  ' ',
  'a\0@b.cd',
  '\ud800',
  'a@b',
  'x'.repeat(8000),
  `${'x'.repeat(300)}@b.cd`,
  '<a>%00\r\n',
  '__proto__',
]
const MISTYPED: unknown[] = [null, 1, true, ['a'], { a: 1 }]

test.each(FIELDS)('%s answers every odd text in the shop’s words, changes nothing, and never fails', async (query) => {
  const { token, email } = await signedIn(shop)
  for (const by of [token, agent, undefined]) {
    for (const text of [...TEXTS, ...MISTYPED]) {
      const headers = { 'x-forwarded-for': `203.0.113.${(TEXTS.indexOf(String(text)) + 11) % 250}` }
      const { status, errors } = await graphql(url, query, {
        variables: { a: text, b: text, c: text },
        token: by,
        headers,
      })
      expect([String(text).slice(0, 20), status], JSON.stringify(errors)).toEqual([
        String(text).slice(0, 20),
        expect.toSatisfy((given: number) => given < 500),
      ])
    }
  }
  expect((await rest(url, 'GET', '/customers/me', { token })).json).toMatchObject({ email })
  expect(await works(url, token)).toBe(true)
})

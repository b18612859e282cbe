import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS } from '../attacks/password-endpoints.ts'
import {
  authenticationIn,
  bearer,
  type EnrolledCustomer,
  type FactorShop,
  LENIENT,
  SECOND_FACTOR,
  SIGNED_IN,
  STRICT,
  startFactorShop,
} from '../interaction/factor-shop.ts'
import { isSignedIn, type TestCustomer } from '../interaction/hosted-shop.ts'
import { postForm, postJson } from '../support/http.ts'
import { read, requestTokens, thirdParty } from './client.ts'

let shop: FactorShop
let customer: EnrolledCustomer
beforeAll(async () => {
  shop = await startFactorShop(EVERY_DIALECT)
  customer = await shop.enrol()
})
afterAll(() => shop?.stop())

/** What an answer with a token has in it, whatever the dialect calls it. */
const TOKEN = /token(Id)?"\s*:\s*"[^"]{8}/i
const REQUIRED = { status: 400, error: 'second_factor_required' }

/** The password grant at a client, for a customer with or without a second factor. */
async function ask(client_id: string, fields: Record<string, string> = {}, person: TestCustomer = customer) {
  const { email, password } = person
  const login = { username: email, password, scope: 'openid' }
  const { status, body } = await read(requestTokens(shop.server.url, { client_id, ...login, ...fields }))
  return { status, error: body.error, description: String(body.error_description), body }
}

describe('the password grant', () => {
  test.each<Record<string, string>>([{}, { one_time_password: '' }])(
    'refuses a customer with a second factor without its code: %j',
    async (code) => {
      const refused = await ask('frontend', code)
      expect(refused).toMatchObject(REQUIRED)
      expect(refused.description).toContain('one_time_password')
    },
  )

  test('takes the code with the password, of the app or of paper, once', async () => {
    const someone = await shop.enrol()
    for (const one_time_password of [await someone.code(), ` ${someone.recoveryCode().toUpperCase()} `]) {
      const { status, body } = await ask('frontend', { one_time_password }, someone)
      expect(status).toBe(200)
      expect(authenticationIn(body)).toMatchObject({ acr: SECOND_FACTOR, amr: ['pwd', 'otp', 'mfa'] })
      expect(await ask('frontend', { one_time_password }, someone)).toMatchObject({ error: 'invalid_grant' })
    }
  })

  test('says the same of a wrong code as of a wrong password', async () => {
    const someone = await shop.enrol()
    const wrongCode = await ask('frontend', { one_time_password: '000000' }, someone)
    const wrongPassword = await ask('frontend', { one_time_password: '000000' }, { ...someone, password: 'wrong' })
    expect(wrongCode.body).toEqual(wrongPassword.body)
    expect(wrongCode.status).toBe(wrongPassword.status)
  })

  test.each(['x'.repeat(10_000), '00000\u0000', '１２３４５６', '-1', '1e5', '{}'])(
    'takes no nonsense for a code: %j',
    async (one_time_password) => {
      const someone = await shop.enrol()
      expect((await ask('frontend', { one_time_password }, someone)).status).toBe(400)
    },
  )

  test('refuses a customer who must have a second factor and has none, and says where to set it up', async () => {
    const plain = await shop.addCustomer()
    const refused = await ask(STRICT, {}, plain)
    expect(refused).toMatchObject(REQUIRED)
    expect(refused.description).toContain('authorization endpoint')
    expect(await ask(STRICT, { one_time_password: '123456' }, plain)).toMatchObject(REQUIRED)
    expect((await ask('frontend', {}, plain)).status).toBe(200)
  })

  test('lets the password do at a client that leaves second factors out, and its tokens say so', async () => {
    const { status, body } = await ask(LENIENT)
    expect(status).toBe(200)
    expect(authenticationIn(body)).toMatchObject({ acr: SIGNED_IN, amr: ['pwd'] })
    const someone = await shop.enrol()
    const stronger = await ask(LENIENT, { one_time_password: someone.recoveryCode() }, someone)
    expect(authenticationIn(stronger.body)).toMatchObject({ acr: SECOND_FACTOR })
    expect(await ask(LENIENT, { one_time_password: '000000' }, someone)).toMatchObject({ error: 'invalid_grant' })
  })
})

test.each<[string, (login: { username: string; password: string }, code: string) => Promise<Response>]>([
  [
    'Spryker’s /access-tokens',
    (attributes, code) =>
      postJson(
        `${shop.server.url}/access-tokens`,
        { data: { type: 'access-tokens', attributes } },
        { 'x-mfa-code': code },
      ),
  ],
  [
    'Spryker’s /token',
    (login, code) => postForm(`${shop.server.url}/token`, { grant_type: 'password', ...login }, { 'x-mfa-code': code }),
  ],
  [
    'SAP Commerce',
    (login, one_time_password) =>
      postForm(
        `${shop.server.url}/authorizationserver/oauth/token`,
        { grant_type: 'password', ...login, one_time_password },
        thirdParty,
      ),
  ],
])('%s takes the code beside the password', async (_, send) => {
  const someone = await shop.enrol()
  const login = { username: someone.email, password: someone.password }
  expect((await send(login, '000000')).ok).toBe(false)
  expect((await read(send(login, await someone.code()))).text).toMatch(TOKEN)
})

test.each(['with', 'without'])(
  'a sign-in link opens an app to a customer %s a second factor as it should',
  async (which) => {
    const someone = which === 'with' ? await shop.enrol() : await shop.addCustomer()
    const customerReference = `test-${Number(someone.id.slice(-12))}`
    const made = await read(postJson(`${shop.server.adminUrl}/v1/sign-in-links`, { customerReference }, bearer))
    const visitor = shop.visitor()
    await visitor.open(made.body.url)
    const page = await visitor.openLogin()
    expect(isSignedIn(page)).toBe(which === 'without')
    if (which === 'with') expect(page.html).toContain('name="password"')
  },
)

test('a wrong password tells nothing of a second factor', async () => {
  const plain = await shop.addCustomer()
  const [one, other] = [
    await ask('frontend', {}, { ...customer, password: 'no' }),
    await ask('frontend', {}, { ...plain, password: 'no' }),
  ]
  expect(one).toEqual(other)
})

test('a client cannot both require second factors and leave them out', async () => {
  const metadata = { client_id: 'both', first_party: true, require_second_factor: true, ignore_second_factor: true }
  const answer = await read(postJson(`${shop.server.adminUrl}/v1/clients`, { metadata }, bearer))
  expect(answer.status).toBe(400)
  expect(answer.text).toContain('require_second_factor')
})

describe.each(PASSWORD_ENDPOINTS.filter(({ name }) => name !== 'the sign-in page'))('$name', ({ statuses, open }) => {
  test('refuses the password alone of a customer with a second factor, and signs in one without', async () => {
    const plain = await shop.addCustomer()
    const attempt = await open(shop.server.url)
    expect((await attempt({ username: plain.email, password: plain.password })).status).toBe(statuses.right)
    const { status, text } = await read(attempt({ username: customer.email, password: customer.password }))
    expect(text).not.toMatch(TOKEN)
    expect(status, 'GraphQL answers 200').not.toBe(text.includes('"errors"') ? undefined : statuses.right)
    expect(status).toBeLessThan(500)
  })
})

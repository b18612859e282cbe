import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop, type TestCustomer } from '../../interaction/hosted-shop.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import {
  type ApiAnswer,
  addMachine,
  addService,
  basicOfService,
  basicOfThirdParty,
  type CustomerTokens,
  call,
  machineToken,
  SERVICE,
  serviceToken,
  signIn,
} from './endpoints.ts'

const PASSWORD = 'the password of Nora'
const NEW = 'another good password'

let shop: HostedShop
let url: string
/** A storefront's token without a person, and one of the shop's own service. */
let app: string
let service: string
beforeAll(async () => {
  shop = await startHostedShop({
    DIALECTS: 'commercetools',
    COMMERCETOOLS_PROJECT_KEYS: 'shop,outlet',
    SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
  })
  url = shop.server.url
  await addService(shop.server.adminUrl)
  app = await machineToken(url)
  service = await serviceToken(url)
})
afterAll(() => shop?.stop())

const post = (path: string, body: unknown, token = app) => call(url, 'POST', `/shop${path}`, { token, body })
const me = (token: string) => call(url, 'GET', '/shop/me', { token })
const signUp = (email: string, more: object = {}, at = url, token = app) =>
  call(at, 'POST', '/shop/me/signup', {
    token,
    body: { email, password: PASSWORD, firstName: 'Nora', lastName: 'Neu', locale: 'de-DE', ...more },
  })
const changePassword = (token: string, version: unknown, currentPassword: string, newPassword = NEW) =>
  post('/me/password', { version, currentPassword, newPassword }, token)
const passwordToken = async (email: string, more: object = {}) =>
  post('/customers/password-token', { email, ...more }, service)
const signInStatus = async (email: string, password: string) => (await signIn(url, email, password)).status
const refresh = (refresh_token: string) =>
  postForm(`${url}/oauth/token`, { grant_type: 'refresh_token', refresh_token }, basicOfThirdParty)

/** An error of the API, which is not OAuth's. */
const errors = (status: number, code: string, more: object = {}) => ({
  status,
  body: {
    statusCode: status,
    message: expect.any(String),
    errors: [{ code, message: expect.any(String), ...more }],
  },
})

async function customer(): Promise<TestCustomer & CustomerTokens> {
  const added = await shop.addCustomer()
  const tokens = (await (await signIn(url, added.email, added.password)).json()) as CustomerTokens
  return { ...added, ...tokens }
}

async function reasonOf(customerId: string, type: string): Promise<string | undefined> {
  return waitFor(async () => {
    const answer = await fetch(`${shop.server.adminUrl}/v1/audit?customer=${customerId}`, {
      headers: { authorization: 'Bearer an-admin-token-for-tests' },
    })
    const { items } = (await answer.json()) as { items: { type: string; reason?: string }[] }
    return items.find((item) => item.type === type)?.reason
  })
}

describe('/me/signup', () => {
  test('is 201 with the customer, confirmed by the key of the letter, once, who then signs in', async () => {
    const email = 'nora.neu@example.com'
    const answer = await signUp(email, { addresses: [{ country: 'DE' }], dateOfBirth: '1980-01-01' })
    expect(answer).toMatchObject({
      status: 201,
      body: {
        customer: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          version: 1,
          email,
          firstName: 'Nora',
          lastName: 'Neu',
          locale: 'de-DE',
          isEmailVerified: false,
          authenticationMode: 'Password',
          addresses: [],
        },
      },
    })
    expect(answer.text).not.toContain(PASSWORD)
    expect(await signInStatus(email, PASSWORD)).toBe(400)
    const { link } = await shop.sink.mailTo(email)
    const tokenValue = new URL(link).searchParams.get('key')
    const confirmed = await Promise.all(Array.from({ length: 5 }, () => post('/me/email/confirm', { tokenValue })))
    expect(confirmed.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404])
    const { id } = (answer.body as { customer: { id: string } }).customer
    expect(confirmed.find(({ status }) => status === 200)?.body).toMatchObject({ id, email, isEmailVerified: true })
    const { access_token } = (await (await signIn(url, email, PASSWORD)).json()) as CustomerTokens
    expect((await me(access_token)).body).toMatchObject({ id, firstName: 'Nora', version: 1 })
  })

  test('with an address that has an account is answered the same, changes nothing, and its owner is told', async () => {
    const { email, password } = await customer()
    const [taken, free] = [await signUp(email), await signUp('free@example.com')]
    const shape = ({ text }: ApiAnswer, address: string) =>
      text.replaceAll(address, '').replaceAll(/[0-9a-f-]{36}|\d{4}-[\d-]+T[\d:.]+Z/g, '')
    expect(shape(taken, email)).toBe(shape(free, 'free@example.com'))
    expect((await shop.sink.mailTo(email)).link).toContain('/recovery')
    expect(await signInStatus(email, PASSWORD)).toBe(400)
    expect(await signInStatus(email, password)).toBe(200)
  })

  test.each([
    ['no address', { email: undefined }, 'InvalidJsonInput', { detailedErrorMessage: 'email: Missing required value' }],
    ['an empty password', { password: '' }, 'InvalidJsonInput', {}],
    ['a number for a password', { password: 12_345_678 }, 'InvalidJsonInput', {}],
    ['a list for a name', { firstName: ['a'] }, 'InvalidJsonInput', {}],
    ['what is no address', { email: 'nobody' }, 'InvalidField', { field: 'email' }],
    ['a character that cannot be stored', { email: 'a\0@b.example' }, 'InvalidField', { field: 'email' }],
    ['mark-up for a name', { lastName: '<b>' }, 'InvalidField', { field: 'lastName' }],
    ['a long name', { firstName: 'a'.repeat(5000) }, 'InvalidField', { field: 'firstName' }],
    ['what is no language', { locale: 'german, please' }, 'InvalidField', { field: 'locale' }],
    ['a short password', { password: 'short' }, 'InvalidInput', {}],
    ['a common password', { password: 'password1' }, 'InvalidInput', {}],
  ])('with %s is refused', async (_, more, code, members) => {
    expect(await signUp('x@example.com', more)).toMatchObject(errors(400, code, members))
  })
})

describe('/me/login', () => {
  test('tells a customer by the password, and gives no token', async () => {
    const { id, email, password } = await shop.addCustomer()
    const answer = await post('/me/login', { email: email.toUpperCase(), password })
    expect(answer).toMatchObject({ status: 200, body: { customer: { id, email, isEmailVerified: true } } })
    expect(answer.text).not.toMatch(/token/)
    expect(await reasonOf(id, 'login.succeeded')).toBe('the password alone, for no token')
  })

  test('a wrong password, nobody, a blocked and an unconfirmed customer are one answer', async () => {
    const known = await shop.addCustomer()
    const blocked = await shop.addCustomer({ status: 'blocked' })
    const unconfirmed = await shop.addCustomer({ emailVerified: false })
    const answers = [
      await post('/me/login', { email: known.email, password: 'wrong' }),
      await post('/me/login', { email: 'nobody@example.com', password: 'wrong' }),
      await post('/me/login', { email: blocked.email, password: blocked.password }),
      await post('/me/login', { email: unconfirmed.email, password: unconfirmed.password }),
    ]
    for (const answer of answers) expect(answer).toMatchObject(errors(400, 'InvalidCredentials'))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  })
})

describe('/me/password', () => {
  test('is 200 with the next version, and ends every token of before', async () => {
    const { id, email, password, access_token, refresh_token } = await customer()
    const before = (await me(access_token)).body
    const answer = await changePassword(access_token, before.version, password)
    expect(answer).toMatchObject({ status: 200, body: { id, email, version: Number(before.version) + 1 } })
    expect((await me(access_token)).status).toBe(401)
    expect((await refresh(refresh_token)).status).toBe(400)
    expect(await signInStatus(email, password)).toBe(400)
    expect(await signInStatus(email, NEW)).toBe(200)
    expect(await reasonOf(id, 'password.changed')).toBe('by the customer')
  })

  test('with a version that is not the last changes nothing, and says which is', async () => {
    const { email, password, access_token } = await customer()
    const { version } = (await me(access_token)).body
    expect(await changePassword(access_token, Number(version) + 1, password)).toMatchObject(
      errors(409, 'ConcurrentModification', { currentVersion: version }),
    )
    expect(await signInStatus(email, password)).toBe(200)
  })

  test('of two at once one wins', async () => {
    const { email, password, access_token } = await customer()
    const { version } = (await me(access_token)).body
    const answers = await Promise.all(
      ['first', 'second'].map((word) => changePassword(access_token, version, password, `${word} ${NEW}`)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const won = answers.findIndex(({ status }) => status === 200)
    expect(await signInStatus(email, `${['first', 'second'][won]} ${NEW}`)).toBe(200)
  })

  test.each([
    ['a wrong current password', 'wrong', NEW, undefined, 'InvalidCurrentPassword'],
    ['a wrong current password and a common one', 'wrong', 'password1', undefined, 'InvalidCurrentPassword'],
    ['a common password', undefined, 'password1', undefined, 'InvalidInput'],
    ['no new password', undefined, '', undefined, 'InvalidJsonInput'],
    ['a text for a version', undefined, NEW, '1', 'InvalidJsonInput'],
    ['a fraction for a version', undefined, NEW, 1.5, 'InvalidJsonInput'],
    ['a version before the first', undefined, NEW, 0, 'InvalidJsonInput'],
  ])('with %s changes nothing', async (_, current, next, given, code) => {
    const { email, password, access_token } = await customer()
    const { version } = (await me(access_token)).body
    const answer = await changePassword(access_token, given ?? version, current ?? password, next)
    expect(answer).toMatchObject(errors(400, code))
    expect((await me(access_token)).body.version).toBe(version)
    expect(await signInStatus(email, password)).toBe(200)
  })
})

describe('a forgotten password', () => {
  test('is reset by the token that the shop’s service mails, once, and every token of before ends', async () => {
    const { id, email, password, access_token, refresh_token } = await customer()
    const made = await passwordToken(email.toUpperCase(), { ttlMinutes: 60 })
    expect(made).toMatchObject({
      status: 200,
      body: { customerId: id, value: expect.any(String), invalidateOlderTokens: true },
    })
    const { value: tokenValue, createdAt, expiresAt } = made.body as Record<string, string>
    expect(Date.parse(String(expiresAt)) - Date.parse(String(createdAt))).toBe(3_600_000)
    expect(await post('/me/password/reset', { tokenValue, newPassword: 'password1' })).toMatchObject(
      errors(400, 'InvalidInput'),
    )
    const paths = ['/me/password/reset', '/customers/password/reset']
    const resets = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        post(paths[index % 2] ?? '', { tokenValue, newPassword: `${NEW} ${index}` }, index % 2 ? service : app),
      ),
    )
    expect(resets.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404])
    const won = resets.findIndex(({ status }) => status === 200)
    expect(resets[won]?.body).toMatchObject({ id, email })
    expect((await me(access_token)).status).toBe(401)
    expect((await refresh(refresh_token)).status).toBe(400)
    expect(await signInStatus(email, password)).toBe(400)
    expect(await signInStatus(email, `${NEW} ${won}`)).toBe(200)
    expect(await reasonOf(id, 'password.reset-requested')).toBe('a key, for client shop-service')
  })

  test('a token dies when the password is changed another way, and when a newer one is made', async () => {
    const { email, password, access_token } = await customer()
    const [first, second] = [await passwordToken(email), await passwordToken(email)]
    const reset = async ({ body }: ApiAnswer) =>
      (await post('/me/password/reset', { tokenValue: body.value, newPassword: 'of a thief' })).status
    expect(await reset(first)).toBe(404)
    const { version } = (await me(access_token)).body
    expect((await changePassword(access_token, version, password)).status).toBe(200)
    expect(await reset(second)).toBe(404)
    expect(await signInStatus(email, NEW)).toBe(200)
  })

  test('a token lives a day at most, whatever is asked for', async () => {
    const { email } = await shop.addCustomer()
    for (const more of [{}, { ttlMinutes: 34_560 }, { ttlMinutes: Number.MAX_SAFE_INTEGER }]) {
      const { createdAt, expiresAt } = (await passwordToken(email, more)).body as Record<string, string>
      expect(Date.parse(String(expiresAt)) - Date.parse(String(createdAt))).toBe(86_400_000)
    }
  })
})

describe('/customers/email-token', () => {
  test('makes a token that confirms the address, once', async () => {
    const { id, email, password } = await shop.addCustomer({ emailVerified: false })
    const made = await post('/customers/email-token', { id, ttlMinutes: 10 }, service)
    expect(made).toMatchObject({ status: 200, body: { customerId: id } })
    const body = { tokenValue: made.body.value }
    expect(await post('/customers/email/confirm', body, service)).toMatchObject({
      status: 200,
      body: { id, isEmailVerified: true, version: 2 },
    })
    expect((await post('/me/email/confirm', body)).status).toBe(404)
    expect(await signInStatus(email, password)).toBe(200)
  })

  test('for nobody, or for a version that is not the last, is refused', async () => {
    const { id } = await shop.addCustomer()
    const nobody = '00000000-0000-4000-8000-00000000ffff'
    for (const other of [nobody, 'x', '\0'])
      expect(await post('/customers/email-token', { id: other, ttlMinutes: 10 }, service)).toMatchObject(
        errors(404, 'ResourceNotFound'),
      )
    expect(await post('/customers/email-token', { id, ttlMinutes: 10, version: 7 }, service)).toMatchObject(
      errors(409, 'ConcurrentModification', { currentVersion: 1 }),
    )
  })
})

test('/customers/password changes it by the current one, which is checked', async () => {
  const { id, email, password } = await customer()
  const change = (currentPassword: string) =>
    post('/customers/password', { id, version: 1, currentPassword, newPassword: NEW }, service)
  expect(await change('wrong')).toMatchObject(errors(400, 'InvalidCurrentPassword'))
  expect(await change(password)).toMatchObject({ status: 200, body: { id, version: 2 } })
  expect(await signInStatus(email, NEW)).toBe(200)
})

test('DELETE /me with the last version is 200, ends every token and forgets the person', async () => {
  const { id, email, password, access_token } = await customer()
  const remove = (query: string) => call(url, 'DELETE', `/shop/me${query}`, { token: access_token })
  for (const query of ['', '?version=', '?version=x', '?version=1&version=1'])
    expect(await remove(query)).toMatchObject(errors(400, 'InvalidInput'))
  expect(await remove('?version=7')).toMatchObject(errors(409, 'ConcurrentModification', { currentVersion: 1 }))
  expect(await remove('?version=1')).toMatchObject({ status: 200, body: { id, email } })
  expect((await me(access_token)).status).toBe(401)
  expect(await signInStatus(email, password)).toBe(400)
  expect(await reasonOf(id, 'customer.erased')).toBe('by the customer')
})

describe('what a token is good for', () => {
  const FOR_SERVICES = ['password-token', 'password/reset', 'password', 'email-token', 'email/confirm']
  const FOR_PEOPLE: readonly [string, string][] = [
    ['GET', '/me'],
    ['DELETE', '/me?version=1'],
    ['POST', '/me/password'],
  ]
  const oauthError = (status: number, code: string) => ({
    status,
    body: { statusCode: status, error: code, errors: [{ code }] },
  })

  test.each(FOR_SERVICES)('a customer, a visitor and a storefront are refused /customers/%s', async (path) => {
    const { access_token, email, id } = await customer()
    const anonymous = await postForm(
      `${url}/oauth/shop/anonymous/token`,
      { grant_type: 'client_credentials' },
      basicOfThirdParty,
    )
    const visitor = ((await anonymous.json()) as CustomerTokens).access_token
    const body = { email, id, version: 1, ttlMinutes: 5, currentPassword: 'x', newPassword: NEW, tokenValue: 'x' }
    for (const token of [access_token, visitor, app])
      expect(await post(`/customers/${path}`, body, token)).toMatchObject(oauthError(403, 'insufficient_scope'))
  })

  test('no person gets the scope of a service, however they ask', async () => {
    const { email, password } = await shop.addCustomer()
    const scope = 'manage_customers:shop manage_my_profile:shop'
    const asked = { username: email, password, scope, resource: 'urn:vestibule:dialect:commercetools' }
    const ways = [
      () => postForm(`${url}/oauth/shop/customers/token`, { grant_type: 'password', ...asked }, basicOfThirdParty),
      () => postForm(`${url}/token`, { grant_type: 'password', client_id: 'frontend', ...asked }),
    ]
    for (const way of ways) {
      const { scope: given } = (await (await way()).json()) as { scope: string }
      expect(given.split(' ')).toContain('manage_my_profile:shop')
      expect(given).not.toContain('manage_customers')
    }
  })

  test('a service gets the scope by asking for it, and others do not', async () => {
    await addMachine(shop.server.adminUrl, { client_id: 'shop-import' })
    const ask = async (fields: object, as: Record<string, string>) => {
      const answer = await postForm(`${url}/oauth/token`, { grant_type: 'client_credentials', ...fields }, as)
      return ((await answer.json()) as { scope?: string }).scope ?? ''
    }
    const scope = 'manage_customers:shop'
    expect(await ask({ scope }, basicOfService)).toBe(scope)
    expect(await ask({}, basicOfService)).not.toContain('manage_customers')
    expect(await ask({ scope }, basicOfThirdParty)).toBe('')
    // The shop's own too must be given it by name: a pattern that matches it is none.
    await addMachine(shop.server.adminUrl, { client_id: 'shop-everything', resource_scopes: ['*'] })
    for (const id of ['shop-import', 'shop-everything'])
      expect([id, await ask({ scope }, basicAuth(id, SERVICE.secret))]).toEqual([id, ''])
  })

  test.each(FOR_PEOPLE)('%s %s is 404 for who is nobody yet', async (method, path) => {
    const body = { version: 1, currentPassword: 'x', newPassword: NEW }
    const answer = await call(url, method, `/shop${path}`, { token: app, ...(method === 'POST' && { body }) })
    expect(answer).toMatchObject(errors(404, 'ResourceNotFound'))
  })

  test('a token of one project, of another dialect, or none opens nothing of another project', async () => {
    const fields = { scope: 'manage_my_profile:outlet' }
    const outlet = await machineToken(url, fields)
    expect(await signUp('x@example.com', {}, url, outlet)).toMatchObject(oauthError(403, 'insufficient_scope'))
    expect((await call(url, 'POST', '/outlet/me/login', { token: outlet, body: {} })).status).toBe(400)
    const other = await postForm(`${url}/token`, {
      grant_type: 'password',
      client_id: 'frontend',
      username: 'ron@swanson.com',
      password: 'mysecretpassword',
    })
    const foreign = ((await other.json()) as CustomerTokens).access_token
    for (const token of [foreign, 'x', ''])
      expect(await call(url, 'GET', '/shop/me', { token })).toMatchObject(oauthError(401, 'invalid_token'))
    expect((await call(url, 'GET', '/shop/me')).status).toBe(401)
  })
})

describe('with REGISTRATION_CONFIRMATION=none', () => {
  let server: TestServer
  let token: string
  beforeAll(async () => {
    server = await startTestServer({
      DIALECTS: 'commercetools',
      REGISTRATION: 'open',
      REGISTRATION_CONFIRMATION: 'none',
    })
    token = await machineToken(server.url)
  })
  afterAll(() => server?.stop())

  test('who signs up may sign in at once, and an address that is taken is said to be', async () => {
    const email = 'Nora.Neu@example.com'
    const answers = await Promise.all(Array.from({ length: 4 }, () => signUp(email, {}, server.url, token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400])
    expect(answers.find(({ status }) => status === 400)).toMatchObject(
      errors(400, 'DuplicateField', { field: 'email', duplicateValue: email }),
    )
    expect(answers.find(({ status }) => status === 201)?.body).toMatchObject({ customer: { isEmailVerified: true } })
    expect((await signIn(server.url, email.toLowerCase(), PASSWORD)).status).toBe(200)
  })
})

test('registration that is closed is not available', async () => {
  const server = await startTestServer({ DIALECTS: 'commercetools' })
  const answer = await signUp('x@example.com', {}, server.url, await machineToken(server.url))
  expect(answer).toMatchObject({ status: 404, body: { message: 'Registration is not available here.' } })
  await server.stop()
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'
import { startTestServer } from '../../support/server.ts'
import { agentToken, errorOf, fieldOf, graphql, keyIn, rest, SIGN_IN, signedIn, signIn, works } from './shop-api.ts'

const NEW = 'another good password'
const PAGES = {
  SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
  SHOP_PASSWORD_RESET_URL: 'https://shop.example/password?key={key}',
}
const required = (fieldName: string) => ({
  message: '"%fieldName" is required. Enter and try again.',
  parameters: { fieldName },
})
const UNAUTHORIZED = {
  message: "The consumer isn't authorized to access %resources.",
  parameters: { resources: 'self' },
}

let shop: HostedShop
let url: string
/** Where addresses are not confirmed. */
let open: HostedShop
beforeAll(async () => {
  shop = await startHostedShop(PAGES)
  open = await startHostedShop({ ...PAGES, REGISTRATION_CONFIRMATION: 'none' })
  url = shop.server.url
})
afterAll(() => Promise.all([shop?.stop(), open?.stop()]))

const nora = (email: string, password = NEW) => ({
  customer: { email, firstname: 'Nora', lastname: 'Neu', group_id: 1, custom_attributes: [] },
  password,
})
const register = (body: unknown, at = url) => rest(at, 'POST', '/customers', { body })

describe('registration by the web API', () => {
  test('is 200 with the customer, who signs in once the address is confirmed', async () => {
    const email = 'nora.neu@example.com'
    const answer = await register(nora(email))
    expect(answer).toMatchObject({ status: 200, json: { email, firstname: 'Nora', lastname: 'Neu', addresses: [] } })
    const { id } = answer.json as { id: number }
    expect(await signIn(url, email, NEW)).toBe('no token')
    const confirmationKey = await keyIn(shop, email)
    const activate = () => rest(url, 'PUT', '/customers/me/activate', { body: { confirmationKey } })
    expect(await activate()).toMatchObject({ status: 200, json: { id, email } })
    expect(await activate()).toMatchObject({
      status: 400,
      json: { message: 'The confirmation token is invalid. Verify the token and try again.' },
    })
    const token = await signIn(url, email, NEW)
    expect((await rest(url, 'GET', '/customers/me', { token })).json).toMatchObject({ id, email })
    const again = await rest(url, 'PUT', '/customers/me/activate', { token, body: { confirmationKey } })
    expect(again).toMatchObject({ status: 400, json: { message: 'The account is already active.' } })
  })

  test('takes XML, and the consent of the shop’s extension', async () => {
    const body =
      '<request><customer><email>xml@example.com</email><firstname>X</firstname><lastname>L</lastname>' +
      '<extension_attributes><assistance_allowed>2</assistance_allowed></extension_attributes></customer>' +
      `<password>${NEW}</password></request>`
    const headers = { 'content-type': 'application/xml' }
    const answer = await rest(open.server.url, 'POST', '/customers', { body, headers })
    expect(answer).toMatchObject({
      status: 200,
      json: { email: 'xml@example.com', extension_attributes: { assistance_allowed: 2 } },
    })
  })

  test('does not say that an address has an account, whose owner gets a letter', async () => {
    const { email, password } = await shop.addCustomer()
    expect((await register(nora(email))).status).toBe(200)
    expect((await shop.sink.mailTo(email)).link).toContain('/recovery')
    expect(await signIn(url, email, password)).not.toBe('no token')
  })

  test('without confirmation signs in at once, and a taken address is refused', async () => {
    const at = open.server.url
    const email = 'at.once@example.com'
    expect((await register(nora(email), at)).status).toBe(200)
    expect(await signIn(at, email, NEW)).not.toBe('no token')
    expect(await register(nora(email), at)).toMatchObject({
      status: 400,
      json: { message: 'A customer with the same email address already exists in an associated website.' },
    })
  })

  test.each<[string, unknown, unknown]>([
    ['no customer', { password: NEW }, required('customer')],
    ['a customer that is null', { customer: null, password: NEW }, required('customer')],
    ['no password', { customer: nora('a@b.cd').customer }, required('password')],
    ['no e-mail', { customer: { firstname: 'N', lastname: 'N' }, password: NEW }, required('email')],
    ['a list as name', { customer: { email: 'a@b.cd', firstname: ['N'], lastname: 'N' }, password: NEW }, {}],
    [
      'an address that is none',
      nora('nobody'),
      { message: '"%1" is not a valid email address.', parameters: ['Email'] },
    ],
    [
      'a short password',
      nora('a@b.cd', 'short'),
      {
        message: 'The password needs at least %1 characters. Create a new password and try again.',
        parameters: ['8'],
      },
    ],
    ['a common password', nora('a@b.cd', 'password1'), {}],
    ['the address as password', nora('long.address@example.com', 'long.address@example.com'), {}],
  ])('with %s is refused, and no letter goes out', async (_, body, json) => {
    expect(await register(body)).toMatchObject({
      status: 400,
      json: { message: expect.any(String), ...(json as object) },
    })
    expect(shop.sink.mailsTo('a@b.cd')).toEqual([])
  })

  test('of a shop that is closed, or keeps its customers itself, is not available', async () => {
    const closed = await startTestServer({ REGISTRATION: 'closed' })
    expect((await register(nora('a@b.cd'), closed.url)).status).toBe(404)
    const { status, errors } = await graphql(closed.url, '{ isEmailAvailable(email: "a@b.cd") { is_email_available } }')
    expect([status, errors[0]?.extensions.category]).toEqual([200, 'graphql-input'])
    await closed.stop()
  })
})

describe('whether an address is free', () => {
  const ask = async (at: string, email: string) => {
    const answer = await rest(at, 'POST', '/customers/isEmailAvailable', { body: { customerEmail: email } })
    const { data } = await graphql(at, `{ isEmailAvailable(email: "${email}") { is_email_available } }`)
    const { is_email_available: said } = fieldOf<{ is_email_available: boolean }>(data, 'isEmailAvailable')
    expect(said).toBe(answer.json)
    return said
  }

  test('is always yes where addresses are confirmed, and the truth where registering would tell it anyway', async () => {
    const [mine, theirs] = [await shop.addCustomer(), await open.addCustomer()]
    expect([await ask(url, mine.email), await ask(url, 'nobody@example.com')]).toEqual([true, true])
    const at = open.server.url
    expect([await ask(at, theirs.email), await ask(at, 'nobody@example.com')]).toEqual([false, true])
  })
})

describe('a new password', () => {
  test('ends every token of before', async () => {
    const { email, password, token } = await signedIn(shop)
    const body = { currentPassword: password, newPassword: NEW }
    expect(await rest(url, 'PUT', '/customers/me/password', { token, body })).toMatchObject({ status: 200, json: true })
    expect(await works(url, token)).toBe(false)
    expect([await signIn(url, email, password), await signIn(url, email, NEW)]).toEqual([
      'no token',
      expect.stringMatching(/^[a-z0-9]{32}$/),
    ])
  })

  test('needs the current one, and one that may be used', async () => {
    const { password, token } = await signedIn(shop)
    const change = (currentPassword: unknown, newPassword: unknown, by: string | undefined = token) =>
      rest(url, 'PUT', '/customers/me/password', { token: by, body: { currentPassword, newPassword } })
    const wrong = { message: "The password doesn't match this account. Verify the password and try again." }
    expect(await change('wrong', NEW)).toMatchObject({ status: 401, json: wrong })
    expect(await change(password, 'short')).toMatchObject({ status: 400 })
    expect(await change(password, '')).toMatchObject({ status: 400, json: required('newPassword') })
    expect(await change(password, NEW, 'nothing')).toMatchObject({ status: 401, json: UNAUTHORIZED })
    const query = `mutation ($a: String!, $b: String!) { changeCustomerPassword(currentPassword: $a, newPassword: $b) { email } }`
    const said = async (a: string, b: string, by?: string) =>
      errorOf(await graphql(url, query, { variables: { a, b }, token: by }))
    expect(await said('wrong', NEW, token)).toEqual(['Invalid login or password.', 'graphql-authentication'])
    expect(await said('', NEW, token)).toEqual(['Specify the "currentPassword" value.', 'graphql-input'])
    expect(await said(password, '', token)).toEqual(['Specify the "newPassword" value.', 'graphql-input'])
    expect(await said(password, NEW)).toEqual(["The current customer isn't authorized.", 'graphql-authorization'])
    expect(await said(password, 'short', token)).toEqual([
      'The password needs at least 8 characters. Create a new password and try again.',
      'graphql-input',
    ])
    expect(await works(url, token)).toBe(true)
  })

  test.each(['email_reset', 'email_reminder'])('is set by the key of the letter %s, once', async (template) => {
    const { email, password, token } = await signedIn(shop)
    const asked = await rest(url, 'PUT', '/customers/password', { body: { email, template, websiteId: 1 } })
    expect([asked.status, asked.json]).toEqual([200, true])
    const resetToken = await keyIn(shop, email)
    const reset = (given: object = {}) =>
      rest(url, 'POST', '/customers/resetPassword', { body: { email, resetToken, newPassword: NEW, ...given } })
    const mismatched = { message: 'The password token is mismatched. Reset and try again.' }
    expect(await reset({ email: 'another@example.com' })).toMatchObject({ status: 400, json: mismatched })
    expect(await reset({ newPassword: 'short' })).toMatchObject({ status: 400 })
    expect(await reset()).toMatchObject({ status: 200, json: true })
    expect(await reset()).toMatchObject({ status: 400, json: mismatched })
    expect([await works(url, token), await signIn(url, email, password)]).toEqual([false, 'no token'])
  })

  test('is asked for by everybody in the same way, with a template the shop has', async () => {
    const asked = await rest(url, 'PUT', '/customers/password', {
      body: { email: 'nobody@example.com', template: 'email_reset' },
    })
    expect([asked.status, asked.json]).toEqual([200, true])
    const odd = await rest(url, 'PUT', '/customers/password', { body: { email: 'a@b.cd', template: 'x' } })
    expect(odd).toMatchObject({ status: 400, json: { parameters: { value: 'x', fieldName: 'template' } } })
  })
})

describe('another address', () => {
  const change = (at: string, email: string, password: string, token?: string) =>
    graphql(
      at,
      'mutation ($email: String!, $password: String!) { updateCustomerEmail(email: $email, password: $password) { customer { email } } }',
      { variables: { email, password }, token },
    )
  const said = async (answer: ReturnType<typeof change>) => errorOf(await answer)[1]

  test('is taken once it is confirmed, the token stays, and the former one is told', async () => {
    const { email, password, token } = await signedIn(shop)
    const next = 'a.new.address@example.com'
    expect(await said(change(url, next, 'wrong', token))).toBe('graphql-authentication')
    expect(await said(change(url, next, password))).toBe('graphql-authorization')
    expect(await said(change(url, 'nobody', password, token))).toBe('graphql-input')
    expect((await change(url, next, password, token)).data).toEqual({ updateCustomerEmail: { customer: { email } } })
    const confirmationKey = await keyIn(shop, next)
    expect(await signIn(url, next, password)).toBe('no token')
    const confirm = () => rest(url, 'PUT', '/customers/me/activate', { token, body: { confirmationKey } })
    expect(await confirm()).toMatchObject({ status: 200, json: { email: next } })
    expect((await confirm()).status).toBe(400)
    expect(await works(url, token)).toBe(true)
    expect(await signIn(url, email, password)).toBe('no token')
    expect(await signIn(url, next, password)).not.toBe('no token')
    expect((await shop.sink.mailTo(email, 1, /\/email-undo/)).link).toContain('/email-undo')
  })

  test('of another customer is answered alike, and its owner is told', async () => {
    const [one, other] = [await signedIn(shop), await shop.addCustomer()]
    const answer = await change(url, other.email, one.password, one.token)
    expect(answer.data).toEqual({ updateCustomerEmail: { customer: { email: one.email } } })
    expect((await shop.sink.mailTo(other.email)).link).toContain('/recovery')
    expect(await signIn(url, other.email, other.password)).not.toBe('no token')
  })

  test('dies with a new password', async () => {
    const { password, token } = await signedIn(shop)
    const next = 'never.taken@example.com'
    await change(url, next, password, token)
    const confirmationKey = await keyIn(shop, next)
    await rest(url, 'PUT', '/customers/me/password', { token, body: { currentPassword: password, newPassword: NEW } })
    expect((await rest(url, 'PUT', '/customers/me/activate', { body: { confirmationKey } })).status).toBe(400)
  })

  test('is confirmed first where registration needs no confirmation, too', async () => {
    const at = open.server.url
    const [one, other] = [await signedIn(open), await open.addCustomer()]
    for (const next of [other.email, 'of.somebody.else@example.com']) {
      expect((await change(at, next, one.password, one.token)).data).toEqual({
        updateCustomerEmail: { customer: { email: one.email } },
      })
      expect(await signIn(at, next, one.password)).toBe('no token')
    }
    expect(await signIn(at, one.email, one.password)).not.toBe('no token')
  })
})

test('a customer who deletes the account is forgotten, and their token with them', async () => {
  const { email, password, token } = await signedIn(shop)
  expect(errorOf(await graphql(url, 'mutation { deleteCustomer }'))[1]).toBe('graphql-authorization')
  expect((await graphql(url, 'mutation { deleteCustomer }', { token })).data).toEqual({ deleteCustomer: true })
  expect([await works(url, token), await signIn(url, email, password)]).toEqual([false, 'no token'])
})

test('an agent who acts for a customer sees what they see, changes nothing of theirs, and signs nobody else out', async () => {
  const { email, password, token } = await signedIn(shop, { consents: true })
  const agent = await agentToken(url)
  const query = `mutation { generateCustomerTokenAsAdmin(input: { customer_email: "${email}" }) { customer_token } }`
  const { data } = await graphql(url, query, { token: agent })
  const { customer_token: acting } = fieldOf<{ customer_token: string }>(data, 'generateCustomerTokenAsAdmin')
  expect(await works(url, acting)).toBe(true)
  const body = { currentPassword: password, newPassword: NEW }
  expect(await rest(url, 'PUT', '/customers/me/password', { token: acting, body })).toMatchObject({ status: 401 })
  for (const mutation of [
    'deleteCustomer',
    `updateCustomerEmail(email: "of.an.agent@example.com", password: "${password}") { customer { email } }`,
    `changeCustomerPassword(currentPassword: "${password}", newPassword: "${NEW}") { email }`,
    'updateCustomerV2(input: { allow_remote_shopping_assistance: false }) { customer { email } }',
  ])
    expect(errorOf(await graphql(url, `mutation { ${mutation} }`, { token: acting }))[1]).toBe('graphql-authorization')
  await graphql(url, 'mutation { revokeCustomerToken { result } }', { token: acting })
  expect([await works(url, acting), await works(url, token), await works(url, agent)]).toEqual([false, true, false])
  expect(await signIn(url, email, password)).not.toBe('no token')
})

describe('beside what the shop has', () => {
  const SIGN_IN_LONG = SIGN_IN.replace('{ token }', '{ token expires_in refresh_token }')
  type Tokens = { token: string; expires_in: number; refresh_token: string }

  test('a token says how long it works and is refreshed, where a client asks', async () => {
    const { email, password } = await shop.addCustomer()
    const { data } = await graphql(url, SIGN_IN_LONG, { variables: { email, password } })
    const first = fieldOf<Tokens>(data, 'generateCustomerToken')
    expect(first).toEqual({
      token: expect.stringMatching(/^[a-z0-9]{32}$/),
      expires_in: 3600,
      refresh_token: expect.any(String),
    })
    const refresh =
      'mutation ($t: String!) { refreshCustomerToken(refresh_token: $t) { token expires_in refresh_token } }'
    const second = (await graphql(url, refresh, { variables: { t: first.refresh_token } })).data
      ?.refreshCustomerToken as Tokens
    expect(await works(url, second.token)).toBe(true)
    const path = '/integration/customer/refresh-customer-token'
    const third = await rest(url, 'POST', path, { body: { refresh_token: second.refresh_token } })
    expect(third).toMatchObject({ status: 200, json: { token: expect.any(String), expires_in: 3600 } })
    expect(await rest(url, 'POST', path, { body: { refresh_token: 'nothing' } })).toMatchObject({
      status: 401,
      json: UNAUTHORIZED,
    })
    expect(await rest(url, 'POST', path, { body: {} })).toMatchObject({ status: 400, json: required('refresh_token') })
    expect(errorOf(await graphql(url, refresh, { variables: { t: 'nothing' } }))[1]).toBe('graphql-authentication')
  })

  test('the web API says it by fields of the query, and a bare string without', async () => {
    const { email: username, password } = await shop.addCustomer()
    const ask = async (query: string) =>
      (await rest(url, 'POST', `/integration/customer/token${query}`, { body: { username, password } })).json
    expect(await ask('?fields=token,expires_in,refresh_token')).toEqual({
      token: expect.any(String),
      expires_in: 3600,
      refresh_token: expect.any(String),
    })
    expect(await ask('?fields=expires_in')).toEqual({ expires_in: 3600 })
    for (const query of ['', '?fields=', '?fields=nothing', '?fields=__proto__'])
      expect(await ask(query)).toEqual(expect.any(String))
  })

  test('the refresh token of another dialect gets no token of this one', async () => {
    const { email: username, password } = await shop.addCustomer()
    const form = new URLSearchParams({ grant_type: 'password', username, password })
    const other = await fetch(`${url}/token`, { method: 'POST', body: form })
    const { refresh_token } = (await other.json()) as { refresh_token: string }
    expect(refresh_token).toEqual(expect.any(String))
    const path = '/integration/customer/refresh-customer-token'
    expect((await rest(url, 'POST', path, { body: { refresh_token } })).status).toBe(401)
  })

  test('with MAGENTO_REVOKE=this signing out ends one sign-in, with its refresh token', async () => {
    const one = await startHostedShop({ MAGENTO_REVOKE: 'this' })
    const at = one.server.url
    const { email, password, token } = await signedIn(one)
    const { data } = await graphql(at, SIGN_IN_LONG, { variables: { email, password } })
    const { token: second, refresh_token } = fieldOf<Tokens>(data, 'generateCustomerToken')
    const revoked = await rest(at, 'POST', '/integration/customer/revoke-customer-token', { token: second })
    expect([revoked.status, revoked.json]).toEqual([200, true])
    expect([await works(at, second), await works(at, token)]).toEqual([false, true])
    const refreshed = await rest(at, 'POST', '/integration/customer/refresh-customer-token', {
      body: { refresh_token },
    })
    expect(refreshed.status).toBe(401)
    await one.stop()
  })
})

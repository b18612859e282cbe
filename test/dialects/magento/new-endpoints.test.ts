import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask as askAdmin } from '../../admin/administrators.ts'
import { decode, introspect } from '../../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import {
  agentToken,
  errorOf,
  fieldOf,
  graphql,
  keyIn,
  REFUSED,
  rest,
  SIGN_IN,
  signedIn,
  signIn,
  works,
} from './shop-api.ts'

const ADMIN = 'an-admin-token-for-tests'
const OTP = /^[0-9a-f]{32}$/
const NEW = 'another good password'
const EXCHANGE =
  'mutation ($email: String!, $otp: String!) { exchangeOtpForCustomerToken(email: $email, otp: $otp) { token } }'
const AS_ADMIN =
  'mutation ($email: String!) { generateCustomerTokenAsAdmin(input: { customer_email: $email }) { customer_token } }'
const EXTERNAL =
  'mutation ($customer: CustomerCreateInput!) { exchangeExternalCustomerToken(input: { customer: $customer }) { token customer { id email } } }'

let shop: HostedShop
let url: string
let agent: string
beforeAll(async () => {
  shop = await startHostedShop({
    MAGENTO_EXTERNAL_CUSTOMERS: 'true',
    SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
    SHOP_PASSWORD_RESET_URL: 'https://shop.example/password?key={key}',
  })
  url = shop.server.url
  agent = await agentToken(url)
})
afterAll(() => shop?.stop())
afterEach(() => void vi.useRealTimers())

const askCode = (number: number | string, body?: unknown, token: string | undefined = agent) =>
  rest(url, 'POST', `/customer/${number}/otp`, { token, ...(body !== undefined && { body }) })
const codeFor = async (number: number) => ((await askCode(number)).json as { otp: string }).otp
const bySignIn = (email: string, password: string) => graphql(url, SIGN_IN, { variables: { email, password } })
const byExchange = (email: string, otp: string) => graphql(url, EXCHANGE, { variables: { email, otp } })
const tokenIn = ({ data }: Awaited<ReturnType<typeof graphql>>) =>
  (Object.values(data ?? {})[0] as { token?: string } | null)?.token
const later = (seconds: number) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

async function audited(customerId: string): Promise<readonly { type: string; reason?: string; actor?: string }[]> {
  const { body } = await askAdmin(shop.server, ADMIN, 'GET', `/v1/audit?customer=${customerId}`)
  return body.items as { type: string; reason?: string; actor?: string }[]
}

describe('the one-time code of an agent', () => {
  test('1: is 32 hexadecimal characters, and the audit trail has the reason', async () => {
    const { id, number } = await signedIn(shop, { consents: true })
    const answer = await askCode(number, { reason: 'Ticket 4711' })
    expect(answer).toMatchObject({ status: 200, json: { otp: expect.stringMatching(OTP) } })
    expect(await audited(id)).toContainEqual(
      expect.objectContaining({
        type: 'sign-in-code.made',
        reason: 'Ticket 4711',
        actor: expect.stringMatching(/^agent:/),
      }),
    )
  })

  test.each([
    ['no body', undefined],
    ['an empty object', {}],
    ['a blank reason', { reason: '  ' }],
    ['null', { reason: null }],
  ])('2: has a default reason with %s', async (_, body) => {
    const { id, number } = await signedIn(shop, { consents: true })
    expect(await askCode(number, body)).toMatchObject({ status: 200, json: { otp: expect.stringMatching(OTP) } })
    expect(await audited(id)).toContainEqual(
      expect.objectContaining({ type: 'sign-in-code.made', reason: 'Login as Customer' }),
    )
  })

  test('2: takes XML as well', async () => {
    const { number } = await signedIn(shop, { consents: true })
    const headers = { 'content-type': 'application/xml' }
    const answer = await rest(url, 'POST', `/customer/${number}/otp`, {
      token: agent,
      headers,
      body: '<request><reason>Ticket</reason></request>',
    })
    expect(answer.status).toBe(200)
  })

  test('3: is for agents alone', async () => {
    const { number, token, email } = await signedIn(shop, { consents: true })
    const acting = tokenIn(await bySignIn(email, await codeFor(number)))
    for (const wrong of [token, 'nothing', acting, undefined]) {
      const answer = await rest(url, 'POST', `/customer/${number}/otp`, { token: wrong })
      expect([answer.status, answer.json]).toEqual([
        401,
        {
          message: "The consumer isn't authorized to access %resources.",
          parameters: { resources: 'Magento_LoginAsCustomer::login' },
        },
      ])
    }
  })

  test('4: is refused for a customer who has not allowed it, or does not any more', async () => {
    const { number, token, email } = await signedIn(shop)
    const no = { message: 'The customer has not allowed remote shopping assistance.' }
    expect(await askCode(number)).toMatchObject({ status: 400, json: no })
    const set = (allows: boolean) =>
      graphql(
        url,
        `mutation { updateCustomerV2(input: { allow_remote_shopping_assistance: ${allows} }) { customer { allow_remote_shopping_assistance } } }`,
        { token },
      )
    expect((await set(true)).data).toEqual({
      updateCustomerV2: { customer: { allow_remote_shopping_assistance: true } },
    })
    const code = await codeFor(number)
    await set(false)
    expect(await askCode(number)).toMatchObject({ status: 400, json: no })
    expect(errorOf(await bySignIn(email, code))).toEqual([REFUSED, 'graphql-authentication'])
  })

  test.each(['9999999', '0', 'abc', '-1', '1e3', '99999999999999999999', '%00', '../1'])(
    '5: for the unknown id %s is 404',
    async (id) => {
      const answer = await askCode(encodeURIComponent(id))
      expect(answer).toMatchObject({ status: 404, json: { message: expect.any(String) } })
    },
  )

  test('6: signs in once, and the token says who acts', async () => {
    const { number, email, id } = await signedIn(shop, { consents: true })
    const code = await codeFor(number)
    const token = String(tokenIn(await bySignIn(email.toUpperCase(), code)))
    expect(await works(url, token)).toBe(true)
    const said = await introspect(url, token)
    expect(said).toMatchObject({
      active: true,
      sub: id,
      act: { sub: expect.stringMatching(/^agent:|^[0-9a-f-]{36}$/) },
    })
    expect(errorOf(await bySignIn(email, code))).toEqual([REFUSED, 'graphql-authentication'])
  })

  test('7: is over after thirty seconds; the password works still', async () => {
    const { number, email, password } = await signedIn(shop, { consents: true })
    const code = await codeFor(number)
    later(31)
    expect(errorOf(await bySignIn(email, code))).toEqual([REFUSED, 'graphql-authentication'])
    expect(tokenIn(await bySignIn(email, password))).toEqual(expect.any(String))
  })

  test('8: is exchanged for a token; with another’s address nothing is used up', async () => {
    const [one, other] = [await signedIn(shop, { consents: true }), await signedIn(shop, { consents: true })]
    const code = await codeFor(one.number)
    expect(errorOf(await byExchange(other.email, code))).toEqual([REFUSED, 'graphql-authentication'])
    expect(await works(url, String(tokenIn(await byExchange(one.email, code))))).toBe(true)
    expect(errorOf(await byExchange(one.email, code))).toEqual([REFUSED, 'graphql-authentication'])
    expect(errorOf(await byExchange(one.email, ''))).toEqual(['Specify the "otp" value.', 'graphql-input'])
    expect(errorOf(await byExchange('', code))).toEqual(['Specify the "email" value.', 'graphql-input'])
  })

  test('10: ends with the next one for the same customer', async () => {
    const { number, email } = await signedIn(shop, { consents: true })
    const [first, second] = [await codeFor(number), await codeFor(number)]
    expect(errorOf(await bySignIn(email, first))).toEqual([REFUSED, 'graphql-authentication'])
    expect(tokenIn(await bySignIn(email, second))).toEqual(expect.any(String))
  })

  test.each([
    ['a prototype', '{"__proto__":{"reason":"x"}}', 200],
    ['a list', '{"reason":["x"]}', 400],
    ['an object', '{"reason":{"a":1}}', 400],
    ['two lines', '{"reason":"a\\nb"}', 400],
    ['half a character', '{"reason":"\\ud800"}', 400],
    ['more than a line', JSON.stringify({ reason: 'x'.repeat(501) }), 400],
    ['broken JSON', '{"reason":', 400],
    ['a megabyte', 'x'.repeat(1024 * 1024), 413],
  ])('24: with %s in place of a reason is answered in the shop’s words', async (_, body, status) => {
    const { number } = await signedIn(shop, { consents: true })
    const answer = await askCode(number, body)
    expect(answer.status).toBe(status)
    if (status !== 200) expect(answer.json).toMatchObject({ message: expect.any(String) })
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

test('9: an unused reset token signs in in place of the password, and is used up by that', async () => {
  const { email, password } = await signedIn(shop)
  const asked = await graphql(url, `mutation { requestPasswordResetEmail(email: "${email}") }`)
  expect(asked.data).toEqual({ requestPasswordResetEmail: true })
  const key = await keyIn(shop, email)
  expect(await works(url, String(tokenIn(await bySignIn(email, key))))).toBe(true)
  const reset = await graphql(
    url,
    `mutation { resetPassword(email: "${email}", resetPasswordToken: "${key}", newPassword: "${NEW}") }`,
  )
  expect(errorOf(reset)[1]).toBe('graphql-input')
  expect(errorOf(await bySignIn(email, key))).toEqual([REFUSED, 'graphql-authentication'])
  expect(await signIn(url, email, password)).not.toBe('no token')
})

describe('a token for a customer that an agent asks for', () => {
  const asAdmin = (email: string, token?: string) => graphql(url, AS_ADMIN, { variables: { email }, token })

  test('11: works, and says who acts', async () => {
    const { email, id } = await signedIn(shop, { consents: true })
    const { data } = await asAdmin(email, agent)
    const { customer_token: token } = fieldOf<{ customer_token: string }>(data, 'generateCustomerTokenAsAdmin')
    expect(await works(url, token)).toBe(true)
    expect(await introspect(url, token)).toMatchObject({ active: true, sub: id, act: {} })
  })

  test('12: is refused to a customer and to a guest', async () => {
    const { email, token } = await signedIn(shop, { consents: true })
    for (const wrong of [token, undefined]) {
      const answer = await asAdmin(email, wrong)
      expect([answer.status, ...errorOf(answer)]).toEqual([
        403,
        "The current customer isn't authorized.",
        'graphql-authorization',
      ])
    }
  })

  test('13: is refused for an unknown address, for none, and without the customer’s word', async () => {
    expect(errorOf(await asAdmin('nobody@example.com', agent))).toEqual([
      'Customer email provided does not exist',
      'graphql-input',
    ])
    expect(errorOf(await asAdmin('', agent))).toEqual(['Specify the "customer email" value.', 'graphql-input'])
    const { email } = await signedIn(shop)
    expect(errorOf(await asAdmin(email, agent))).toEqual([
      'The customer has not allowed remote shopping assistance.',
      'graphql-authorization',
    ])
  })
})

describe('a client that has signed customers in by its own means', () => {
  let integration: string
  beforeAll(async () => {
    integration = await machineToken('sso', ['exchange_external_customer_token'])
  })

  /** The own token of a new client with these scopes. */
  async function machineToken(clientId: string, scopes: readonly string[], given?: object): Promise<string> {
    const metadata = {
      client_id: clientId,
      first_party: true,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      resource_scopes: scopes,
      ...given,
    }
    const made = await askAdmin(shop.server, ADMIN, 'POST', '/v1/clients', { metadata })
    const form = {
      grant_type: 'client_credentials',
      resource: 'urn:vestibule:dialect:magento-integration',
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    }
    const answer = await postForm(`${url}/token`, form, basicAuth(clientId, String(made.body.secret)))
    const { access_token: token, ...rest } = (await answer.json()) as { access_token?: string }
    if (!token) throw new Error(JSON.stringify([made.body, rest]))
    return token
  }

  const exchange = (customer: object, token?: string) => graphql(url, EXTERNAL, { variables: { customer }, token })
  const roni = { firstname: 'Roni', lastname: 'Cost', email: 'roni_cost@example.com', is_subscribed: false }

  test('14: has no permission without the scope, nor has anybody else', async () => {
    const { token } = await signedIn(shop)
    const without = await machineToken('another-service', [])
    const scopes = ['exchange_external_customer_token']
    // A right over everybody is given by its name: neither by being the shop's own, nor by a pattern.
    const own = await machineToken('own-service', scopes, { resource_scopes: undefined })
    const pattern = await machineToken('every-scope', scopes, { resource_scopes: ['*'] })
    for (const wrong of [token, agent, without, own, pattern, undefined]) {
      const answer = await exchange(roni, wrong)
      expect(errorOf(answer)).toEqual(['You do not have permission to access this resource.', 'graphql-authorization'])
    }
    expect(errorOf(await graphql(url, AS_ADMIN, { variables: { email: roni.email }, token: agent }))[0]).toBe(
      'Customer email provided does not exist',
    )
  })

  test('15: makes an account where there is none, and finds it the next time, also of many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(roni, integration)))
    type Exchanged = { token: string; customer: { id: number; email: string } }
    const exchanged = answers.map(({ data }) => data?.exchangeExternalCustomerToken as Exchanged)
    const [first] = exchanged
    expect(new Set(exchanged.map(({ customer }) => customer.id)).size).toBe(1)
    expect(first?.customer.email).toBe(roni.email)
    const me = await rest(url, 'GET', '/customers/me', { token: String(first?.token) })
    expect(me).toMatchObject({ status: 200, json: { id: first?.customer.id, firstname: 'Roni', lastname: 'Cost' } })
    await exchange({ ...roni, firstname: 'Other' }, integration)
    expect(await rest(url, 'GET', '/customers/me', { token: String(first?.token) })).toMatchObject({
      json: { firstname: 'Roni' },
    })
  })

  test.each([
    ['an agent’s address', { email: 'agent@example.com' }],
    ['an address that is none', { email: 'nobody' }],
    ['an unconfirmed address', { email: 'unconfirmed@example.com' }],
    ['a name that is none', { firstname: 'https://evil.example/' }],
  ])('is refused %s', async (_, given) => {
    const answer = await exchange({ ...roni, ...given }, integration)
    expect(answer.errors).toHaveLength(1)
    expect(answer.data?.exchangeExternalCustomerToken).toBeNull()
  })

  test('16: is told which member is missing', async () => {
    const { lastname: _lastname, ...customer } = roni
    const query =
      'mutation { exchangeExternalCustomerToken(input: { customer: { firstname: "Roni", email: "a@b.cd" } }) { token } }'
    const answer = await graphql(url, query, { token: integration })
    const missing = 'Field CustomerCreateInput.lastname of required type String! was not provided.'
    expect(answer.errors[0]?.message).toBe(missing)
    const sent = await exchange({ ...customer, password: 'a secret' }, integration)
    expect(sent.errors[0]?.message).toBe(`Variable "$customer" has invalid value: ${missing}`)
    const odd = await exchange({ ...roni, xyz: 'a secret' }, integration)
    expect(odd.errors[0]?.message).toContain('Field "xyz" is not defined by type CustomerCreateInput.')
    expect(JSON.stringify(odd.errors)).not.toContain('secret')
  })

  test('asks OAuth for nothing by the grant with a token that is not for it', async () => {
    const { token } = await signedIn(shop)
    for (const subject_token of [token, agent, 'nothing']) {
      const form = {
        grant_type: 'urn:vestibule:grant:vouched-customer',
        client_id: 'frontend',
        resource: 'urn:vestibule:dialect:magento',
        customer_reference: 'DE--21',
        subject_token,
      }
      const answer = await postForm(`${url}/token`, form)
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }])
    }
  })
})

test('17: signing out ends every device, and a token of the next instant works', async () => {
  const { email, password, token } = await signedIn(shop)
  const other = await signIn(url, email, password)
  const revoked = await graphql(url, 'mutation { revokeCustomerToken { result } }', { token })
  expect(revoked.data).toEqual({ revokeCustomerToken: { result: true } })
  expect([await works(url, token), await works(url, other)]).toEqual([false, false])
})

test('18: of tokens of one second, those before a sign-out are dead and those after it are good', async () => {
  const { email, password, token } = await signedIn(shop)
  await rest(url, 'POST', '/integration/customer/revoke-customer-token', { token })
  const after = await signIn(url, email, password)
  expect([await works(url, token), await works(url, after)]).toEqual([false, true])
})

test('19: the lifetime that the shop tells is that of its tokens', async () => {
  const { token } = await signedIn(shop)
  const { data } = await graphql(url, '{ storeConfig { customer_access_token_lifetime } }')
  type Config = { customer_access_token_lifetime: number }
  const { customer_access_token_lifetime: hours } = fieldOf<Config>(data, 'storeConfig')
  const { exp, iat } = (await introspect(url, token)) as { exp: number; iat: number }
  expect(exp - iat).toBe(hours * 3600)
})

describe('20: with confirmation', () => {
  test('a new customer has no token before the address is confirmed, and then has one', async () => {
    const input = { email: 'new.one@example.com', firstname: 'New', lastname: 'One', password: 'a good password 8' }
    const create =
      'mutation ($input: CustomerCreateInput!) { createCustomerV2(input: $input) { customer { email firstname confirmation_status } } }'
    expect((await graphql(url, create, { variables: { input } })).data).toEqual({
      createCustomerV2: { customer: { email: input.email, firstname: 'New', confirmation_status: null } },
    })
    expect(errorOf(await bySignIn(input.email, input.password))[1]).toBe('graphql-authentication')
    const confirm = (key: string, email = input.email) =>
      graphql(
        url,
        `mutation { confirmEmail(input: { email: "${email}", confirmation_key: "${key}" }) { customer { email confirmation_status } } }`,
      )
    const key = await keyIn(shop, input.email)
    const invalid = 'The confirmation token is invalid. Verify the token and try again.'
    expect(errorOf(await confirm(key, 'other@example.com'))).toEqual([invalid, 'graphql-input'])
    expect((await confirm(key)).data).toEqual({
      confirmEmail: { customer: { email: input.email, confirmation_status: 'ACCOUNT_CONFIRMED' } },
    })
    expect(errorOf(await confirm(key))).toEqual([invalid, 'graphql-input'])
    expect(await signIn(url, input.email, input.password)).not.toBe('no token')
  })

  test('a customer whose address was never confirmed is told so, and confirms it by another letter', async () => {
    const { email, password } = await shop.addCustomer({ emailVerified: false })
    expect(errorOf(await bySignIn(email, password))).toEqual([
      "This account isn't confirmed. Verify and try again.",
      'graphql-authentication',
    ])
    const again = await graphql(url, `mutation { resendConfirmationEmail(email: "${email}") }`)
    expect(again.data).toEqual({ resendConfirmationEmail: true })
    const key = await keyIn(shop, email)
    const confirmed = await rest(url, 'PUT', '/customers/me/activate', { body: { confirmationKey: key } })
    expect(confirmed).toMatchObject({ status: 200, json: { email } })
    expect(await signIn(url, email, password)).not.toBe('no token')
  })
})

test('21: browsers may send the headers of the shop’s storefronts', async () => {
  const answer = await fetch(`${url}/graphql`, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
  })
  const allowed = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(', ')
  expect(allowed).toEqual(
    expect.arrayContaining([
      ...['x-recaptcha', 'x-captcha', 'x-adobe-company', 'store', 'content-currency'],
      ...['authorization', 'content-type'],
    ]),
  )
})

describe('22: a customer with companies', () => {
  const SONIA = { email: 'sonia@spryker.com', password: 'change123' }
  const COMPANIES = '{ customer { email companies { items { id name status } page_info { total_pages } } } }'
  const uid = (id: string) => Buffer.from(id).toString('base64')

  test('sees them, and acts for one of them by the header', async () => {
    const token = await signIn(url, SONIA.email, SONIA.password)
    const { data } = await graphql(url, COMPANIES, { token })
    type Customer = { companies: { items: { id: string; name: string; status: string }[] } }
    const { companies } = fieldOf<Customer>(data, 'customer')
    expect(companies.items).toContainEqual({
      id: uid('0818f408-cc84-575d-ad54-92118a0e4273'),
      name: 'Test Company',
      status: 'APPROVED',
    })
    for (const { id } of companies.items)
      expect((await graphql(url, COMPANIES, { token, headers: { 'x-adobe-company': id } })).errors).toEqual([])
  })

  test('is refused another’s company, and every token mutation ignores the header', async () => {
    const { token, email, password } = await signedIn(shop)
    const headers = { 'x-adobe-company': uid('0818f408-cc84-575d-ad54-92118a0e4273') }
    for (const value of [headers['x-adobe-company'], 'x', `${headers['x-adobe-company']},x`]) {
      const answer = await graphql(url, COMPANIES, { token, headers: { 'x-adobe-company': value } })
      expect([answer.status, errorOf(answer)[1]]).toEqual([403, 'graphql-authorization'])
      const me = await rest(url, 'GET', '/customers/me', { token, headers: { 'x-adobe-company': value } })
      expect(me.status).toBe(403)
    }
    expect(tokenIn(await graphql(url, SIGN_IN, { variables: { email, password }, headers }))).toEqual(
      expect.any(String),
    )
    const revoked = await graphql(url, 'mutation { revokeCustomerToken { result } }', { token, headers })
    expect(revoked.errors).toEqual([])
  })
})

test('23: aliases and fragments change nothing', async () => {
  const { number, email, password } = await signedIn(shop, { consents: true })
  const code = await codeFor(number)
  const query = `mutation M($email: String!, $otp: String!) {
    ...Both
    out: generateCustomerToken(email: $email, password: "wrong") { token }
  }
  fragment Both on Mutation {
    mine: exchangeOtpForCustomerToken(email: $email, otp: $otp) { ...Token __typename }
    asked: requestPasswordResetEmail(email: $email)
  }
  fragment Token on CustomerToken { key: token }`
  const { data, errors } = await graphql(url, query, { variables: { email, otp: code } })
  expect(data).toMatchObject({ mine: { key: expect.any(String), __typename: 'CustomerToken' }, asked: true, out: null })
  expect(errors.map(({ message }) => message)).toEqual([REFUSED])
  const own = await graphql(
    url,
    `mutation { a: changeCustomerPassword(currentPassword: "${password}", newPassword: "${NEW}") { mail: email } }`,
    { token: await signIn(url, email, password) },
  )
  expect(own.data).toEqual({ a: { mail: email } })
  expect(await signIn(url, email, NEW)).not.toBe('no token')
})

describe('with JWTs', () => {
  let jwt: HostedShop
  beforeAll(async () => {
    jwt = await startHostedShop({ MAGENTO_TOKEN_FORMAT: 'jwt' })
  })
  afterAll(() => jwt?.stop())

  test('11: a token that an agent asked for says the customer as the shop’s own does, and who acts', async () => {
    const at = jwt.server.url
    const { email, number } = await signedIn(jwt, { consents: true })
    const { data } = await graphql(at, AS_ADMIN, { variables: { email }, token: await agentToken(at) })
    const { customer_token: token } = fieldOf<{ customer_token: string }>(data, 'generateCustomerTokenAsAdmin')
    const { uid, utypid, iat, exp, act } = decode(token).payload
    expect([uid, utypid]).toEqual([number, 3])
    expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(3600)
    expect(act).toMatchObject({ sub: expect.any(String) })
    expect(await works(at, token)).toBe(true)
  })

  test('17, 18 and 19: signing out ends those of the same second, a new one works, and they live as long as is said', async () => {
    const at = jwt.server.url
    const { email, password, token } = await signedIn(jwt)
    const { iat, exp } = decode(token).payload
    expect(Number(exp) - Number(iat)).toBe(3600)
    await graphql(at, 'mutation { revokeCustomerToken { result } }', { token })
    const after = await signIn(at, email, password)
    expect([await works(at, token), await works(at, after)]).toEqual([false, true])
  })

  test('6: an agent’s code is exchanged for one', async () => {
    const at = jwt.server.url
    const { email, number } = await signedIn(jwt, { consents: true })
    const { json } = await rest(at, 'POST', `/customer/${number}/otp`, { token: await agentToken(at) })
    const token = await signIn(at, email, (json as { otp: string }).otp)
    expect(decode(token).payload).toMatchObject({ uid: number, utypid: 3, act: {} })
  })
})

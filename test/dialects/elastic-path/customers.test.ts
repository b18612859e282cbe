import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop, type TestCustomer } from '../../interaction/hosted-shop.ts'
import { later } from '../../support/clock.ts'
import { postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { implicitToken, member } from './endpoints.ts'

const PASSWORD = 'the password of Nora'
const NEW = 'another good password'
const NORA = { type: 'customer', name: 'Nora van der Neu', password: PASSWORD }

let shop: HostedShop
let url: string
let implicit: string
/** Of a back-end that no setting names, and of one that is named. */
let ordinary: string
let backEnd: string
beforeAll(async () => {
  shop = await startHostedShop({ DIALECTS: 'elastic-path', ELASTIC_PATH_BACK_ENDS: 'shop-service' })
  url = shop.server.url
  await addClient('shop-service')
  implicit = await implicitToken(url)
  ordinary = await machineToken('third-party-app', 'third-party-app-secret')
  backEnd = await machineToken('shop-service', 'a secret of the shop itself')
})
afterAll(() => shop?.stop())

async function addClient(client_id: string): Promise<void> {
  const metadata = { client_id, first_party: true, grant_types: ['client_credentials'] }
  const answer = await fetch(`${shop.server.adminUrl}/v1/clients`, {
    method: 'POST',
    headers: { authorization: 'Bearer an-admin-token-for-tests', 'content-type': 'application/json' },
    body: JSON.stringify({ metadata, secret: 'a secret of the shop itself' }),
  })
  expect([answer.status, answer.status < 300 || (await answer.text())]).toEqual([201, true])
}

async function machineToken(client_id: string, client_secret: string): Promise<string> {
  const fields = { grant_type: 'client_credentials', client_id, client_secret }
  const answer = await postForm(`${url}/oauth/access_token`, fields)
  return ((await answer.json()) as { access_token: string }).access_token
}

type Answer = { readonly status: number; readonly text: string; readonly json: unknown }
type Asked = {
  readonly bearer?: string
  readonly token?: string | undefined
  readonly data?: unknown
  readonly at?: string
}

async function ask(method: string, path: string, { bearer = implicit, token, data, at = url }: Asked = {}) {
  const response = await fetch(at + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      ...(token !== undefined && { 'x-moltin-customer-token': token }),
    },
    ...(data !== undefined && { body: JSON.stringify({ data }) }),
  })
  const text = await response.text()
  return { status: response.status, text, json: text && (JSON.parse(text) as unknown) } satisfies Answer
}

const register = (email: string, more: object = {}, asked: Asked = {}) =>
  ask('POST', '/v2/customers', { ...asked, data: { ...NORA, email, ...more } })
const update = (id: string, data: object, asked: Asked) =>
  ask('PUT', `/v2/customers/${id}`, { ...asked, data: { type: 'customer', ...data } })
const read = (id: string, asked: Asked) => ask('GET', `/v2/customers/${id}`, asked)
const signIn = async (email: string, password: string, asked: Asked = {}) =>
  ask('POST', '/v2/customers/tokens', { ...asked, data: { type: 'token', email, password } })
const idOf = ({ json }: Answer) => (json as { data?: { id?: string } }).data?.id ?? 'no id'
const validation = (...details: string[]) => ({
  status: 422,
  json: { errors: details.map((detail) => ({ status: 422, title: 'Failed Validation', detail })) },
})
const FORBIDDEN = { status: 403, json: { errors: [{ status: 403, title: 'Forbidden' }] } }

async function customer(): Promise<TestCustomer & { readonly token: string }> {
  const added = await shop.addCustomer()
  const { json } = await signIn(added.email, added.password)
  return { ...added, token: (json as { data: { token: string } }).data.token }
}

async function audited(customerId: string): Promise<readonly { type: string; reason?: string }[]> {
  const answer = await fetch(`${shop.server.adminUrl}/v1/audit?customer=${customerId}`, {
    headers: { authorization: 'Bearer an-admin-token-for-tests' },
  })
  return ((await answer.json()) as { items: { type: string; reason?: string }[] }).items
}

const noted = (id: string, type: string) =>
  waitFor(async () => (await audited(id)).find((event) => event.type === type)?.reason)

describe('POST /v2/customers', () => {
  test('is 201 by either bearer, and the customer signs in once the address is confirmed', async () => {
    for (const [bearer, email] of [
      [implicit, 'nora@example.com'],
      [ordinary, 'nora.two@example.com'],
    ] as const) {
      const answer = await register(email, {}, { bearer })
      expect(answer).toMatchObject({
        status: 201,
        json: { data: { type: 'customer', name: 'Nora van der Neu', email, password: true, meta: { timestamps: {} } } },
      })
      expect(answer.text).not.toContain(PASSWORD)
      expect((await signIn(email, PASSWORD)).status).toBe(422)
      const visitor = shop.visitor()
      const page = await visitor.open((await shop.sink.mailTo(email)).link)
      await visitor.submit(page, '/confirmation', { password: PASSWORD })
      expect(await signIn(email, PASSWORD)).toMatchObject({
        status: 200,
        json: { data: { customer_id: idOf(answer) } },
      })
    }
  })

  test('with an address that has an account is answered the same, changes nothing, and its owner is told', async () => {
    const { email, password } = await customer()
    const [taken, free] = [await register(email), await register('free@example.com')]
    const shape = ({ text }: Answer, address: string) =>
      text.replaceAll(address, '').replaceAll(/[0-9a-f-]{36}|\d\d:\d\d:\d\dZ/g, '')
    expect(shape(taken, email)).toBe(shape(free, 'free@example.com'))
    expect((await shop.sink.mailTo(email)).link).toContain('/recovery')
    expect((await signIn(email, PASSWORD)).status).toBe(422)
    expect((await signIn(email, password)).status).toBe(200)
  })

  test.each([
    ['nothing', { name: undefined, password: undefined, type: undefined }, 'type', 'name', 'password'],
    ['empty text', { name: '', password: '' }, 'name', 'password'],
  ])('with %s where something is needed says what', async (_, more, ...missing) => {
    const details = missing.map((name) => `The data.${name} field is required.`)
    expect(await register('x@example.com', more)).toMatchObject(validation(...details))
  })

  test.each([
    ['another type', { type: 'account' }, 'The selected data.type is invalid.'],
    ['a list for a name', { name: ['a'] }, 'The data.name must be a string.'],
    ['mark-up for a name', { name: '<b>Nora</b>' }, 'The data.name format is invalid.'],
    ['a long name', { name: 'a'.repeat(5000) }, 'The data.name format is invalid.'],
    ['no address', { email: 'nobody' }, 'The data.email must be a valid email address.'],
    ['a character that cannot be stored', { email: 'a\0@b.example' }, 'The data.email must be a valid email address.'],
    ['a short password', { password: 'short' }, 'The data.password must be at least 8 characters.'],
    ['a long password', { password: 'x'.repeat(5000) }, 'The data.password may not be greater than 128 characters.'],
    [
      'the address for a password',
      { password: 'x@example.com' },
      'The data.password and data.email must be different.',
    ],
    ['a common password', { password: 'password1' }, 'The data.password is known to attackers. Please choose another.'],
  ])('with %s is refused', async (_, more, detail) => {
    expect(await register('x@example.com', more)).toMatchObject(validation(detail))
  })

  test('without a bearer, or with a customer’s token in its place, is 401', async () => {
    const { token } = await customer()
    for (const bearer of ['', 'x', token]) expect((await register('x@example.com', {}, { bearer })).status).toBe(401)
  })
})

describe('PUT /v2/customers/{id}', () => {
  test('with a fresh token sets the password, ends every token, and tells the owner', async () => {
    const { id, email, password, token } = await customer()
    const answer = await update(id, { password: NEW, name: 'Sam Sun' }, { token })
    expect(answer).toMatchObject({ status: 200, json: { data: { id, email, name: 'Sam Sun', password: true } } })
    expect(await read(id, { token })).toMatchObject(FORBIDDEN)
    expect((await signIn(email, password)).status).toBe(422)
    expect((await signIn(email, NEW)).status).toBe(200)
    expect((await shop.sink.mailTo(email)).link).toContain('/recovery')
    expect(await noted(id, 'password.changed')).toBe('by the customer')
  })

  test('with an older token sets no password without the current one', async () => {
    const { id, email, password, token } = await customer()
    await later(async () => {
      const bearer = await implicitToken(url)
      const refused = await update(id, { password: NEW, name: 'Ada' }, { token, bearer })
      expect(refused).toMatchObject({ status: 403, json: { errors: [{ detail: expect.stringMatching(/too old/) }] } })
      expect(await read(id, { token, bearer })).toMatchObject({ status: 200, json: { data: { name: 'Sam' } } })
    }, 3601)
    const right = await update(id, { password: NEW, current_password: password }, { token })
    expect(right.status).toBe(200)
    expect((await signIn(email, NEW)).status).toBe(200)
  })

  test('changes the name alone, and one word is no family name', async () => {
    const { id, token } = await customer()
    for (const name of ['Ada Lovelace', 'Ada'])
      expect(await update(id, { name }, { token })).toMatchObject({ status: 200, json: { data: { name } } })
    expect(await read(id, { token })).toMatchObject({ status: 200, json: { data: { name: 'Ada' } } })
    expect(await noted(id, 'customer.changed')).toMatch(/^by the customer/)
  })

  test.each([
    ['another address', { email: 'other@example.com' }, /must be confirmed first/],
    ['a name that is none and a good password', { name: '1', password: NEW }, /name format/],
    ['a wrong current password', { password: NEW, current_password: 'wrong' }, /current_password is incorrect/],
    ['a wrong current password and a common one', { password: 'password1', current_password: 'wrong' }, /is incorrect/],
    ['a common password', { password: 'password1', name: 'Ada' }, /known to attackers/],
    ['an empty password', { password: '' }, /password field is required/],
    ['null for a password', { password: null }, /password field is required/],
    ['a number for a password', { password: 1 }, /must be a string/],
  ])('with %s changes nothing', async (_, data, complaint) => {
    const { id, email, password, token } = await customer()
    const answer = await update(id, data, { token })
    expect(answer.status).toBe(422)
    expect(answer.text).toMatch(complaint)
    expect(await read(id, { token })).toMatchObject({ status: 200, json: { data: { name: 'Sam', email } } })
    expect((await signIn(email, password)).status).toBe(200)
  })
})

describe('of another customer', () => {
  test.each(['GET', 'PUT', 'DELETE'])('%s is 403, whether or not there is one, and changes nothing', async (method) => {
    const [own, other] = [await customer(), await customer()]
    const data = { type: 'customer', password: NEW, current_password: other.password }
    const nobody = '00000000-0000-4000-8000-00000000ffff'
    for (const id of [other.id, nobody, 'x', '%00', other.email])
      for (const bearer of [implicit, ordinary, backEnd])
        expect(
          await ask(method, `/v2/customers/${id}`, { token: own.token, bearer, ...(method !== 'GET' && { data }) }),
        ).toMatchObject(FORBIDDEN)
    for (const bearer of [implicit, ordinary])
      for (const id of [other.id, nobody])
        expect(await ask(method, `/v2/customers/${id}`, { bearer, ...(method !== 'GET' && { data }) })).toMatchObject(
          FORBIDDEN,
        )
    expect((await signIn(other.email, other.password)).status).toBe(200)
  })
})

describe('a back-end that the setting names', () => {
  test('reads, changes and erases a customer by its bearer alone, and the trail names it', async () => {
    const { id, email, password, token } = await customer()
    expect(await read(id, { bearer: backEnd })).toMatchObject({ status: 200, json: { data: { email } } })
    expect((await update(id, { password: NEW }, { bearer: backEnd })).status).toBe(200)
    expect(await read(id, { token })).toMatchObject(FORBIDDEN)
    expect((await signIn(email, password)).status).toBe(422)
    expect((await signIn(email, NEW)).status).toBe(200)
    expect(await noted(id, 'password.changed')).toBe('by client shop-service')
    expect((await ask('DELETE', `/v2/customers/${id}`, { bearer: backEnd })).status).toBe(204)
    expect((await signIn(email, NEW)).status).toBe(422)
    expect(await noted(id, 'customer.erased')).toBe('by client shop-service')
    for (const method of ['GET', 'DELETE'])
      expect((await ask(method, `/v2/customers/${id}`, { bearer: backEnd })).status).toBe(404)
  })
})

test('DELETE with the customer’s token is 204, ends it and forgets the person', async () => {
  const { id, email, password, token } = await customer()
  expect(await ask('DELETE', `/v2/customers/${id}`, { token })).toMatchObject({ status: 204, text: '' })
  expect(await read(id, { token })).toMatchObject(FORBIDDEN)
  expect((await signIn(email, password)).status).toBe(422)
  expect(await noted(id, 'customer.erased')).toBe('by the customer')
})

describe('account members who sign up', () => {
  const signUp = (email: string, more: object = {}, asked: Asked = {}) =>
    ask('POST', '/v2/account-members/tokens', {
      ...asked,
      data: member('self_signup', { username: email, email, password: PASSWORD, name: 'Nora Neu', ...more }),
    })

  test('have no account before the address is confirmed, whoever has the address', async () => {
    const { email } = await customer()
    for (const address of [email, 'new.member@example.com'])
      expect(await signUp(address)).toMatchObject({ status: 201, json: { data: [], meta: { results: { total: 0 } } } })
    expect((await signIn('new.member@example.com', PASSWORD)).status).toBe(422)
  })

  test('are refused another username than their address', async () => {
    expect(await signUp('a@example.com', { username: 'b@example.com' })).toMatchObject(
      validation('The data.username and data.email must match.'),
    )
  })
})

describe('with REGISTRATION_CONFIRMATION=none', () => {
  let server: TestServer
  let at: string
  let bearer: string
  beforeAll(async () => {
    server = await startTestServer({
      DIALECTS: 'elastic-path',
      REGISTRATION: 'open',
      REGISTRATION_CONFIRMATION: 'none',
    })
    at = server.url
    bearer = await implicitToken(at)
  })
  afterAll(() => server?.stop())

  test('who registers may sign in at once, and an address that is taken is said to be', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => register('Nora@example.com', {}, { at, bearer })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422])
    const refused = answers.find(({ status }) => status === 422)
    expect(refused).toMatchObject(validation('The data.email has already been taken.'))
    expect((await signIn('nora@example.com', PASSWORD, { at, bearer })).status).toBe(200)
  })

  test('an account member who signs up gets a token at once', async () => {
    const data = member('self_signup', {
      username: 'm@example.com',
      email: 'm@example.com',
      password: PASSWORD,
      name: 'M',
    })
    const answer = await ask('POST', '/v2/account-members/tokens', { at, bearer, data })
    expect(answer).toMatchObject({ status: 201, json: { data: [{ token: expect.any(String) }] } })
    expect((await ask('POST', '/v2/account-members/tokens', { at, bearer, data })).status).toBe(422)
  })
})

test('registration that is closed is not available', async () => {
  const server = await startTestServer({ DIALECTS: 'elastic-path' })
  const bearer = await implicitToken(server.url)
  const answer = await register('x@example.com', {}, { at: server.url, bearer })
  expect(answer).toMatchObject({ status: 404, json: { errors: [{ detail: 'Registration is not available here.' }] } })
  await server.stop()
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop, type TestCustomer } from '../../interaction/hosted-shop.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { AGENT, bearer, decode, document, errors, exchange, type GlueAnswer, obtain, SONIA } from './exchange.ts'

let shop: HostedShop
let url: string
beforeAll(async () => {
  shop = await startHostedShop({
    SHOP_CONFIRMATION_URL: 'https://shop.example/confirm?key={key}',
    SHOP_PASSWORD_RESET_URL: 'https://shop.example/password/{key}/new',
  })
  url = shop.server.url
})
afterAll(() => shop?.stop())

const PASSWORD = 'the password of Nora'
const NEW = 'another good password'
const post = (type: string, attributes: object, at = url) =>
  exchange(at, { path: `/${type}`, body: document(type, attributes) })
const patch = (type: string, id: string, attributes: object, token?: string) =>
  exchange(url, {
    method: 'PATCH',
    path: `/${type}/${id}`,
    headers: token === undefined ? {} : bearer(token),
    body: document(type, attributes),
  })
const nora = (email: string) => ({
  firstName: 'Nora',
  lastName: 'Neu',
  gender: 'Female',
  salutation: 'Ms',
  email,
  password: PASSWORD,
  confirmPassword: PASSWORD,
  acceptedTerms: true,
})
const confirm = (registrationKey: string) => post('customer-confirmation', { registrationKey })
const restore = (restorePasswordKey: string, password = NEW) =>
  patch('customer-restore-password', 'any', { restorePasswordKey, password, confirmPassword: password })
const change = (token: string, id: string, password: string, next = NEW) =>
  patch('customer-password', id, { password, newPassword: next, confirmPassword: next }, token)
const signIn = (username: string, password: string) => obtain(url, 'access-tokens', { username, password })
const signInStatus = async (username: string, password: string) =>
  (await post('access-tokens', { username, password })).status
/** A token that works is refused another customer's account, and one that does not is no token. */
const works = async (token: string) =>
  (await exchange(url, { method: 'DELETE', path: '/customers/another', headers: bearer(token) })).status === 403

/** The key in the link of a letter. */
async function keyIn(email: string, nth = 1): Promise<string> {
  const { link } = await shop.sink.mailTo(email, nth)
  return /key=([\w-]+)$/.exec(link)?.[1] ?? /password\/([\w-]+)\/new$/.exec(link)?.[1] ?? `no key in ${link}`
}

function idOf(answer: GlueAnswer | undefined): string {
  return (answer?.json as { data?: { id: string } } | undefined)?.data?.id ?? 'no id'
}

function referenceOf(token: string): string {
  return (JSON.parse(String(decode(token).payload.sub)) as { customer_reference: string }).customer_reference
}

async function audited(customerId: string): Promise<readonly { type: string; reason?: string }[]> {
  const answer = await fetch(`${shop.server.adminUrl}/v1/audit?customer=${customerId}`, {
    headers: { authorization: 'Bearer an-admin-token-for-tests' },
  })
  return ((await answer.json()) as { items: { type: string; reason?: string }[] }).items
}

async function customer(): Promise<TestCustomer & { readonly token: string; readonly reference: string }> {
  const added = await shop.addCustomer()
  const { accessToken: token } = await signIn(added.email, added.password)
  return { ...added, token, reference: referenceOf(token) }
}

describe('registration', () => {
  test('is 201 with the customer’s reference, confirmed by the key of the letter, once, and then signs in', async () => {
    const email = 'nora.neu@example.com'
    const answer = await post('customers', nora(email))
    const id = idOf(answer)
    expect(answer).toMatchObject({
      status: 201,
      json: {
        data: {
          type: 'customers',
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          attributes: { firstName: 'Nora', lastName: 'Neu', email, gender: 'Female', salutation: 'Ms' },
          links: { self: `${url}/customers/${id}` },
        },
      },
    })
    expect(answer.text).not.toContain(PASSWORD)
    expect(await signInStatus(email, PASSWORD)).toBe(401)
    const key = await keyIn(email)
    expect((await shop.sink.mailTo(email)).link).toBe(`https://shop.example/confirm?key=${key}`)
    const confirmations = await Promise.all(Array.from({ length: 5 }, () => confirm(key)))
    expect(confirmations.map(({ status }) => status).sort()).toEqual([204, 422, 422, 422, 422])
    const { accessToken } = await signIn(email, PASSWORD)
    expect(referenceOf(accessToken)).toBe(id)
    expect(JSON.parse(String(decode(accessToken).payload.sub))).toMatchObject({ id_customer: expect.any(Number) })
  })

  test('with an address that has an account changes nothing, and its owner is told', async () => {
    const { email, password, token } = await customer()
    const answer = await post('customers', nora(email))
    expect(answer.status).toBe(201)
    const { text, link } = await shop.sink.mailTo(email)
    expect(link).toContain(`${url}/recovery`)
    expect(text).not.toContain('shop.example/confirm')
    expect(await signInStatus(email, PASSWORD)).toBe(401)
    expect(await signInStatus(email, password)).toBe(201)
    expect(await works(token)).toBe(true)
  })

  test('the key of a letter that leads to our page is for the page: it asks for the password', async () => {
    const visitor = shop.visitor()
    const email = 'page@example.com'
    const form = { login: email, givenName: 'Nora', familyName: 'Neu', password: PASSWORD }
    await visitor.submit(await visitor.open('/registration'), '/registration', form)
    const { link } = await shop.sink.mailTo(email)
    const token = new URL(link).searchParams.get('token') ?? ''
    expect((await confirm(token)).status).toBe(422)
  })
})

describe('a change of the password', () => {
  test('is 204, ends every token of before, and is told by mail and in the audit trail', async () => {
    const { id, email, password, token, reference } = await customer()
    const other = await signIn(email, password)
    expect((await change(token, reference, password)).status).toBe(204)
    for (const dead of [token, other.accessToken]) expect(await works(dead)).toBe(false)
    expect((await post('refresh-tokens', { refreshToken: other.refreshToken })).status).toBe(401)
    expect(await signInStatus(email, password)).toBe(401)
    expect(await works((await signIn(email, NEW)).accessToken)).toBe(true)
    expect((await shop.sink.mailTo(email)).subject).toMatch(/password/i)
    const trail = await waitFor(async () => {
      const entries = await audited(id)
      return entries.some(({ type }) => type === 'password.changed') ? entries : undefined
    })
    const checks = trail.filter(({ type, reason }) => type === 'login.succeeded' && reason !== undefined)
    expect(checks).toMatchObject([{ reason: 'the current password, to set another' }])
  })

  test.each([
    ['wrong', 'not the password', NEW, errors(400, '408', 'Invalid password')],
    ['common', undefined, 'password1', errors(400, '422', 'The password is listed as common.')],
  ])('that is %s changes nothing', async (_, given, next, json) => {
    const { email, password, token, reference } = await customer()
    expect((await change(token, reference, given ?? password, next)).json).toEqual(json)
    expect(await signInStatus(email, password)).toBe(201)
    expect(await works(token)).toBe(true)
  })

  test('of two at once one wins, and the other is told that the password is wrong', async () => {
    const { email, password, token, reference } = await customer()
    const answers = await Promise.all(
      ['first', 'second'].map((word) => change(token, reference, password, `${word} ${NEW}`)),
    )
    const won = answers.findIndex(({ status }) => status === 204)
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await signInStatus(email, `${['first', 'second'][won]} ${NEW}`)).toBe(201)
  })
})

describe('a forgotten password', () => {
  test('is restored by the key of the letter, once, and every token of before ends', async () => {
    const { id, email, password, token } = await customer()
    expect((await post('customer-forgotten-password', { email })).status).toBe(204)
    const key = await keyIn(email)
    expect(await restore(key, 'password1')).toMatchObject({ status: 400 })
    const restored = await Promise.all(Array.from({ length: 5 }, (_, index) => restore(key, `${NEW} ${index}`)))
    expect(restored.map(({ status }) => status).sort()).toEqual([204, 422, 422, 422, 422])
    expect((await restore(key)).json).toEqual(errors(422, '415', 'Restore password key is not valid.'))
    expect(await works(token)).toBe(false)
    expect(await signInStatus(email, password)).toBe(401)
    const won = restored.findIndex(({ status }) => status === 204)
    expect(await signInStatus(email, `${NEW} ${won}`)).toBe(201)
    const types = await waitFor(async () => {
      const found = (await audited(id)).map(({ type }) => type)
      return found.includes('password.changed') ? found : undefined
    })
    expect(types).toContain('password.reset-requested')
  })

  test('a key dies when the password is changed another way', async () => {
    const { email, password, token, reference } = await customer()
    await post('customer-forgotten-password', { email })
    const key = await keyIn(email)
    expect((await change(token, reference, password)).status).toBe(204)
    expect((await restore(key, 'a thief’s password')).status).toBe(422)
    expect(await signInStatus(email, NEW)).toBe(201)
  })
})

describe('an erasure', () => {
  test('is 204, ends every token, forgets the person, and is in the audit trail', async () => {
    const { id, email, password, token, reference } = await customer()
    const gone = await exchange(url, { method: 'DELETE', path: `/customers/${reference}`, headers: bearer(token) })
    expect(gone).toMatchObject({ status: 204, text: '' })
    expect(await works(token)).toBe(false)
    expect(await signInStatus(email, password)).toBe(401)
    const erased = await waitFor(async () => (await audited(id)).find(({ type }) => type === 'customer.erased'))
    expect(erased?.reason).toBe('by the customer')
  })

  test('of another customer is refused, whether or not there is one, and changes nothing', async () => {
    const [own, other] = [await customer(), await customer()]
    const answers: GlueAnswer[] = []
    for (const reference of [other.reference, 'DE--nobody'])
      answers.push(
        await exchange(url, { method: 'DELETE', path: `/customers/${reference}`, headers: bearer(own.token) }),
        await change(own.token, reference, other.password),
      )
    for (const answer of answers) expect(answer.json).toEqual(errors(403, '411', 'Unauthorized request.'))
    expect(await signInStatus(other.email, other.password)).toBe(201)
    expect(await works(other.token)).toBe(true)
  })
})

describe('the agents’ search', () => {
  type Found = { readonly customerReference: string; readonly email: string; readonly firstName: string | null }
  let agent: string
  beforeAll(async () => {
    agent = (await obtain(url, 'agent-access-tokens', AGENT)).accessToken
    for (const [reference, givenName] of [
      ['search-1', 'Zoë'],
      ['search-2', 'ZOËLLE'],
      ['search-3', '100%'],
    ])
      await shop.importRecord({
        customerReference: reference,
        email: `${reference}@search.example`,
        givenName,
        familyName: 'Ångström',
      })
  })
  const search = async (query: string, headers: Record<string, string> = bearer(agent)) => {
    const answer = await exchange(url, { method: 'GET', path: `/agent-customer-search${query}`, headers })
    const { data, links } = answer.json as {
      data: { type: string; id: null; attributes: { customers: Found[] }; links: object }[]
      links: Record<string, string>
    }
    return { answer, links, customers: data[0]?.attributes.customers ?? [], data }
  }
  const references = (found: { readonly customers: readonly Found[] }) =>
    found.customers.map(({ customerReference }) => customerReference)

  test.each([
    ['the beginning of an address', 'search-1@', ['search-1']],
    ['the beginning of a name, without regard to case', 'zoë', ['search-1', 'search-2']],
    ['a family name', 'Ångström', ['search-1', 'search-2', 'search-3']],
    ['a whole reference', 'search-2', ['search-2']],
    ['what is no pattern', '100%', ['search-3']],
    ['a pattern', '%zo', []],
    ['nobody', 'fake_search_request', []],
    ['what cannot be stored', 'a\0', []],
    ['a long text', 'a'.repeat(5000), []],
  ])('finds by %s', async (_, q, wanted) => {
    expect(references(await search(`?q=${encodeURIComponent(q)}`))).toEqual(wanted)
  })

  test('lists ten by default, with links to the other pages, and answers the agent’s header too', async () => {
    const { answer, data, links, customers } = await search('', { 'x-agent-authorization': `Bearer ${agent}` })
    expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
    expect(data).toMatchObject([
      { type: 'agent-customer-search', id: null, links: { self: `${url}/agent-customer-search` } },
    ])
    expect(customers).toHaveLength(10)
    for (const found of customers)
      expect(Object.keys(found)).toEqual(['customerReference', 'email', 'firstName', 'lastName'])
    expect(links).toMatchObject({
      self: `${url}/agent-customer-search`,
      next: expect.stringContaining('page[offset]=10&page[limit]=10'),
    })
    const second = await search(String(links.next).slice(`${url}/agent-customer-search`.length))
    expect(references(second).some((reference) => references({ customers }).includes(reference))).toBe(false)
    expect(second.links).toHaveProperty('prev')
  })

  test('shows nobody who was erased, and is in the audit trail with its agent', async () => {
    const { token, reference } = await customer()
    expect(references(await search(`?q=${reference}`))).toEqual([reference])
    await exchange(url, { method: 'DELETE', path: `/customers/${reference}`, headers: bearer(token) })
    expect(references(await search(`?q=${reference}`))).toEqual([])
    const answer = await waitFor(async () => {
      const found = await fetch(`${shop.server.adminUrl}/v1/audit?type=customers.searched`, {
        headers: { authorization: 'Bearer an-admin-token-for-tests' },
      })
      const { items } = (await found.json()) as { items: { actor?: string; reason?: string }[] }
      return items.length > 0 ? items[0] : undefined
    })
    expect(answer).toMatchObject({ actor: expect.stringMatching(/^agent:/), reason: '0 found' })
  })
})

describe('with REGISTRATION_CONFIRMATION=none', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ REGISTRATION: 'open', REGISTRATION_CONFIRMATION: 'none' })
  })
  afterAll(() => server?.stop())

  test('who registers may sign in at once, and an address that is taken is said to be', async () => {
    const email = 'Nora.Neu@example.com'
    const attempts = await Promise.all(Array.from({ length: 4 }, () => post('customers', nora(email), server.url)))
    const made = attempts.filter(({ status }) => status === 201)
    expect(made).toHaveLength(1)
    const { accessToken } = await obtain(server.url, 'access-tokens', { username: email, password: PASSWORD })
    expect(referenceOf(accessToken)).toBe(idOf(made[0]))
    const taken = await post('customers', nora(email.toUpperCase()), server.url)
    expect(taken).toMatchObject({ status: 422, json: { errors: [{ code: '400', status: 422 }] } })
  })
})

type Endpoint = readonly [string, (at: string, token: string) => Promise<GlueAnswer>]
const ENDPOINTS: readonly Endpoint[] = [
  ['registration', (at) => post('customers', nora('x@example.com'), at)],
  ['a forgotten password', (at) => post('customer-forgotten-password', { email: 'x@example.com' }, at)],
  [
    'a restored password',
    (at) =>
      exchange(at, {
        method: 'PATCH',
        path: '/customer-restore-password/x',
        body: document('customer-restore-password', { restorePasswordKey: 'x', password: NEW, confirmPassword: NEW }),
      }),
  ],
  [
    'a change of the password',
    (at, token) =>
      exchange(at, {
        method: 'PATCH',
        path: '/customer-password/DE--1',
        headers: bearer(token),
        body: document('customer-password', { password: 'x', newPassword: NEW, confirmPassword: NEW }),
      }),
  ],
  ['an erasure', (at, token) => exchange(at, { method: 'DELETE', path: '/customers/DE--1', headers: bearer(token) })],
]

describe('where the shop keeps its customers', () => {
  let server: TestServer
  let token: string
  const service = createServer((_request, response) => {
    const person = {
      id: '0b8f6f6e-54a2-4c8e-8f0f-0c1f8f3d2a10',
      idCustomer: 1,
      customerReference: 'DE--1',
      email: 'x@example.com',
    }
    response.writeHead(200).end(JSON.stringify({ ...person, emailVerified: true }))
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const { port } = service.address() as AddressInfo
    server = await startTestServer({ SHOP_DIRECTORY_URL: `http://127.0.0.1:${port}`, REGISTRATION: 'open' })
    token = (await obtain(server.url, 'access-tokens', { username: 'x@example.com', password: 'x' })).accessToken
  })
  afterAll(async () => {
    await server?.stop()
    service.close()
  })

  test.each(ENDPOINTS)('%s is not available, and says so', async (_, open) => {
    const answer = await open(server.url, token)
    const detail = 'This resource is not available here: the shop keeps its customers itself.'
    expect(answer).toMatchObject({ status: 404, json: errors(404, undefined, detail) })
  })
})

test('registration that is closed is not available', async () => {
  const server = await startTestServer()
  const answer = await post('customers', nora('x@example.com'), server.url)
  expect(answer).toMatchObject({ status: 404, json: errors(404, undefined, 'Registration is not available here.') })
  expect((await post('access-tokens', SONIA, server.url)).status).toBe(201)
  await server.stop()
})

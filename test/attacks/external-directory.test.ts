import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpDirectory } from '../../src/customers/sources/http-directory.ts'
import { createShopService } from '../../src/customers/sources/shop-service.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS } from './password-endpoints.ts'

type Answer = Readonly<Record<string, unknown>>
type Login = { readonly username: string; readonly password: string }

/** A shop's service that gives one answer to every sign-in, and perhaps to every look-up, whatever was asked. */
let answer: Answer | undefined
let isForLookUps = false
let questions: { readonly path: string; readonly login?: string }[] = []
let shop: Server
let shopUrl: string
const OLD_PASSWORD = 'the password of the former shop'
const NEW_PASSWORD = 'the password that was chosen here'

beforeAll(async () => {
  shop = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    questions.push({ path: request.url ?? '', ...(body && JSON.parse(body)) })
    const given = isForLookUps || request.method === 'POST' ? answer : undefined
    response.writeHead(given ? 200 : 404).end(given && JSON.stringify(given))
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => shop.close(resolve)))

type Person = {
  readonly id: string
  readonly idCustomer: number
  readonly email: string
  readonly customerReference: string
}
let next = 900_000
function person(): Person {
  next++
  return { id: randomUUID(), idCustomer: next, email: `p${next}@former.example`, customerReference: `F--${next}` }
}
const recordOf = ({ id, idCustomer, email, customerReference }: Person, more: Answer = {}): Answer => ({
  ...{ id, idCustomer, email, customerReference },
  emailVerified: true,
  ...more,
})

describe('with a former shop', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ...EVERY_DIALECT, ADMIN_TOKEN: OWNER, LEGACY_DIRECTORY_URL: shopUrl })
  })
  afterAll(() => server?.stop())

  const tryPassword = (login: Login) =>
    postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'frontend', ...login })
  const find = async (reference: string) => (await ask(server, OWNER, 'GET', `/v1/customers/${reference}`)).body
  const change = async (reference: string, email: string) => {
    const path = `/v1/customers/${reference}`
    expect((await ask(server, OWNER, 'PATCH', path, { email }, { 'If-Match': '*' })).status).toBe(200)
    expect((await ask(server, OWNER, 'POST', `${path}/confirm`)).status).toBe(200)
  }

  /** A customer who moved here, and chose another address afterwards. */
  async function moved() {
    const customer = person()
    answer = recordOf(customer)
    expect((await tryPassword({ username: customer.email, password: NEW_PASSWORD })).status).toBe(200)
    const email = `new-${customer.email}`
    await change(customer.customerReference, email)
    return { ...customer, oldEmail: customer.email, email }
  }

  test.each(PASSWORD_ENDPOINTS)(
    'at $name the old address of a customer who moved opens nothing, and their password stays',
    async ({ open, statuses }) => {
      const customer = await moved()
      const attempt = await open(server.url)
      answer = recordOf({ ...customer, email: customer.oldEmail })
      expect((await attempt({ username: customer.oldEmail, password: OLD_PASSWORD })).status).toBe(statuses.wrong)
      questions = []
      expect((await attempt({ username: customer.email, password: NEW_PASSWORD })).status).toBe(statuses.right)
      expect(questions, 'asked about a customer who moved').toEqual([])
    },
  )

  /** What a former shop may say to a stranger's right password, and whose account it names. */
  const strangers: [string, (victim: Person, stranger: Person) => Answer][] = [
    ['the whole record of another', (victim) => recordOf(victim)],
    ['the reference of another', (victim, own) => recordOf({ ...own, customerReference: victim.customerReference })],
    ['the id of another', (victim, own) => recordOf({ ...own, id: victim.id })],
    ['the number of another', (victim, own) => recordOf({ ...own, idCustomer: victim.idCustomer })],
    ['the reference and id of another', (victim, own) => recordOf({ ...victim, email: own.email })],
  ]

  test.each(strangers)('a stranger whose answer names %s gets no token and changes nothing', async (_, says) => {
    const imported = person()
    const made = person()
    for (const customer of [imported, made]) {
      const line = JSON.stringify(recordOf(customer))
      expect((await ask(server, OWNER, 'POST', '/v1/customers/import', line)).status).toBe(200)
    }
    answer = recordOf(made)
    expect((await tryPassword({ username: made.email, password: NEW_PASSWORD })).status).toBe(200)
    for (const victim of [imported, made, await moved()]) {
      const before = await find(victim.customerReference)
      const stranger = person()
      answer = says(victim, stranger)
      const tried = await tryPassword({ username: stranger.email, password: OLD_PASSWORD })
      expect([tried.status, await tried.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })])
      expect(await find(victim.customerReference)).toEqual(before)
      answer = undefined
      expect((await tryPassword({ username: victim.email, password: OLD_PASSWORD })).status).toBe(400)
    }
    expect((await tryPassword({ username: made.email, password: NEW_PASSWORD })).status).toBe(200)
  })

  test('the answer about one customer does not change companies and rights that others have here', async () => {
    const [company, role, unit] = [randomUUID(), randomUUID(), randomUUID()]
    const membership = (companyName: string, status: string, key: string) => ({
      companyUsers: [
        {
          id: randomUUID(),
          company: { id: company, name: companyName, status },
          businessUnit: { id: unit, name: companyName },
          roles: [{ id: role, name: companyName, permissions: [{ key }] }],
        },
      ],
    })
    const here = person()
    const line = JSON.stringify(recordOf(here, membership('Of ours', 'blocked', 'See')))
    await ask(server, OWNER, 'POST', '/v1/customers/import', line)
    const before = await find(here.customerReference)
    const moving = person()
    answer = recordOf(moving, membership('Of theirs', 'approved', 'Approve'))
    expect((await tryPassword({ username: moving.email, password: OLD_PASSWORD })).status).toBe(200)
    expect(await find(here.customerReference)).toEqual(before)
    expect(await find(moving.customerReference)).toMatchObject({
      companyUsers: [{ company: { name: 'Of ours', status: 'blocked' }, roles: [{ permissions: [{ key: 'See' }] }] }],
    })
  })

  test('two sign-ins at once of a customer who moves both succeed, and a wrong password beside them does not', async () => {
    const customer = person()
    answer = recordOf(customer)
    const right = Array.from({ length: 4 }, () => tryPassword({ username: customer.email, password: OLD_PASSWORD }))
    expect((await Promise.all(right)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await tryPassword({ username: customer.email, password: 'another' })).status).toBe(400)
  })
})

describe('with customers who stay in the shop', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ...EVERY_DIALECT, ADMIN_TOKEN: OWNER, SHOP_DIRECTORY_URL: shopUrl })
  })
  afterAll(() => server?.stop())

  test.each(PASSWORD_ENDPOINTS)(
    'at $name a sign-in that is answered with another customer is a wrong password',
    async ({ open, statuses }) => {
      isForLookUps = false
      const attempt = await open(server.url)
      const own = person()
      answer = recordOf(person())
      expect((await attempt({ username: own.email, password: OLD_PASSWORD })).status).toBe(statuses.wrong)
    },
  )

  test.each(PASSWORD_ENDPOINTS)(
    'at $name a look-up that is answered with another customer finds nobody: the shop is out of order',
    async ({ open }) => {
      isForLookUps = true
      const attempt = await open(server.url)
      answer = recordOf(person())
      expect((await attempt({ username: person().email, password: OLD_PASSWORD })).status).toBe(503)
    },
  )

  test('no sign-in link is made for another customer than the one that was named', async () => {
    isForLookUps = true
    const own = person()
    answer = recordOf(person())
    const link = () =>
      ask(server, OWNER, 'POST', '/v1/sign-in-links', {
        customerReference: own.customerReference,
      })
    expect((await link()).status).toBe(503)
  })

  test.each([
    ['id', (of: Person) => directory().findById(of.id)],
    ['reference', (of: Person) => directory().findByReference(of.customerReference)],
    ['login', (of: Person) => directory().findByLogin(of.email)],
  ] as const)('a look-up by %s takes the customer with that key, and no other', async (_, lookUp) => {
    isForLookUps = true
    const own = person()
    answer = recordOf(own)
    expect(await lookUp(own)).toBeDefined()
    await expect(lookUp(person())).rejects.toMatchObject({
      error_detail: expect.stringContaining('answered with another customer'),
    })
  })

  const directory = () => createHttpDirectory({ service: createShopService({ url: shopUrl }) })
})

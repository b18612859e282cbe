import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addService,
  type CustomerTokens,
  call,
  SERVICE,
  serviceToken,
  signIn,
} from '../dialects/commercetools/endpoints.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'

/** One account from one address, by default. */
const LOCKOUT_LIMIT = 9
const NEW = 'a password of the thief'

let shop: HostedShop
let url: string
let service: string
let places = 0
beforeAll(async () => {
  shop = await startHostedShop({ ELASTIC_PATH_BACK_ENDS: SERVICE.client_id })
  url = shop.server.url
  await addService(shop.server.adminUrl)
  service = await serviceToken(url)
})
afterAll(() => shop?.stop())

const newPlace = () => ({ 'x-forwarded-for': `203.0.113.${++places}` })
const isLetIn = async (email: string, password: string) =>
  (await signIn(url, email, password, newPlace())).status === 200
const passwordToken = async (email: string) =>
  String((await call(url, 'POST', '/shop/customers/password-token', { token: service, body: { email } })).body.value)
const emailToken = async (id: string) =>
  String(
    (await call(url, 'POST', '/shop/customers/email-token', { token: service, body: { id, ttlMinutes: 5 } })).body
      .value,
  )
const reset = async (tokenValue: string) =>
  (
    await call(url, 'POST', '/shop/customers/password/reset', {
      token: service,
      body: { tokenValue, newPassword: NEW },
    })
  ).status
const confirm = async (tokenValue: string) =>
  (await call(url, 'POST', '/shop/customers/email/confirm', { token: service, body: { tokenValue } })).status

async function backEndBearer(): Promise<string> {
  const fields = { grant_type: 'client_credentials', client_id: SERVICE.client_id, client_secret: SERVICE.secret }
  const answer = await postForm(`${url}/oauth/access_token`, fields)
  return ((await answer.json()) as { access_token: string }).access_token
}

type Guess = (customer: { id: string }, current: string, place: Record<string, string>) => Promise<number>

/** Endpoints at which a service of the shop passes on what a person typed as their current password. */
const GUESSES: readonly [string, Guess, { readonly wrong: number }][] = [
  [
    'commercetools’ /customers/password',
    async ({ id }, currentPassword, headers) => {
      const body = { id, version: 1, currentPassword, newPassword: NEW }
      return (await call(url, 'POST', '/shop/customers/password', { token: service, body, headers })).status
    },
    { wrong: 400 },
  ],
  [
    'Elastic Path’s PUT /v2/customers/{id}',
    async ({ id }, current_password, place) => {
      const answer = await fetch(`${url}/v2/customers/${id}`, {
        method: 'PUT',
        body: JSON.stringify({ data: { type: 'customer', password: NEW, current_password } }),
        headers: { authorization: `Bearer ${await backEndBearer()}`, 'content-type': 'application/json', ...place },
      })
      return answer.status
    },
    { wrong: 422 },
  ],
]

test.each(GUESSES)('through %s nobody guesses more often than at a sign-in', async (_, guess, { wrong }) => {
  const customer = await shop.addCustomer()
  const place = newPlace()
  for (let count = 0; count < LOCKOUT_LIMIT; count++)
    expect([count, await guess(customer, `wrong ${count}`, place)]).toEqual([count, wrong])
  expect(await guess(customer, customer.password, place)).toBe(429)
  expect((await signIn(url, customer.email, customer.password, place)).status).toBe(400)
})

describe('a key in the hands of a service', () => {
  test('for one purpose is none for the other, and is still good for its own', async () => {
    const { id, email } = await shop.addCustomer({ emailVerified: false })
    const [forPassword, forAddress] = [await passwordToken(email), await emailToken(id)]
    expect([await reset(forAddress), await confirm(forPassword)]).toEqual([404, 404])
    expect([await confirm(forAddress), await reset(forPassword)]).toEqual([200, 200])
  })

  test('confirms no address that the customer got later, and sets no password of that account', async () => {
    const customer = await shop.addCustomer({ emailVerified: false })
    const [forPassword, forAddress] = [await passwordToken(customer.email), await emailToken(customer.id)]
    await shop.changeEmail(customer, `moved.${customer.email}`)
    expect([await confirm(forAddress), await reset(forPassword)]).toEqual([404, 404])
  })

  test('confirms once, of many at once', async () => {
    const { id } = await shop.addCustomer({ emailVerified: false })
    const key = await emailToken(id)
    const statuses = await Promise.all(Array.from({ length: 8 }, () => confirm(key)))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })

  test('is not made for a customer who is blocked', async () => {
    const { id, email } = await shop.addCustomer({ status: 'blocked' })
    expect([await passwordToken(email), await emailToken(id)]).toEqual(['undefined', 'undefined'])
  })
})

test('a service of one shop is none of the other: its token opens nothing there', async () => {
  const { id, email, password } = await shop.addCustomer()
  const bearer = await backEndBearer()
  const body = { email }
  expect((await call(url, 'POST', '/shop/customers/password-token', { token: bearer, body })).status).toBe(401)
  const headers = { authorization: `Bearer ${service}`, 'content-type': 'application/json' }
  const erased = await fetch(`${url}/v2/customers/${id}`, { method: 'DELETE', headers })
  expect(erased.status).toBe(401)
  expect(await isLetIn(email, password)).toBe(true)
})

test('a customer’s bearer in the place of a back-end’s, or beside it, is that customer and no more', async () => {
  const [thief, other] = [await shop.addCustomer(), await shop.addCustomer()]
  const answer = await postForm(`${url}/token`, {
    grant_type: 'password',
    client_id: 'frontend',
    username: thief.email,
    password: thief.password,
    resource: 'urn:vestibule:dialect:elastic-path',
    scope: 'store:write',
  })
  const { access_token } = (await answer.json()) as CustomerTokens
  const put = async (bearer: string, token?: string) =>
    (
      await fetch(`${url}/v2/customers/${other.id}`, {
        method: 'PUT',
        body: JSON.stringify({ data: { type: 'customer', password: NEW } }),
        headers: {
          authorization: `Bearer ${bearer}`,
          'content-type': 'application/json',
          ...(token && { 'x-moltin-customer-token': token }),
        },
      })
    ).status
  const implicit = await implicitToken(url)
  const login = { type: 'token', email: thief.email, password: thief.password }
  const signedIn = await postData(`${url}/v2/customers/tokens`, login, `Bearer ${implicit}`)
  const { data } = (await signedIn.json()) as { data: { token: string } }
  expect(await put(access_token)).toBe(401)
  for (const bearer of [implicit, await backEndBearer()]) expect(await put(bearer, data.token)).toBe(403)
  expect(await isLetIn(other.email, other.password)).toBe(true)
})

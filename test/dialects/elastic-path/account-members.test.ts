import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { lettersIn } from '../../support/outbox.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { ACCOUNT_TOKEN, implicitToken, member, postData, RON_ID } from './endpoints.ts'

let server: TestServer
let bearer: string

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path' })
  bearer = await implicitToken(server.url)
})
afterAll(() => server.stop())

const BUYER = { username: 'test@meetanshi.com', password: 'Meet@123' }
const RON = { username: 'ron@swanson.com', password: 'mysecretpassword' }
const HEADER = 'EP-Account-Management-Authentication-Token'

type Account = { account_id: string; account_name: string; token: string; expires: string; type: string }
type Answer = { data: Account[]; account_member_id: string; meta: Record<string, unknown>; errors?: object[] }

async function ask(data: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: Answer }> {
  const answer = await postData(`${server.url}/v2/account-members/tokens`, data, `Bearer ${bearer}`, headers)
  return { status: answer.status, body: (await answer.json()) as Answer }
}

const introspect = async (token: string) =>
  (
    await postForm(`${server.url}/introspect`, { token }, basicAuth('orders-service', 'orders-service-secret'))
  ).json() as Promise<Record<string, unknown>>

test('a person with two companies gets a token for each, each of them acting for that company', async () => {
  const { status, body } = await ask(member('password', BUYER))
  expect(status).toBe(201)
  expect(body.data.map(({ account_name }) => account_name)).toEqual(['Northern Hardware', 'Southern Supplies'])
  expect(body.meta).toMatchObject({
    page: { limit: 25, current: 0, offset: 0, total: 2 },
    results: { total: 2 },
    account_member_id: expect.any(String),
  })
  for (const account of body.data) {
    expect(account).toMatchObject({ type: ACCOUNT_TOKEN })
    expect(account.expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const { payload } = await jwtVerify(account.token, createRemoteJWKSet(new URL(`${server.url}/jwks`)))
    expect(payload).toMatchObject({ sub: body.meta.account_member_id, scope: account.account_id })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(86_400)
    expect(await introspect(account.token)).toMatchObject({ active: true, id_company_user: expect.any(String) })
  }
})

test('who has no company has one account, their own', async () => {
  const { body } = await ask(member('password', RON))
  expect(body.data).toMatchObject([{ account_id: RON_ID, account_name: 'Ron Swanson' }])
})

test('the account is switched by the token one has', async () => {
  const first = await ask(member('password', BUYER))
  const held = first.body.data[1]?.token as string
  const { status, body } = await ask(member(ACCOUNT_TOKEN), { [HEADER]: held })
  expect(status).toBe(201)
  expect(body.data.map(({ account_id }) => account_id)).toEqual(first.body.data.map(({ account_id }) => account_id))
  expect(body.data[1]?.token).toBe(held)
  expect(await introspect(body.data[0]?.token as string)).toMatchObject({ active: true })
})

test('the account is switched by a token in the header the SDK has for customers', async () => {
  const first = await ask(member('password', BUYER))
  const { status, body } = await ask(member(ACCOUNT_TOKEN), {
    'X-Moltin-Customer-Token': String(first.body.data[0]?.token),
  })
  expect([status, body.data.length]).toEqual([201, 2])
})

test('a switch without a token, or with one of another kind, is 401', async () => {
  for (const headers of [{}, { [HEADER]: 'x' }, { [HEADER]: bearer }] as Record<string, string>[]) {
    const { status, body } = await ask(member(ACCOUNT_TOKEN), headers)
    expect([status, body]).toEqual([401, { errors: [{ title: 'Unauthorized', status: '401' }] }])
  }
})

test.each<[string, unknown, number, object[]]>([
  [
    'a wrong password',
    member('password', { ...RON, password: 'x' }),
    422,
    [{ title: 'Unprocessable Entity', status: '422' }],
  ],
  [
    'a wrong code',
    member('passwordless', { username: RON.username, one_time_password_token: 'abc234' }),
    422,
    [{ title: 'Unprocessable Entity', status: '422' }],
  ],
  [
    'no mechanism',
    { type: ACCOUNT_TOKEN, ...RON },
    422,
    [{ detail: 'The selected data.authentication_mechanism is invalid.' }],
  ],
  [
    'a sign-up without a name and an address',
    member('self_signup', RON),
    422,
    [{ detail: 'The data.name field is required.' }, { detail: 'The data.email field is required.' }],
  ],
  [
    'another type',
    { ...member('password', RON), type: 'token' },
    422,
    [{ detail: 'The selected data.type is invalid.' }],
  ],
  ['no login', member('password', { password: 'x' }), 422, [{ detail: 'The data.username field is required.' }]],
])('%s is refused', async (_, data, status, errors) => {
  const answer = await ask(data)
  expect([answer.status, answer.body]).toMatchObject([status, { errors }])
})

test('without a bearer nothing is answered', async () => {
  const answer = await postData(`${server.url}/v2/account-members/tokens`, member('password', RON), 'Bearer x')
  expect([answer.status, await answer.json()]).toEqual([401, { errors: [{ title: 'Unauthorized', status: '401' }] }])
})

const REQUEST = '/v2/authentication-realms/realm/password-profiles/profile/one-time-password-token-request'
const request = (fields: Record<string, unknown> = {}) => ({
  type: 'one_time_password_token_request',
  username: RON.username,
  purpose: 'passwordless_authentication',
  ...fields,
})

const mails = () => lettersIn(server.config.DATA_DIR)

test('a code that came by mail lets its customer in, once', async () => {
  const asked = await postData(`${server.url}${REQUEST}`, request({ username: 'Ron@Swanson.com' }), `Bearer ${bearer}`)
  expect([asked.status, await asked.text()]).toEqual([202, ''])
  const mail = await waitFor(() => mails()[0], { what: 'the mail' })
  expect(mail).toContain('To: ron@swanson.com')
  const one_time_password_token = /Your code .*\bis (\w{6})\b/.exec(mail)?.[1]
  const signIn = () => ask(member('passwordless', { username: RON.username, one_time_password_token }))
  expect((await signIn()).status).toBe(201)
  expect((await signIn()).status).toBe(422)
})

test('nobody learns by asking for a code who is a customer', async () => {
  const before = mails().length
  const asked = await postData(
    `${server.url}${REQUEST}`,
    request({ username: 'nobody@example.com' }),
    `Bearer ${bearer}`,
  )
  expect([asked.status, await asked.text()]).toEqual([202, ''])
  expect(mails()).toHaveLength(before)
})

test.each([
  ['another purpose', request({ purpose: 'reset_password' }), 422],
  ['another type', request({ type: 'x' }), 422],
  ['no login', request({ username: '' }), 422],
  ['the other spelling of the type', request({ type: 'one-time-password-token-request' }), 202],
])('a request with %s is answered with its status', async (_, data, status) => {
  expect((await postData(`${server.url}${REQUEST}`, data, `Bearer ${bearer}`)).status).toBe(status)
})

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { type MailSink, startMailSink } from '../../interaction/mail-sink.ts'
import type { TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import {
  isActive,
  PRIVATE,
  PRIVATE_CLIENT,
  PUBLIC_CLIENT,
  partsOf,
  post,
  RON,
  refresh,
  SECRET,
  SITE,
  SONIA,
  sdkAt,
  signIn,
  startShop,
} from './shop.ts'

let server: TestServer
let mails: MailSink
/** The shop's own service that mails what it is called with. */
let shop: Server
let callback: string
let called: Record<string, string>[] = []

beforeAll(async () => {
  mails = await startMailSink()
  shop = createServer(async (request, response) => {
    called.push((await json(request)) as Record<string, string>)
    response.end()
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  callback = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/callback`
  server = await startShop({
    MAIL_URL: mails.url,
    SLAS_CALLBACK_URIS: callback,
    SHOP_PASSWORD_RESET_URL: 'https://shop.example/reset?key={key}',
  })
})
beforeEach(() => {
  called = []
})
afterAll(async () => {
  await server?.stop()
  await mails?.stop()
  shop?.close()
})

const url = () => server.url
const calledWith = (login: string) => waitFor(() => called.find(({ user_id }) => user_id === login), { what: 'a call' })
let made = 0
/** Everybody may ask for six codes: each test has a customer of its own. */
async function newCustomer(): Promise<{ username: string; password: string }> {
  const username = `codes-${++made}@shop.example`
  const record = { email: username, customerReference: `codes-${made}`, emailVerified: true }
  const password = 'a password for tests 4711'
  const { status, body } = await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return { username, password }
}
const asked = (user_id: string, more: Record<string, string> = {}) => ({
  user_id,
  mode: 'callback',
  callback_uri: callback,
  ...more,
})
const tokenOf = (pwdless_login_token: string, more: Record<string, string> = {}) =>
  post(
    url(),
    'passwordless/token',
    { grant_type: 'client_credentials', hint: 'pwdless_login', pwdless_login_token, ...more },
    PRIVATE,
  )

describe('signing in without a password', () => {
  test('cases 12 and 13: the SDK asks for a token, which the shop’s address is called with, and which works once', async () => {
    const { helper } = sdkAt(url(), PRIVATE_CLIENT)
    const credentials = { clientSecret: SECRET }
    const parameters = { userid: RON.username, callbackURI: callback, mode: 'callback' }
    const answer = await helper('authorizePasswordless', { credentials, parameters })
    expect((answer as unknown as Response).status).toBe(200)
    const call = await calledWith(RON.username)
    expect(called).toHaveLength(1)
    expect(call).toMatchObject({ email_id: RON.username, token: call.pwdless_login_token })
    const pwdlessLoginToken = call.token
    const tokens = await helper('getPasswordLessAccessToken', { credentials, parameters: { pwdlessLoginToken } })
    expect(partsOf(String(tokens.access_token))).toEqual(
      expect.arrayContaining([`upn:${RON.username}`, 'login:pwdless']),
    )
    await expect(
      helper('getPasswordLessAccessToken', { credentials, parameters: { pwdlessLoginToken } }),
    ).rejects.toThrow('400')
  })

  test('case 12: an address that is not registered is not called, and nobody is for an unknown login', async () => {
    const { username } = await newCustomer()
    const wrong = asked(username, { callback_uri: `${callback}/other` })
    expect((await post(url(), 'passwordless/login', wrong, PRIVATE)).status).toBe(400)
    const unknown = await post(url(), 'passwordless/login', asked('nobody@shop.example'), PRIVATE)
    const known = await post(url(), 'passwordless/login', asked(username), PRIVATE)
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body])
    await calledWith(username)
    expect(called.map(({ user_id }) => user_id)).toEqual([username])
  })

  test('case 13: a token of another login gives nothing', async () => {
    const { username } = await newCustomer()
    await post(url(), 'passwordless/login', asked(username), PRIVATE)
    const { token = '' } = await calledWith(username)
    expect((await tokenOf(token, { login_id: SONIA.username })).status).toBe(400)
  })

  test('the login of a token is one mailbox, however its domain is written', async () => {
    const username = 'codes@xn--mller-kva.example'
    const record = { email: username, customerReference: 'codes-spelled', emailVerified: true }
    await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password: 'a password for tests 4711' })
    await post(url(), 'passwordless/login', asked(username), PRIVATE)
    const { token = '' } = await waitFor(() => called[0], { what: 'a call' })
    expect((await tokenOf(token, { login_id: 'Codes@MÜLLER.example' })).status).toBe(200)
  })

  test('a code from our mail signs in with its login, once', async () => {
    const { username } = await newCustomer()
    const fields = { user_id: username, mode: 'email' }
    expect((await post(url(), 'passwordless/login', fields, PRIVATE)).status).toBe(200)
    const code = /code for .+ is (\w+)\./.exec((await mails.mailTo(username)).text)?.[1] ?? ''
    expect((await tokenOf(code)).status, 'without the login').toBe(400)
    expect((await tokenOf(code, { login_id: SONIA.username })).status).toBe(400)
    const { status, body } = await tokenOf(code, { login_id: username })
    expect([status, partsOf(body.access_token)[1]]).toEqual([200, `upn:${username}`])
    expect((await tokenOf(code, { login_id: username })).status).toBe(400)
  })

  test('case 14: the seventh code within ten minutes is 429, for a login that is nobody’s too', async () => {
    const { username } = await newCustomer()
    for (const login of [username, 'nobody-at-all@shop.example']) {
      const statuses: number[] = []
      for (let time = 0; time < 7; time++)
        statuses.push((await post(url(), 'passwordless/login', asked(login), PRIVATE)).status)
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429])
    }
  })

  test('a public client and a wrong secret get no code', async () => {
    const { username } = await newCustomer()
    expect((await post(url(), 'passwordless/login', { ...asked(username), client_id: PUBLIC_CLIENT })).status).toBe(401)
    expect(called).toEqual([])
  })

  test('a code is checked without a sign-in, once', async () => {
    const { username } = await newCustomer()
    const fields = { client_id: PUBLIC_CLIENT, user_id: username }
    expect((await post(url(), 'otp/request', { ...fields, mode: 'email' })).status).toBe(200)
    const code = /code for .+ is (\w+)\./.exec((await mails.mailTo(username)).text)?.[1] ?? ''
    const verify = (pwd_action_token: string) => post(url(), 'otp/verify', { ...fields, pwd_action_token })
    expect([(await verify('wrong0')).status, (await verify(code)).status, (await verify(code)).status]).toEqual([
      400, 200, 400,
    ])
  })
})

describe('a new password', () => {
  const setPassword = (pwd_action_token: string, new_password: string, more: Record<string, string> = {}) =>
    post(url(), 'password/action', { client_id: PUBLIC_CLIENT, pwd_action_token, new_password, ...more })

  test('case 25: by the key that the shop’s address is called with, once; it ends what was signed in before', async () => {
    const customer = await newCustomer()
    const before = await signIn(url(), customer)
    expect(before.status).toBe(200)
    const { username } = customer
    expect((await post(url(), 'password/reset', { client_id: PUBLIC_CLIENT, ...asked(username) })).status).toBe(200)
    const { token = '' } = await calledWith(username)
    expect((await setPassword(token, 'short')).status, 'a weak one leaves the key good').toBe(400)
    expect((await setPassword(token, 'another good one 42', { user_id: SONIA.username })).status).toBe(400)
    expect((await setPassword(token, 'another good one 42', { user_id: username })).status).toBe(200)
    expect((await setPassword(token, 'a third good one 42')).status).toBe(400)
    expect(await isActive(url(), before.body.access_token)).toBe(false)
    expect((await refresh(url(), before.body.refresh_token)).status).toBe(400)
    expect((await signIn(url(), customer)).status).toBe(401)
    expect((await signIn(url(), { username, password: 'another good one 42' })).status).toBe(200)
  })

  test('by a letter of ours', async () => {
    const { username } = await newCustomer()
    const fields = { client_id: PUBLIC_CLIENT, user_id: username, mode: 'email' }
    expect((await post(url(), 'password/reset', fields)).status).toBe(200)
    const key = new URL((await mails.mailTo(username)).link).searchParams.get('key') ?? ''
    expect((await setPassword(key, 'another good one 42')).status).toBe(200)
    expect((await signIn(url(), { username, password: 'another good one 42' })).status).toBe(200)
  })

  test('answers alike for who is unknown', async () => {
    const { username } = await newCustomer()
    const reset = (user_id: string) =>
      post(url(), 'password/reset', { client_id: PUBLIC_CLIENT, ...asked(user_id), channel_id: SITE })
    const [known, unknown] = [await reset(username), await reset('not-a-customer@shop.example')]
    expect([unknown.status, unknown.body]).toEqual([known.status, known.body])
  })
})

test('case 22: a colon in a name does not add a part', async () => {
  const { username, password } = await newCustomer()
  const changed = await ask(
    server,
    OWNER,
    'PATCH',
    `/v1/customers/codes-${made}`,
    { givenName: 'a:b' },
    { 'If-Match': '*' },
  )
  expect(changed.status).toBe(200)
  const parts = partsOf((await signIn(url(), { username, password })).body.access_token)
  expect([parts.length, parts[2]]).toEqual([6, 'uidn:a%3Ab'])
})

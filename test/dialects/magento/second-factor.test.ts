import { generate } from 'otplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm, postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const TOKEN = 'an-admin-token-for-tests'
const PASSWORD = 'correct horse battery'
const ADMIN = '/rest/V1/integration/admin/token'
const AUTHENTICATE = '/rest/V1/tfa/provider/google/authenticate'
const REFUSED =
  'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.'
const OTHER_ENDPOINT = {
  message: 'Please use the 2fa provider-specific endpoints to obtain a token.',
  parameters: { active_providers: ['google'] },
}
const STEP_SECONDS = 30

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN, LOCKOUT_ATTEMPTS: '3', LOCKOUT_ADDRESS_ATTEMPTS: '1000' })
})
afterAll(() => server?.stop())

const admin = async (path: string, body: object = {}) => {
  const answer = await postJson(`${server.adminUrl}/v1/agents${path}`, body, { authorization: `Bearer ${TOKEN}` })
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}
const ask = async (path: string, body: object) => {
  const answer = await postJson(server.url + path, body)
  return [answer.status, await answer.json()]
}

let count = 0
async function newAgent(): Promise<{ id: string; username: string }> {
  count += 1
  const username = `agent-${count}@example.com`
  const { body } = await admin('', { email: username, password: PASSWORD })
  return { id: String(body.id), username }
}

/** The code of a time step, counted from now. A step ahead is accepted, and is not the one that confirmed. */
const codeOf = (secret: string, stepsAhead = 0) =>
  generate({ secret, epoch: Math.floor(Date.now() / 1000) + stepsAhead * STEP_SECONDS })

async function enrolled(): Promise<{ id: string; username: string; secret: string }> {
  const agent = await newAgent()
  const { body } = await admin(`/${agent.id}/second-factor`)
  const secret = String(body.secret)
  const confirmed = await admin(`/${agent.id}/second-factor/confirm`, { code: await codeOf(secret) })
  expect(confirmed.status).toBe(200)
  return { ...agent, secret }
}

describe('an agent with a second factor', () => {
  test('is sent from the admin endpoint to the provider’s, and gets a token there for password and code', async () => {
    const { username, secret } = await enrolled()
    expect(await ask(ADMIN, { username, password: PASSWORD })).toEqual([400, OTHER_ENDPOINT])
    const otp = await codeOf(secret, 1)
    const [status, token] = await ask(AUTHENTICATE, { username, password: PASSWORD, otp })
    expect([status, token]).toEqual([200, expect.stringMatching(/^[a-z0-9]{32}$/)])
    const orders = basicAuth('orders-service', 'orders-service-secret')
    const found = await postForm(`${server.url}/introspect`, { token: String(token) }, orders)
    expect(await found.json()).toMatchObject({ active: true, aud: 'urn:vestibule:dialect:magento-admin' })
  })

  test('uses each code once, however many ask at the same time', async () => {
    const { username, secret } = await enrolled()
    const otp = await codeOf(secret, 1)
    const send = () => ask(AUTHENTICATE, { username, password: PASSWORD, otp })
    const statuses = (await Promise.all([send(), send()])).map(([status]) => status)
    expect(statuses.toSorted()).toEqual([200, 401])
    expect(await send()).toEqual([401, { message: 'Invalid code.' }])
  })

  test('is told of a wrong code only with the right password', async () => {
    const { username } = await enrolled()
    expect(await ask(AUTHENTICATE, { username, password: PASSWORD, otp: '000000' })).toEqual([
      401,
      { message: 'Invalid code.' },
    ])
    expect(await ask(AUTHENTICATE, { username, password: 'wrong', otp: '000000' })).toEqual([401, { message: REFUSED }])
    expect(await ask(ADMIN, { username, password: 'wrong' })).toEqual([401, { message: REFUSED }])
  })

  test('is locked out by wrong codes as by wrong passwords, and a password alone forgives none of them', async () => {
    const { username, secret } = await enrolled()
    for (const otp of ['000000', 'abcdef', '0']) {
      expect((await ask(AUTHENTICATE, { username, password: PASSWORD, otp }))[0]).toBe(401)
      await ask(ADMIN, { username, password: PASSWORD })
    }
    const otp = await codeOf(secret, 1)
    expect(await ask(AUTHENTICATE, { username, password: PASSWORD, otp })).toEqual([401, { message: REFUSED }])
    expect(await ask(ADMIN, { username, password: PASSWORD })).toEqual([401, { message: REFUSED }])
  })

  test('gets no token at any other endpoint without a code', async () => {
    const { username, secret } = await enrolled()
    const attributes = { username, password: PASSWORD }
    const document = { data: { type: 'agent-access-tokens', attributes } }
    expect((await postJson(`${server.url}/agent-access-tokens`, document)).status).toBe(401)
    const backOffice = await postJson(`${server.url}/token`, { grantType: 'password', ...attributes })
    expect([backOffice.status, await backOffice.json()]).toMatchObject([400, [{ code: 'invalid_grant' }]])
    const grant = { grant_type: 'urn:vestibule:grant:agent', client_id: 'frontend', ...attributes }
    const plain = await postForm(`${server.url}/token`, grant)
    expect([plain.status, await plain.json()]).toMatchObject([400, { error: 'second_factor_required' }])
    const withCode = { 'x-mfa-code': await codeOf(secret, 1) }
    expect((await postJson(`${server.url}/agent-access-tokens`, document, withCode)).status).toBe(201)
  })
})

test.each([
  ['no code', { username: 'a', password: 'b' }, { fieldName: 'otp' }],
  ['an empty code', { username: 'a', password: 'b', otp: '' }, { fieldName: 'otp' }],
])('%s is a missing field', async (_, body, parameters) => {
  const message = '"%fieldName" is required. Enter and try again.'
  expect(await ask(AUTHENTICATE, body)).toEqual([400, { message, parameters }])
})

test('another provider is no route', async () => {
  const [status] = await ask('/rest/V1/tfa/provider/duo_security/authenticate', {})
  expect(status).toBe(404)
})

describe('enrolment', () => {
  test('changes nothing before a code confirms it, and ends what a password alone opened', async () => {
    const { id, username } = await newAgent()
    const [, before] = await ask(ADMIN, { username, password: PASSWORD })
    const { body } = await admin(`/${id}/second-factor`)
    expect(body.uri).toMatch(/^otpauth:\/\/totp\/.*secret=[A-Z2-7]{32}/)
    expect((await ask(ADMIN, { username, password: PASSWORD }))[0]).toBe(200)
    expect(await admin(`/${id}/second-factor/confirm`, { code: '000000' })).toMatchObject({ status: 409 })
    await admin(`/${id}/second-factor/confirm`, { code: await codeOf(String(body.secret)) })
    const orders = basicAuth('orders-service', 'orders-service-secret')
    const found = await postForm(`${server.url}/introspect`, { token: String(before) }, orders)
    expect(await found.json()).toEqual({ active: false })
  })

  test('shows a secret once: another needs the first to be removed', async () => {
    const { id, username } = await enrolled()
    expect(await admin(`/${id}/second-factor`)).toMatchObject({ status: 409, body: { code: 'second-factor-exists' } })
    const headers = { authorization: `Bearer ${TOKEN}` }
    const list = await (await fetch(`${server.adminUrl}/v1/agents`, { headers })).text()
    expect(list).toContain('"hasSecondFactor":true')
    expect(list).not.toContain('secret')
    expect((await admin(`/${id}/second-factor/remove`)).status).toBe(200)
    expect((await ask(ADMIN, { username, password: PASSWORD }))[0]).toBe(200)
  })

  test('of nobody is refused', async () => {
    for (const action of ['', '/remove']) expect((await admin(`/nobody/second-factor${action}`)).status).toBe(404)
  })
})

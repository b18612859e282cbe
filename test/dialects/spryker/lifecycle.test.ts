import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import {
  AGENT,
  bearer,
  decode,
  document,
  errors,
  exchange,
  OTHER_COMPANY_USER,
  obtain,
  SONIA,
  SONIA_COMPANY_USER,
} from './exchange.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ LOCKOUT_ATTEMPTS: '2', LOCKOUT_BLOCK_SECONDS: '360' })
})
afterAll(() => server?.stop())

const REFUSED_REFRESH = { status: 401, json: errors(401, '004', 'Failed to refresh token.') }
const TEST_BUYER = { username: 'test@meetanshi.com', password: 'Meet@123' }

const refresh = (refreshToken: string) =>
  exchange(server.url, { path: '/refresh-tokens', body: document('refresh-tokens', { refreshToken }) })
const remove = (id: string, accessToken: string) =>
  exchange(server.url, { method: 'DELETE', path: `/refresh-tokens/${id}`, headers: bearer(accessToken) })
const isActive = async (token: string) => {
  const client = basicAuth('orders-service', 'orders-service-secret')
  return ((await (await postForm(`${server.url}/introspect`, { token }, client)).json()) as { active: boolean }).active
}

describe('refreshing', () => {
  test('a refresh token is short enough for a URL and used once: later reuse ends the family', async () => {
    const first = await obtain(server.url, 'access-tokens', SONIA)
    expect(first.refreshToken.length).toBeLessThan(200)
    const second = await obtain(server.url, 'refresh-tokens', { refreshToken: first.refreshToken })
    expect(second).not.toHaveProperty('idCompanyUser')
    const third = await obtain(server.url, 'refresh-tokens', { refreshToken: second.refreshToken })
    expect(await refresh(first.refreshToken)).toMatchObject(REFUSED_REFRESH)
    expect(await refresh(third.refreshToken)).toMatchObject(REFUSED_REFRESH)
  })

  test('an access token is no refresh token', async () => {
    const { accessToken } = await obtain(server.url, 'access-tokens', SONIA)
    expect(await refresh(accessToken)).toMatchObject(REFUSED_REFRESH)
  })
})

describe('signing out', () => {
  test('of one’s own refresh token, as often as one likes', async () => {
    const { accessToken, refreshToken } = await obtain(server.url, 'access-tokens', SONIA)
    const answer = await remove(refreshToken, accessToken)
    expect(answer).toMatchObject({ status: 204, text: '' })
    expect(await refresh(refreshToken)).toMatchObject(REFUSED_REFRESH)
    expect(await isActive(accessToken)).toBe(false)
    expect(await remove(refreshToken, accessToken)).toMatchObject({ status: 204 })
  })

  test('leaves somebody else’s refresh token alone, and does not say so', async () => {
    const { accessToken } = await obtain(server.url, 'access-tokens', SONIA)
    const other = await obtain(server.url, 'access-tokens', TEST_BUYER)
    expect(await remove(other.refreshToken, accessToken)).toMatchObject({ status: 204 })
    expect(await refresh(other.refreshToken)).toMatchObject({ status: 201 })
  })

  test('everywhere ends company users’ and impersonating agents’ tokens too', async () => {
    const { accessToken, refreshToken } = await obtain(server.url, 'access-tokens', TEST_BUYER)
    const choice = { idCompanyUser: OTHER_COMPANY_USER }
    const companyUser = await obtain(server.url, 'company-user-access-tokens', choice, bearer(accessToken))
    const agent = await obtain(server.url, 'agent-access-tokens', AGENT)
    const impersonated = await impersonate(agent.accessToken, 'DE--23')
    expect(await remove('mine', accessToken)).toMatchObject({ status: 204 })
    for (const token of [refreshToken, companyUser.refreshToken, impersonated.refreshToken]) {
      expect(await refresh(token)).toMatchObject(REFUSED_REFRESH)
    }
    expect(await refresh(agent.refreshToken)).toMatchObject({ status: 201 })
    expect(await remove('mine', accessToken)).toMatchObject({ status: 204 })
    await obtain(server.url, 'access-tokens', TEST_BUYER)
  })

  test('an agent may sign out as well, by either header', async () => {
    const agent = await obtain(server.url, 'agent-access-tokens', AGENT)
    const headers = { 'x-agent-authorization': `Bearer ${agent.accessToken}` }
    const path = `/refresh-tokens/${agent.refreshToken}`
    expect(await exchange(server.url, { method: 'DELETE', path, headers })).toMatchObject({ status: 204 })
    expect(await refresh(agent.refreshToken)).toMatchObject(REFUSED_REFRESH)
  })
})

describe('crossing borders', () => {
  test('a customer cannot act as a company user of another customer, not even after choosing their own', async () => {
    const { accessToken } = await obtain(server.url, 'access-tokens', SONIA)
    const own = await choose(accessToken, SONIA_COMPANY_USER)
    const chosen = (own.json as { data: { attributes: { accessToken: string } } }).data.attributes.accessToken
    for (const token of [accessToken, chosen]) {
      expect(await choose(token, OTHER_COMPANY_USER)).toMatchObject({
        status: 401,
        json: { errors: [{ code: '003' }] },
      })
    }
  })

  test('a company user chosen by an impersonating agent keeps the agent in the token', async () => {
    const agent = await obtain(server.url, 'agent-access-tokens', AGENT)
    const impersonated = await impersonate(agent.accessToken, 'DE--23')
    const answer = await choose(impersonated.accessToken, OTHER_COMPANY_USER)
    const { accessToken } = (answer.json as { data: { attributes: { accessToken: string } } }).data.attributes
    expect(decode(accessToken).payload).toMatchObject({ scopes: ['company_user'], act: { sub: expect.any(String) } })
  })

  test('an agent cannot be impersonated, by any name', async () => {
    const agent = await obtain(server.url, 'agent-access-tokens', AGENT)
    const account = String(decode(agent.accessToken).payload.agent_id)
    for (const customerReference of ['agent@example.com', account, account.slice('agent:'.length), '1']) {
      const answer = await exchange(server.url, {
        path: '/agent-customer-impersonation-access-tokens',
        headers: bearer(agent.accessToken),
        body: document('agent-customer-impersonation-access-tokens', { customerReference }),
      })
      expect(answer).toMatchObject({ status: 401, json: { errors: [{ code: '4104' }] } })
    }
  })

  test('a refresh token is no bearer token', async () => {
    const { refreshToken } = await obtain(server.url, 'access-tokens', SONIA)
    expect(await choose(refreshToken, SONIA_COMPANY_USER)).toMatchObject({
      status: 401,
      json: { errors: [{ code: '001' }] },
    })
  })

  test('a token that another app was given is no token here', async () => {
    const client = basicAuth('third-party-app', 'third-party-app-secret')
    const response = await postForm(`${server.url}/token`, { grant_type: 'password', ...SONIA }, client)
    const { access_token } = (await response.json()) as { access_token: string }
    expect(await choose(access_token, SONIA_COMPANY_USER)).toMatchObject({
      status: 401,
      json: { errors: [{ code: '001' }] },
    })
    expect(await remove('mine', access_token)).toMatchObject({ status: 401 })
  })

  test('an app cannot trade its own token for one of the dialect by the grant itself', async () => {
    const client = basicAuth('third-party-app', 'third-party-app-secret')
    const response = await postForm(`${server.url}/token`, { grant_type: 'password', ...SONIA }, client)
    const { access_token: subject_token } = (await response.json()) as { access_token: string }
    for (const grant_type of ['urn:vestibule:grant:company-user', 'urn:vestibule:grant:impersonation']) {
      const asked = { grant_type, subject_token, company_user_id: SONIA_COMPANY_USER, customer_reference: 'DE--21' }
      expect((await postForm(`${server.url}/token`, asked, client)).status).toBe(400)
      expect((await postForm(`${server.url}/token`, { ...asked, client_id: 'frontend' })).status).toBe(400)
    }
  })
})

describe('lockout', () => {
  const wrong = (headers = {}) =>
    exchange(server.url, {
      path: '/access-tokens',
      headers,
      body: document('access-tokens', { username: 'ron@swanson.com', password: 'wrong' }),
    })

  test('covers /token and /access-tokens together, wins over 901, and speaks the shop’s languages', async () => {
    await wrong()
    const form = { grant_type: 'password', username: 'ron@swanson.com' }
    await postForm(`${server.url}/token`, { ...form, password: 'wrong' })
    const english = 'Too many log in attempts from your address. Please wait 6 minutes before trying again.'
    const german = 'Warten Sie bitte 6 Minuten, bevor Sie es erneut versuchen.'
    const locked = await wrong()
    expect(locked).toMatchObject({ status: 429, json: errors(429, '4401', english) })
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await wrong({ 'accept-language': 'de-DE' })).toMatchObject({
      status: 429,
      json: errors(429, '4401', german),
    })

    const blank = document('access-tokens', { username: 'ron@swanson.com', password: '' })
    expect(await exchange(server.url, { path: '/access-tokens', body: blank })).toMatchObject({ status: 429 })
    const right = await postForm(`${server.url}/token`, { ...form, password: 'mysecretpassword' })
    expect(right.status).toBe(400)
    expect(await right.json()).toEqual({
      error: 'invalid_grant',
      error_description: 'The user credentials were incorrect.',
    })
    expect(right.headers.get('retry-after')).not.toBeNull()
  })

  test('of agents is their own', async () => {
    const attempt = (username: string) =>
      exchange(server.url, {
        path: '/agent-access-tokens',
        body: document('agent-access-tokens', { username, password: 'wrong' }),
      })
    const statuses = [
      await attempt('ron@swanson.com'),
      await attempt('ron@swanson.com'),
      await attempt('ron@swanson.com'),
    ]
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 429])
    const blank = document('agent-access-tokens', { username: 'ron@swanson.com' })
    expect(await exchange(server.url, { path: '/agent-access-tokens', body: blank })).toMatchObject({ status: 429 })
  })
})

test('a registration key confirms an e-mail address once', async () => {
  const confirm = () =>
    exchange(server.url, {
      path: '/customer-confirmation',
      body: document('customer-confirmation', { registrationKey: 'demo-registration-key' }),
    })
  const answers = await Promise.all([confirm(), confirm(), confirm()])
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 422, 422])
  await obtain(server.url, 'access-tokens', { username: 'unconfirmed@example.com', password: 'change123' })
})

function choose(accessToken: string, idCompanyUser: string) {
  return exchange(server.url, {
    path: '/company-user-access-tokens',
    headers: bearer(accessToken),
    body: document('company-user-access-tokens', { idCompanyUser }),
  })
}

function impersonate(agentToken: string, customerReference: string) {
  return obtain(server.url, 'agent-customer-impersonation-access-tokens', { customerReference }, bearer(agentToken))
}

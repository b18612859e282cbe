import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  AGENT,
  at,
  basicAuthPlain,
  decodeJwt,
  get,
  isActive,
  PRIVATE,
  PRIVATE_CLIENT,
  PUBLIC_CLIENT,
  partsOf,
  pkce,
  post,
  REDIRECT,
  RON,
  refresh,
  SITE,
  SONIA,
  sent,
  signIn,
  startShop,
  visit,
} from '../dialects/slas/shop.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop({ TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => server?.stop())
const url = () => server.url

const LOGIN = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT }
const login = (username: string, password: string, more: Record<string, string> = {}, from = '203.0.113.1') =>
  post(
    url(),
    'login',
    { ...LOGIN, code_challenge: pkce().challenge, ...more },
    { ...basicAuthPlain(username, password), 'x-forwarded-for': from },
  )

/** The code that an agent gets who signs in to act for somebody. */
async function agentCode(login_id: string, challenge: string, headers: Record<string, string> = {}): Promise<string> {
  const page = new URL(at(url(), 'trusted-agent/authorize'))
  const asked = { ...LOGIN, channel_id: SITE, login_id, idp_origin: 'ecom', response_type: 'code', state: 's' }
  for (const [name, value] of Object.entries({ ...asked, code_challenge: challenge }))
    page.searchParams.set(name, value)
  const body = new URLSearchParams(AGENT)
  const answer = await fetch(page, { method: 'POST', body, headers, redirect: 'manual' })
  return answer.status === 303 ? (sent({ headers: answer.headers } as never).get('code') ?? '') : ''
}
const actFor = (login_id: string, code: string, code_verifier: string) =>
  post(
    url(),
    'trusted-agent/token',
    { ...LOGIN, grant_type: 'client_credentials', login_id, idp_origin: 'ecom', state: 's', code_verifier },
    { authorization: `Bearer ${code}` },
  )

describe('guessing', () => {
  test('a login is locked out at /login as anywhere, and the answer does not say so', async () => {
    const from = '198.51.100.7'
    const seen = new Set<string>()
    for (let time = 0; time < 30; time++) {
      const { status, body } = await login(SONIA.username, `wrong ${time}`, {}, from)
      seen.add(`${status} ${body.message}`)
    }
    const right = await login(SONIA.username, SONIA.password, {}, from)
    seen.add(`${right.status} ${right.body.message}`)
    expect([...seen]).toEqual(['401 Unauthorized Credentials.'])
    expect((await login(SONIA.username, SONIA.password, {}, '198.51.200.8')).status, 'from elsewhere').toBe(303)
  })

  test('who is unknown, has a wrong password or is not confirmed is one answer', async () => {
    const answers = await Promise.all([
      login('nobody@shop.example', 'wrong'),
      login(RON.username, 'wrong'),
      login('unconfirmed@example.com', 'change123'),
    ])
    const [first, ...others] = answers.map(({ status, body }) => ({ status, body }))
    for (const other of others) expect(other).toEqual(first)
  })

  test('an agent’s password is no customer’s, nor the other way round', async () => {
    expect((await login(AGENT.login, AGENT.password)).status).toBe(401)
  })
})

describe('what is good once', () => {
  const once = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length

  test('a code that is sent many times at once gives tokens once at most, and none of them outlives the replay', async () => {
    const { verifier, challenge } = pkce()
    const code = sent(await login(RON.username, RON.password, { code_challenge: challenge })).get('code') ?? ''
    const fields = { ...LOGIN, grant_type: 'authorization_code_pkce', code, code_verifier: verifier }
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(url(), 'token', fields)))
    expect(once(answers.map(({ status }) => status))).toBeLessThanOrEqual(1)
    await post(url(), 'token', fields)
    for (const { status, body } of answers)
      if (status === 200) expect(await isActive(url(), body.access_token)).toBe(false)
  })

  test('a refresh token that is sent many times at once gives one answer, which goes on', async () => {
    const { body } = await signIn(url())
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(url(), body.refresh_token)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect((await refresh(url(), String(won[0]?.body.refresh_token))).status).toBe(200)
  })

  test('an agent’s code acts once', async () => {
    const { verifier, challenge } = pkce()
    const code = await agentCode(RON.username, challenge)
    const answers = await Promise.all(Array.from({ length: 6 }, () => actFor(RON.username, code, verifier)))
    expect(once(answers.map(({ status }) => status))).toBeLessThanOrEqual(1)
    expect((await actFor(RON.username, code, verifier)).status).toBe(400)
  })
})

describe('acting for others', () => {
  test('an agent’s code is no way to tokens of the agent’s own', async () => {
    const { verifier, challenge } = pkce()
    const code = await agentCode(RON.username, challenge)
    const fields = { ...LOGIN, grant_type: 'authorization_code_pkce', code, code_verifier: verifier }
    expect((await post(url(), 'token', fields)).status).toBe(400)
  })

  test('an agent’s code is worth no more at the ordinary token endpoint: no refresh, and nobody to act for', async () => {
    const { verifier, challenge } = pkce()
    const code = await agentCode(RON.username, challenge)
    const token = async (fields: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: PUBLIC_CLIENT, ...fields })
      const answer = await fetch(`${url()}/token`, { method: 'POST', body })
      return { status: answer.status, body: (await answer.json()) as Record<string, string> }
    }
    const redeemed = await token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    })
    expect(redeemed.body).not.toHaveProperty('refresh_token')
    const acting = await token({
      grant_type: 'urn:vestibule:grant:impersonation',
      subject_token: String(redeemed.body.access_token),
      customer_reference: 'DE--21',
      resource: 'urn:vestibule:dialect:slas:agents',
    })
    expect(acting).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test.each([
    ['token', { grant_type: 'client_credentials', channel_id: SITE }],
    ['passwordless/login', { user_id: SONIA.username, mode: 'email', channel_id: SITE }],
    [
      'trusted-system/token',
      {
        grant_type: 'client_credentials',
        hint: 'ts_ext_on_behalf_of',
        login_id: 'guest',
        idp_origin: 'ecom',
        channel_id: SITE,
      },
    ],
  ])('a public client proves nothing by an empty secret at %s', async (endpoint, fields) => {
    const { status } = await post(url(), endpoint, fields, basicAuthPlain(PUBLIC_CLIENT, ''))
    expect(status).toBe(401)
  })

  test('the agent’s page takes the form that a browser sends, and lets it say where it comes from', async () => {
    const { challenge } = pkce()
    expect(await agentCode(RON.username, challenge, { origin: new URL(url()).origin })).not.toBe('')
    expect(await agentCode(RON.username, challenge, { origin: 'null' })).toBe('')
    const page = new URL(at(url(), 'trusted-agent/authorize'))
    const asked = { ...LOGIN, channel_id: SITE, login_id: RON.username, idp_origin: 'ecom', response_type: 'code' }
    for (const [name, value] of Object.entries({ ...asked, state: 's', code_challenge: challenge }))
      page.searchParams.set(name, value)
    expect((await fetch(page)).headers.get('referrer-policy')).toBe('same-origin')
  })

  test('what an agent acts by leads to no other customer, ends no session, and is dead once the agent is blocked', async () => {
    const mine = await signIn(url())
    const { verifier, challenge } = pkce()
    const { body } = await actFor(RON.username, await agentCode(RON.username, challenge), verifier)
    const bearer = { authorization: `Bearer ${body.access_token}` }
    const logout = { client_id: PUBLIC_CLIENT, refresh_token: mine.body.refresh_token }
    expect((await get(url(), 'logout', logout, bearer)).status).toBe(401)
    expect((await get(url(), 'logout', { ...logout, hint: 'all-sessions' }, bearer)).status).toBe(401)
    expect(await isActive(url(), mine.body.access_token)).toBe(true)
    const impersonation = {
      grant_type: 'urn:vestibule:grant:impersonation',
      client_id: PUBLIC_CLIENT,
      subject_token: body.access_token,
      customer_reference: 'DE--21',
      resource: 'urn:vestibule:dialect:slas:agents',
    }
    const again = await fetch(`${url()}/token`, { method: 'POST', body: new URLSearchParams(impersonation) })
    expect(again.status).toBe(400)
    expect(await isActive(url(), body.access_token)).toBe(true)
    const { body: agents } = await ask(server, OWNER, 'GET', '/v1/agents')
    const [agent] = agents.items as { id: string; email: string }[]
    expect((await ask(server, OWNER, 'POST', `/v1/agents/${agent?.id}/block`)).status).toBe(200)
    expect(await isActive(url(), body.access_token)).toBe(false)
    expect((await ask(server, OWNER, 'POST', `/v1/agents/${agent?.id}/unblock`)).status).toBe(200)
  })

  test('the agent’s page takes no form of another site, writes nothing of the request into the page, and is not framed', async () => {
    const { challenge } = pkce()
    expect(await agentCode(RON.username, challenge, { origin: 'https://evil.example' })).toBe('')
    const page = new URL(at(url(), 'trusted-agent/authorize'))
    const xss = '"><script>alert(1)</script>'
    const asked = { ...LOGIN, channel_id: SITE, login_id: xss, idp_origin: 'ecom', response_type: 'code', state: xss }
    for (const [name, value] of Object.entries({ ...asked, code_challenge: challenge }))
      page.searchParams.set(name, value)
    const body = new URLSearchParams({ login: xss, password: 'x' })
    for (const answer of [await fetch(page), await fetch(page, { method: 'POST', body })]) {
      expect(await answer.text()).not.toContain('<script')
      expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    }
  })

  test('a public client is no trusted system, whatever it lists', async () => {
    const form = {
      grant_type: 'urn:vestibule:grant:trusted-system',
      client_id: PUBLIC_CLIENT,
      username: RON.username,
      resource: 'urn:vestibule:dialect:slas',
    }
    const errorOf = async (fields: Record<string, string>) => {
      const answer = await fetch(`${url()}/token`, { method: 'POST', body: new URLSearchParams(fields) })
      return ((await answer.json()) as { error: string }).error
    }
    expect(await errorOf(form)).toBe('unauthorized_client')
    const metadata = {
      client_id: 'public-system',
      first_party: true,
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:vestibule:grant:trusted-system'],
      redirect_uris: [],
      response_types: [],
    }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
    expect(await errorOf({ ...form, client_id: 'public-system' })).toBe('invalid_client')
  })
})

describe('texts that a token is made of', () => {
  test.each(['a::gcid:x', 'x'.repeat(65), 'a b', '../x', 'é'])('the usid "%s" is not taken over', async (usid) => {
    const { body } = await signIn(url(), RON, { usid })
    expect(body.usid).not.toBe(usid)
    expect(String(decodeJwt(body.access_token).sub).split('::')).toHaveLength(4)
  })

  test('a visitor is never taken for a customer, nor a customer for a visitor', async () => {
    const visitor = (await visit(url())).body
    const fields = { client_id: PUBLIC_CLIENT, refresh_token: visitor.refresh_token }
    const bearer = { authorization: `Bearer ${visitor.access_token}` }
    expect((await get(url(), 'logout', fields, bearer)).status).toBe(401)
    expect((await get(url(), 'userinfo', {}, bearer)).status).toBe(400)
    expect(partsOf((await refresh(url(), visitor.refresh_token)).body.access_token)[1]).toBe('upn:Guest')
  })

  test('a token with the dialect’s issuer and another signature is nothing', async () => {
    const { body } = await signIn(url())
    const [header, payload = ''] = body.access_token.split('.')
    const forged = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), customer_id: 'another' }
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    const other = Buffer.from(JSON.stringify(forged)).toString('base64url')
    for (const token of [`${header}.${other}.${body.access_token.split('.')[2]}`, `${none}.${other}.x`])
      expect(await isActive(url(), token)).toBe(false)
  })
})

describe('redirects and clients', () => {
  test.each([
    'https://evil.example/callback',
    'http://localhost:8080/callback/../evil',
    'http://localhost:8080@evil.example/callback',
    'javascript:alert(1)',
    'urn:vestibule:within',
    '',
  ])('no code goes to "%s"', async (redirect_uri) => {
    const asked = { client_id: PUBLIC_CLIENT, code_challenge: pkce().challenge, redirect_uri }
    const guest = await get(url(), 'authorize', { ...asked, response_type: 'code', hint: 'guest' })
    const customer = await post(url(), 'login', asked, basicAuthPlain(RON.username, RON.password))
    for (const { status, headers } of [guest, customer]) expect([status, headers.get('location')]).toEqual([400, null])
  })

  test('a code of one client is none of another, and its failed use leaves it to its owner', async () => {
    const { verifier, challenge } = pkce()
    const code = sent(await login(RON.username, RON.password, { code_challenge: challenge })).get('code') ?? ''
    const fields = { ...LOGIN, grant_type: 'authorization_code_pkce', code, code_verifier: verifier }
    expect((await post(url(), 'token', { ...fields, client_id: PRIVATE_CLIENT }, PRIVATE)).status).toBe(400)
    expect((await post(url(), 'token', fields)).status).toBe(200)
  })

  test('a private client is not itself without its secret', async () => {
    const { body } = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    const asked = { client_id: PRIVATE_CLIENT }
    for (const fields of [
      { grant_type: 'client_credentials' },
      { grant_type: 'refresh_token', refresh_token: body.refresh_token },
    ])
      expect((await post(url(), 'token', { ...fields, ...asked })).status).toBe(401)
    for (const endpoint of ['passwordless/login', 'otp/request', 'password/reset'])
      expect((await post(url(), endpoint, { ...asked, user_id: RON.username, mode: 'email' })).status).toBe(401)
  })

  test.each(['http://127.0.0.1:1/other', 'http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', ''])(
    'nothing is posted to "%s"',
    async (callback_uri) => {
      for (const endpoint of ['passwordless/login', 'password/reset']) {
        const fields = { user_id: RON.username, mode: 'callback', callback_uri, client_id: PRIVATE_CLIENT }
        expect((await post(url(), endpoint, fields, PRIVATE)).status).toBe(400)
      }
    },
  )
})

describe('a shop whose own service fails', () => {
  let shop: Server
  let failing: TestServer
  beforeAll(async () => {
    shop = createServer((_, response) => void response.writeHead(500).end())
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    failing = await startTestServer({
      DIALECTS: 'slas',
      SHOP_DIRECTORY_URL: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`,
    })
  })
  afterAll(async () => {
    await failing?.stop()
    shop?.close()
  })

  test('is 503 with a time to come again, in the dialect’s words, and no wrong password', async () => {
    const fields = { client_id: 'frontend', redirect_uri: REDIRECT, code_challenge: pkce().challenge }
    const answer = await waitFor(
      () => post(failing.url, 'login', fields, basicAuthPlain('p1@shop.example', 'any password')),
      { what: 'an answer' },
    )
    expect(answer).toMatchObject({ status: 503, body: { status_code: '503', error: 'temporarily_unavailable' } })
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})

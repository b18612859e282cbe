import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth } from '../../support/http.ts'
import type { TestServer } from '../../support/server.ts'
import {
  AGENT,
  addClient,
  at,
  BRIDGE_SECRET,
  decodeJwt,
  get,
  isActive,
  ORGANIZATION,
  PRIVATE,
  PRIVATE_CLIENT,
  PUBLIC_CLIENT,
  partsOf,
  pkce,
  post,
  REDIRECT,
  RON,
  SECRET,
  SITE,
  SONIA,
  sent,
  startShop,
} from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
})
afterAll(() => server?.stop())
const url = () => server.url

describe('a trusted system', () => {
  const ask = (login_id: string, headers: Record<string, string> = PRIVATE, more: Record<string, string> = {}) =>
    post(
      url(),
      'trusted-system/token',
      { grant_type: 'client_credentials', hint: 'ts_ext_on_behalf_of', login_id, idp_origin: 'ecom', ...more },
      headers,
    )

  test('case 15: gets a customer’s tokens, which say so, and not twice within three seconds', async () => {
    const { status, body } = await ask(SONIA.username)
    expect(status).toBe(200)
    expect(partsOf(body.access_token)).toEqual(
      expect.arrayContaining([`upn:${SONIA.username}`, 'tsob:ts_ext_on_behalf_of']),
    )
    expect(decodeJwt(body.access_token)).toMatchObject({ act: { sub: PRIVATE_CLIENT } })
    // It is not the customer who allows agents in.
    const allow = await fetch(`${url()}/support-access/permission`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' },
      body: '{"is_allowed":true}',
    })
    expect(allow.status).toBe(403)
    expect(await ask(SONIA.username)).toMatchObject({
      status: 409,
      body: {
        message: `Tenant id zzrf_001 has already performed a login operation for user id ${SONIA.username} in the last 3 seconds.`,
      },
    })
  })

  test('case 15: needs its secret, the grant type and the scope by name', async () => {
    const metadata = {
      first_party: true,
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: [],
      response_types: [],
    }
    await addClient(
      server,
      {
        ...metadata,
        client_id: 'no-scope',
        grant_types: ['client_credentials', 'urn:vestibule:grant:trusted-system'],
        resource_scopes: ['sfcc.*'],
      },
      SECRET,
    )
    await addClient(
      server,
      {
        ...metadata,
        client_id: 'no-grant',
        grant_types: ['client_credentials'],
        resource_scopes: ['sfcc.ts_ext_on_behalf_of'],
      },
      SECRET,
    )
    expect((await ask(RON.username, basicAuth('no-scope', SECRET))).status).toBe(403)
    expect((await ask(RON.username, basicAuth('no-grant', SECRET))).status).toBe(403)
    expect((await ask(RON.username, basicAuth(PRIVATE_CLIENT, 'wrong'))).status).toBe(401)
    expect((await ask(RON.username, {}, { client_id: PUBLIC_CLIENT })).status).toBe(401)
  })

  test('gets a guest for guest, and nothing for who is unknown or not confirmed', async () => {
    expect(partsOf((await ask('guest')).body.access_token)[1]).toBe('upn:Guest')
    for (const login of ['nobody@shop.example', 'unconfirmed@example.com'])
      expect(await ask(login)).toMatchObject({ status: 400, body: { message: 'invalid login_id' } })
  })
})

describe('a trusted agent', () => {
  const STATE = 'state-of-the-client'
  const asked = (login_id: string, more: Record<string, string | undefined> = {}) => ({
    client_id: PUBLIC_CLIENT,
    redirect_uri: REDIRECT,
    login_id,
    idp_origin: login_id === 'guest' ? 'slas' : 'ecom',
    response_type: 'code',
    state: STATE,
    ...more,
  })
  /** Fills the form of the page that the client sends the agent to. */
  async function agentCode(
    fields: Record<string, string | undefined>,
    person: object = AGENT,
  ): Promise<URLSearchParams> {
    const page = new URL(at(url(), 'trusted-agent/authorize'))
    for (const [name, value] of Object.entries({ channel_id: SITE, ...fields }))
      if (value !== undefined) page.searchParams.set(name, value)
    const shown = await fetch(page)
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('<form method="post">')])
    const body = new URLSearchParams(person as Record<string, string>)
    const answer = await fetch(page, { method: 'POST', body, redirect: 'manual' })
    return answer.status === 303 ? sent({ headers: answer.headers } as never) : new URLSearchParams()
  }
  const token = (code: string, fields: Record<string, string | undefined>, headers: Record<string, string> = {}) =>
    post(
      url(),
      'trusted-agent/token',
      { grant_type: 'client_credentials', redirect_uri: REDIRECT, dnt: 'true', ...fields },
      { authorization: `Bearer ${code}`, ...headers },
    )

  test.each([
    ['a customer', RON.username, 6],
    ['a guest', 'guest', 5],
  ])('case 16: acts for %s by a short token without a refresh token', async (_, login, place) => {
    const { verifier, challenge } = pkce()
    const query = await agentCode(asked(login, { code_challenge: challenge }))
    expect(query.get('state')).toBe(STATE)
    const { status, body } = await token(query.get('code') ?? '', asked(login, { code_verifier: verifier }))
    expect([status, body.refresh_token, Number(body.expires_in) <= 900]).toEqual([200, '', true])
    expect(partsOf(body.access_token)[place]).toMatch(/^agent:/)
    expect(decodeJwt(body.access_token)).toMatchObject({ dnt: '1', act: { sub: expect.stringMatching(/^agent:/) } })
    expect(await isActive(url(), body.access_token)).toBe(true)
  })

  test.each(['Basic ', ''])('case 17: a private client shows its secret in its own header, with "%s"', async (word) => {
    const query = await agentCode(asked(RON.username, { client_id: PRIVATE_CLIENT }))
    const header = `${word}${Buffer.from(`${PRIVATE_CLIENT}:${SECRET}`).toString('base64')}`
    const fields = asked(RON.username, { client_id: undefined })
    expect((await token(query.get('code') ?? '', fields, { _sfdc_client_auth: header })).status).toBe(200)
  })

  test('the code is for what the agent signed in for, once, and by the verifier', async () => {
    const { verifier, challenge } = pkce()
    const fresh = async () => (await agentCode(asked(RON.username, { code_challenge: challenge }))).get('code') ?? ''
    const right = asked(RON.username, { code_verifier: verifier })
    for (const wrong of [{ login_id: SONIA.username }, { state: 'another' }, { state: undefined }, { agent_id: 'x' }])
      expect((await token(await fresh(), { ...right, ...wrong })).status, JSON.stringify(wrong)).toBe(400)
    expect((await token(await fresh(), { ...right, code_verifier: pkce().verifier })).status).toBe(400)
    const code = await fresh()
    expect((await token(code, right)).status).toBe(200)
    expect((await token(code, right)).status).toBe(400)
  })

  test('a wrong password, a customer’s password and a guest of another origin get no code', async () => {
    const { challenge } = pkce()
    const fields = asked(RON.username, { code_challenge: challenge })
    for (const person of [
      { ...AGENT, password: 'wrong' },
      { login: RON.username, password: RON.password },
      { login: 'x' },
    ])
      expect((await agentCode(fields, person)).get('code')).toBeNull()
    const guest = await get(url(), 'trusted-agent/authorize', { ...asked('Guest'), code_challenge: challenge })
    expect(guest.status).toBe(400)
  })

  test('a customer’s code is no agent’s', async () => {
    const { verifier, challenge } = pkce()
    const login = await post(
      url(),
      'login',
      { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge },
      { authorization: `Basic ${btoa(`${RON.username}:${RON.password}`)}` },
    )
    const code = sent(login).get('code') ?? ''
    expect((await token(code, asked(SONIA.username, { code_verifier: verifier }))).status).toBe(400)
  })
})

describe('the session bridge', () => {
  const mint = (claims: object, secret = BRIDGE_SECRET, alg = 'HS256') => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const all = { aud: ORGANIZATION, exp: now + 60, jti: randomUUID(), ...claims }
    const input = `${encode({ alg })}.${encode(all)}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const cross = (fields: Record<string, string | undefined>) =>
    post(url(), 'session-bridge/token', { grant_type: 'client_credentials', ...fields }, PRIVATE)

  test('goes on with the customer whom the shop’s own server names, once', async () => {
    const fields = { login_id: RON.username, dwsrst: mint({ sub: RON.username }) }
    const { status, body } = await cross(fields)
    expect(status).toBe(200)
    expect(partsOf(body.access_token)).toEqual(expect.arrayContaining([`upn:${RON.username}`, 'sesb:session_bridge']))
    expect(partsOf(body.access_token).indexOf('sesb:session_bridge')).toBeLessThan(
      partsOf(body.access_token).indexOf('chid:RefArch'),
    )
    expect(await cross(fields)).toMatchObject({ status: 400, body: { message: 'invalid session token' } })
  })

  test.each([
    ['sb-user', RON.username, 'dwsrst', `upn:${RON.username}`],
    ['sb-guest', 'guest', 'dwsgst', 'upn:Guest'],
  ])('goes on by a public client with a code of hint=%s', async (hint, login_id, name, upn) => {
    const { verifier, challenge } = pkce()
    const fields = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge }
    const query = sent(await get(url(), 'authorize', { ...fields, response_type: 'code', hint }))
    const ask = (code_verifier: string) =>
      post(url(), 'session-bridge/token', {
        grant_type: 'session_bridge',
        client_id: PUBLIC_CLIENT,
        code: query.get('code') ?? '',
        code_verifier,
        login_id,
        [name]: mint({ sub: login_id }),
      })
    expect((await ask(pkce().verifier)).status).toBe(400)
    const { status, body } = await ask(verifier)
    expect([status, partsOf(body.access_token)[1]]).toEqual([200, upn])
    const again = { grant_type: 'authorization_code_pkce', ...fields, code: query.get('code') ?? '' }
    expect((await post(url(), 'token', { ...again, code_verifier: verifier })).status).toBe(400)
  })

  const now = Math.floor(Date.now() / 1000)
  test.each([
    ['another secret', () => mint({ sub: RON.username }, 'another-secret-of-thirty-two-chars')],
    ['no signature', () => `${mint({ sub: RON.username }, BRIDGE_SECRET, 'none').split('.').slice(0, 2).join('.')}.`],
    ['another customer', () => mint({ sub: SONIA.username })],
    ['another organization', () => mint({ sub: RON.username, aud: 'f_ecom_aaaa_001' })],
    ['a time that is over', () => mint({ sub: RON.username, exp: now - 1 })],
    ['a time far ahead', () => mint({ sub: RON.username, exp: now + 86_400 })],
    ['no time', () => mint({ sub: RON.username, exp: undefined })],
    ['no id', () => mint({ sub: RON.username, jti: undefined })],
    ['the guest', () => mint({ sub: 'guest' })],
  ])('takes no session token with %s', async (_, token) => {
    expect((await cross({ login_id: RON.username, dwsrst: token() })).status).toBe(400)
  })

  test('is not there without its secret', async () => {
    const bare = await startShop({ SLAS_SESSION_BRIDGE_SECRET: '' })
    const fields = { grant_type: 'client_credentials', login_id: 'guest', dwsgst: mint({ sub: 'guest' }) }
    expect(await post(bare.url, 'session-bridge/token', fields, PRIVATE)).toMatchObject({
      status: 400,
      body: { error: 'not_supported' },
    })
    await bare.stop()
  })
})

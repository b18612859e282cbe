import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { readForm } from '../../support/http.ts'
import type { TestServer } from '../../support/server.ts'
import {
  at,
  basicAuthPlain,
  decodeProtectedHeader,
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
  refresh,
  SONIA,
  sent,
  signIn,
  startShop,
} from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
})
afterAll(() => server?.stop())

const url = () => server.url
const shopper = (username: string, password: string) => basicAuthPlain(username, password)
const login = (username: string, password: string, more: Record<string, string | undefined> = {}) => {
  const fields = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: pkce().challenge, ...more }
  return post(url(), 'login', fields, shopper(username, password))
}
const guest = (more: Record<string, string | undefined> = {}) =>
  get(url(), 'authorize', {
    client_id: PUBLIC_CLIENT,
    redirect_uri: REDIRECT,
    code_challenge: pkce().challenge,
    response_type: 'code',
    hint: 'guest',
    ...more,
  })
/** A code of a private client that began without a challenge, or with one. */
const privateCode = async (challenge?: string) => {
  const fields = { client_id: PRIVATE_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge }
  return sent(await post(url(), 'login', fields, shopper(RON.username, RON.password))).get('code') ?? ''
}

describe('signing in', () => {
  test('case 4: a wrong password is 401 without a redirect, as is an unknown login', async () => {
    for (const name of [RON.username, 'nobody@shop.example']) {
      const answer = await login(name, 'wrong')
      expect(answer.headers.get('location')).toBeNull()
      expect(answer).toMatchObject({
        status: 401,
        body: { status_code: '401', message: 'Unauthorized Credentials.', error: 'invalid_grant' },
      })
    }
  })

  test('case 5: two sign-ins of one customer within the interval are 409, and wrong passwords do not count', async () => {
    const strict = await startShop({ SLAS_LOGIN_INTERVAL_SECONDS: '600' })
    const ask = (password: string) =>
      post(
        strict.url,
        'login',
        { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: pkce().challenge },
        shopper(RON.username, password),
      )
    expect((await ask('wrong')).status).toBe(401)
    expect((await ask(RON.password)).status).toBe(303)
    const second = await ask(RON.password)
    expect([second.status, second.headers.get('location')]).toEqual([409, null])
    expect(second.body.message).toMatch(/^Tenant id zzrf_001 has already performed a login operation for user id /)
    await strict.stop()
    expect((await login(RON.username, RON.password)).status).toBe(303)
    expect((await login(RON.username, RON.password)).status, 'where the setting is off').toBe(303)
  })

  test('case 10: a token request without a site, or for one that is not served, is 400', async () => {
    for (const channel_id of [undefined, 'Elsewhere']) {
      const answer = await post(url(), 'token', { grant_type: 'client_credentials', channel_id }, PRIVATE)
      expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('channel_id')])
    }
  })

  test('case 11: a private client’s code needs no verifier, unless it began with a challenge', async () => {
    const redeem = async (code: string, code_verifier?: string) =>
      post(
        url(),
        'token',
        { grant_type: 'authorization_code', client_id: PRIVATE_CLIENT, code, redirect_uri: REDIRECT, code_verifier },
        PRIVATE,
      )
    const { verifier, challenge } = pkce()
    expect((await redeem(await privateCode())).status).toBe(200)
    expect(await redeem(await privateCode(challenge))).toMatchObject({
      status: 400,
      body: { message: 'code_verifier is required' },
    })
    expect((await redeem(await privateCode(challenge), verifier)).status).toBe(200)
  })

  test('a public client needs a challenge, and its code works once, with the verifier alone', async () => {
    expect((await login(RON.username, RON.password, { code_challenge: undefined })).status).toBe(400)
    const { verifier, challenge } = pkce()
    const code = sent(await login(RON.username, RON.password, { code_challenge: challenge })).get('code') ?? ''
    const redeem = (code_verifier: string) =>
      post(url(), 'token', {
        grant_type: 'authorization_code_pkce',
        client_id: PUBLIC_CLIENT,
        code,
        redirect_uri: REDIRECT,
        code_verifier,
      })
    expect((await redeem(pkce().verifier)).status).toBe(400)
    expect((await redeem(verifier)).status).toBe(200)
    expect((await redeem(verifier)).status).toBe(400)
  })

  test('case 21: a login that does not fit into a token is 400 before anything is checked', async () => {
    const refused = { status: 400, body: { message: 'Issuer Subject length must be less than 256 characters' } }
    for (const name of [`${'a'.repeat(250)}@shop.example`, 'Guest']) {
      expect(await login(name, 'any')).toMatchObject(refused)
    }
    // HTTP Basic ends a login at its first colon: only a form can carry this one.
    const system = { grant_type: 'client_credentials', hint: 'ts_ext_on_behalf_of', idp_origin: 'ecom' }
    const fields = { ...system, login_id: 'a::b@shop.example', client_id: PRIVATE_CLIENT }
    expect(await post(url(), 'trusted-system/token', fields, PRIVATE)).toMatchObject(refused)
  })

  test('case 23: members that are not known are ignored', async () => {
    const fields = { grant_type: 'client_credentials', organizationId: ORGANIZATION, c_x: '1', __proto__x: '2' }
    expect((await post(url(), 'token', fields, PRIVATE)).status).toBe(200)
  })

  test('case 24: what is wrong is said at the redirect; at one that is not registered, here', async () => {
    const said = sent(await guest({ hint: 'unknown', state: 'abc' }))
    expect([said.get('error'), said.get('state'), said.get('code')]).toEqual(['invalid_request', 'abc', null])
    for (const wrong of [{ redirect_uri: 'https://evil.example/' }, { client_id: 'nobody' }]) {
      const answer = await guest(wrong)
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    }
  })

  test('a hint that names our sign-in page leads there, with the client’s own challenge and state', async () => {
    const answer = await guest({ hint: 'vestibule', state: 'abc' })
    const page = new URL(answer.headers.get('location') ?? '')
    expect([answer.status, page.origin + page.pathname]).toEqual([303, `${url()}/authorize`])
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      client_id: PUBLIC_CLIENT,
      state: 'abc',
      code_challenge_method: 'S256',
      resource: 'urn:vestibule:dialect:slas',
    })
    expect((await fetch(page, { redirect: 'manual' })).headers.get('location')).toContain('/interaction/')
  })

  test('case 11: a code of our sign-in page is redeemed by a private client without a verifier', async () => {
    const asked = { client_id: PRIVATE_CLIENT, code_challenge: undefined, hint: 'vestibule', state: 'abc' }
    const page = (await guest(asked)).headers.get('location') ?? ''
    const jar = createCookieJar()
    const shown = await jar.follow(await jar.fetch(page))
    const { action, fields } = readForm(await shown.response.text(), shown.url)
    const body = new URLSearchParams({ ...fields, login: RON.username, password: RON.password })
    const headers = { origin: new URL(url()).origin }
    let answer = await jar.fetch(action, { method: 'POST', body, headers })
    while (!answer.headers.get('location')?.startsWith(REDIRECT))
      answer = await jar.fetch(new URL(answer.headers.get('location') ?? '', url()))
    const query = sent({ headers: answer.headers } as never)
    expect(query.get('state')).toBe('abc')
    const redeemed = {
      grant_type: 'authorization_code',
      code: query.get('code') ?? '',
      redirect_uri: REDIRECT,
      usid: '',
    }
    const tokens = await post(url(), 'token', redeemed, PRIVATE)
    expect([tokens.status, partsOf(tokens.body.access_token).length]).toEqual([200, 6])
    expect(tokens.body.usid).toMatch(/^[\da-f-]{36}$/)
    const next = await refresh(url(), tokens.body.refresh_token, PRIVATE)
    expect([next.status, next.body.usid]).toEqual([200, tokens.body.usid])
  })

  test('a page of the client’s own origin may read the answers, and another may not', async () => {
    for (const [origin, allowed] of [
      ['http://localhost:8080', 'http://localhost:8080'],
      ['https://evil.example', null],
    ] as const) {
      const fields = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: pkce().challenge }
      const headers = { ...shopper(RON.username, RON.password), origin }
      const answer = await post(url(), 'login', fields, headers)
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([303, allowed])
    }
  })

  test('a usid of somebody who signed in is nobody else’s', async () => {
    const usid = '3c1b5a52-0000-4000-8000-000000000001'
    const mine = await signIn(url(), RON, { usid })
    expect(mine.body.usid).toBe(usid)
    expect((await signIn(url(), RON, { usid })).body.usid, 'the same customer').toBe(usid)
    expect((await signIn(url(), SONIA, { usid })).body.usid).not.toBe(usid)
    expect(sent(await guest({ usid })).get('usid')).not.toBe(usid)
  })
})

describe('refreshing', () => {
  test('case 7: a public client’s refresh token is replaced, and the old one is said to be invalid', async () => {
    const { body } = await signIn(url())
    const next = await refresh(url(), body.refresh_token)
    expect([next.status, next.body.refresh_token === body.refresh_token]).toEqual([200, false])
    expect(await refresh(url(), body.refresh_token)).toMatchObject({
      status: 400,
      body: { status_code: '400', message: 'invalid refresh_token', error: 'invalid_grant' },
    })
    expect((await refresh(url(), next.body.refresh_token)).status, 'the newest goes on').toBe(200)
  })

  test('case 8: a private client keeps its refresh token', async () => {
    const { body } = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    for (const _ of [1, 2]) {
      const next = await refresh(url(), body.refresh_token, PRIVATE)
      expect([next.status, next.body.refresh_token]).toEqual([200, body.refresh_token])
      expect([next.body.usid, next.body.customer_id]).toEqual([body.usid, body.customer_id])
    }
  })

  test('case 9: of two refreshes at once one wins, and goes on', async () => {
    const { body } = await signIn(url())
    const both = await Promise.all([refresh(url(), body.refresh_token), refresh(url(), body.refresh_token)])
    const [won, lost] = both.toSorted((one, other) => one.status - other.status)
    expect([won?.status, lost?.status, lost?.body.message]).toEqual([200, 400, 'invalid refresh_token'])
    expect((await refresh(url(), String(won?.body.refresh_token))).status).toBe(200)
  })

  test('a refresh token is another client’s no more than a code is', async () => {
    const { body } = await signIn(url())
    expect((await refresh(url(), body.refresh_token, PRIVATE)).body.message).toBe('invalid refresh_token')
    expect((await refresh(url(), body.refresh_token)).status).toBe(200)
  })
})

describe('signing out', () => {
  const logout = (tokens: Record<string, string>, more: Record<string, string> = {}) =>
    get(
      url(),
      'logout',
      { client_id: PUBLIC_CLIENT, refresh_token: tokens.refresh_token, ...more },
      { authorization: `Bearer ${tokens.access_token}` },
    )

  test('case 18: after it nothing refreshes and the access token is dead; a hint that is not known changes nothing', async () => {
    const { body } = await signIn(url())
    expect((await logout(body, { hint: 'foo' })).status).toBe(400)
    expect(await isActive(url(), body.access_token)).toBe(true)
    expect((await logout(body)).status).toBe(200)
    expect((await refresh(url(), body.refresh_token)).body.message).toBe('invalid refresh_token')
    expect(await isActive(url(), body.access_token)).toBe(false)
  })

  test('case 19: all-sessions ends every browser session, and not that of a system', async () => {
    const [one, other] = [await signIn(url(), SONIA), await signIn(url(), SONIA)]
    const system = await post(
      url(),
      'trusted-system/token',
      {
        grant_type: 'client_credentials',
        hint: 'ts_ext_on_behalf_of',
        login_id: SONIA.username,
        idp_origin: 'ecom',
        client_id: PRIVATE_CLIENT,
      },
      PRIVATE,
    )
    expect((await logout(one.body, { hint: 'all-sessions' })).status).toBe(200)
    const alive = [one, other, system].map(({ body }) => isActive(url(), body.access_token))
    expect(await Promise.all(alive)).toEqual([false, false, true])
    expect((await refresh(url(), other.body.refresh_token)).status).toBe(400)
  })

  test('is for registered customers only, with their own tokens', async () => {
    const visitor = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    const [mine, theirs] = [await signIn(url(), RON), await signIn(url(), SONIA)]
    expect((await logout(visitor.body)).status).toBe(401)
    await logout({ ...mine.body, refresh_token: theirs.body.refresh_token })
    expect(await isActive(url(), theirs.body.access_token), 'another customer’s session').toBe(true)
  })

  test('a private client revokes a refresh token and introspects', async () => {
    const { body } = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    const token = String(body.access_token)
    expect((await post(url(), 'introspect', { token }, PRIVATE)).body).toMatchObject({ active: true })
    expect(await post(url(), 'revoke', { token: body.refresh_token }, PRIVATE)).toMatchObject({
      status: 200,
      body: { token: body.refresh_token, token_type_hint: 'refresh_token' },
    })
    expect((await post(url(), 'introspect', { token }, PRIVATE)).body).toEqual({ active: false })
    expect((await post(url(), 'revoke', { token }, basicAuthPlain(PRIVATE_CLIENT, 'wrong'))).status).toBe(401)
  })
})

describe('what is published', () => {
  test('case 20: the keys verify every kind of token, signed with ES256 and of the type jwt', async () => {
    const visitor = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    const customer = await signIn(url())
    const refreshed = await refresh(url(), customer.body.refresh_token)
    const keys = createRemoteJWKSet(new URL(at(url(), 'jwks')))
    for (const { body } of [visitor, customer, refreshed]) {
      const { payload } = await jwtVerify(body.access_token, keys, {
        issuer: 'slas/prod/zzrf_001',
        audience: 'commercecloud/prod/zzrf_001',
      })
      expect(payload).toMatchObject({ ctx: 'slas', aut: 'GUID', ist: 1, scp: expect.stringContaining('sfcc.shopper-') })
      expect(Number(payload.nbf)).toBe(Number(payload.iat) - 30)
      expect(decodeProtectedHeader(body.access_token)).toMatchObject({ alg: 'ES256', typ: 'jwt', ver: '1.0' })
    }
  })

  test('userinfo tells a customer’s own claims, and nothing of a guest', async () => {
    const { body } = await signIn(url())
    const ask = (token: string) => get(url(), 'userinfo', {}, { authorization: `Bearer ${token}` })
    expect(await ask(body.access_token)).toMatchObject({ status: 200, body: { email: RON.username } })
    const visitor = await post(url(), 'token', { grant_type: 'client_credentials' }, PRIVATE)
    expect((await ask(visitor.body.access_token)).status).toBe(400)
    expect((await ask('nothing')).status).toBe(401)
  })

  test('metadata name the endpoints where they were asked for, below any prefix', async () => {
    const path = `/mobify/proxy/api${new URL(at(url(), '')).pathname}`
    const answer = await fetch(`${url()}${path}.well-known/openid-configuration`)
    const metadata = (await answer.json()) as Record<string, string>
    expect(metadata).toMatchObject({ issuer: 'slas/prod/zzrf_001', token_endpoint: `${url()}${path}token` })
    expect((await fetch(String(metadata.jwks_uri))).status).toBe(200)
    expect((await fetch(at(url(), 'jwks').replace(ORGANIZATION, 'f_ecom_aaaa_001'))).status).toBe(400)
  })

  test('passkeys are not offered, and each endpoint says so', async () => {
    const register = await post(url(), 'webauthn/register/authorize', { user_id: RON.username })
    expect(register).toMatchObject({ status: 400, body: { error: 'not_supported' } })
    const start = await fetch(at(url(), 'webauthn/authenticate/start'), { method: 'POST', body: '{}' })
    expect([start.status, ((await start.json()) as { error: string }).error]).toEqual([400, 'not_supported'])
  })
})

test('a token of a customer says where to look for each part', async () => {
  const { body } = await signIn(url())
  expect(partsOf(body.access_token).map((part) => part.split(':')[0])).toEqual([
    'uido',
    'upn',
    'uidn',
    'gcid',
    'rcid',
    'chid',
  ])
})

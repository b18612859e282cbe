import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { decode, introspect, ordersService, pkce, read, ron } from '../../endpoints/client.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import type { TestServer } from '../../support/server.ts'
import { authorize, obtainCode } from './code-flow.ts'
import * as sap from './shop.ts'

const { ADDRESS, AGENT, BASE, NARROW, PUBLIC, REVOKE, SITE, SITE_PASSWORDS, STOREFRONT, TOKEN } = sap
const BASIC = basicAuth(STOREFRONT.client_id, STOREFRONT.client_secret)
const PASSWORD = { grant_type: 'password', ...ron }
const ERROR_URI = 'https://datatracker.ietf.org/doc/html/rfc6749#section-5.2'

let server: TestServer
beforeAll(async () => {
  server = await sap.startSapShop()
})
afterAll(() => server?.stop())
afterEach(() => void vi.useRealTimers())

const ask = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  sap.requestToken(server.url, fields, headers)
const exchange = (code: string, code_verifier: string) =>
  ask({ grant_type: 'authorization_code', code, code_verifier, redirect_uri: sap.CALLBACK, ...PUBLIC })
const isActive = async (token: string) => (await introspect(server.url, token)).active
const bearer = (token: string) => ({ authorization: `bearer ${token}` })
const revoke = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  read(postForm(server.url + REVOKE, fields, headers))
/** The text of an answer, so that order and bytes count. */
const said = ({ status, text }: { status: number; text: string }) => [status, text]
const older = (error: string, error_description: string) => JSON.stringify({ error, error_description })

describe('a password', () => {
  test('case 1: with the client in the body brings tokens in the shop’s order, which nobody keeps', async () => {
    const { status, headers, body } = await ask({ ...PASSWORD, ...STOREFRONT })
    expect([status, Object.keys(body)]).toEqual([
      200,
      ['access_token', 'token_type', 'refresh_token', 'expires_in', 'scope'],
    ])
    expect(body).toMatchObject({ token_type: 'bearer', scope: 'basic' })
    expect(body.expires_in).toBeLessThanOrEqual(43_200)
    expect([headers.get('content-type'), headers.get('cache-control'), headers.get('pragma')]).toEqual([
      'application/json;charset=UTF-8',
      'no-store',
      'no-cache',
    ])
  })

  test('case 2: with HTTP Basic and an empty scope brings the same', async () => {
    const { status, body } = await ask({ ...PASSWORD, scope: '' }, BASIC)
    expect([status, body.scope, body.token_type]).toEqual([200, 'basic', 'bearer'])
  })

  test('case 3: that is wrong, and an unknown user, get the same bytes', async () => {
    const answers = [
      await ask({ ...PASSWORD, ...STOREFRONT, password: 'wrong' }),
      await ask({ ...PASSWORD, ...STOREFRONT, username: 'nobody@shop.example' }),
      await ask({ grant_type: 'password', ...STOREFRONT }),
    ]
    for (const answer of answers) expect(said(answer)).toEqual([400, older('invalid_grant', 'Bad credentials')])
  })

  test('case 15: of an isolated site signs in the account of that site, and of no other', async () => {
    const owners = await Promise.all(
      Object.entries(SITE_PASSWORDS).map(async ([site, password]) => {
        const { access_token } = await sap.signIn(server.url, { username: `${ADDRESS}|${site}`, password })
        return (await introspect(server.url, access_token)).customer_reference
      }),
    )
    expect(owners).toEqual(Object.keys(SITE_PASSWORDS).map((site) => `SAP--${site}`))
    const password = SITE_PASSWORDS[SITE]
    for (const username of [`${ADDRESS}|apparel-uk`, ADDRESS, `${ADDRESS}|`, `${ron.username}|${SITE}`]) {
      const answer = await ask({ grant_type: 'password', ...STOREFRONT, username, password })
      expect([username, ...said(answer)]).toEqual([username, 400, older('invalid_grant', 'Bad credentials')])
    }
  })

  test('case 24: of an employee brings a token with the mark of an agent, of a customer one without, whatever is asked for', async () => {
    const agent = await sap.signIn(server.url, AGENT)
    expect(agent.scope).toBe('basic agent')
    expect(await introspect(server.url, agent.access_token)).toMatchObject({ scope: 'basic agent', id_agent: 1 })
    const customer = await sap.signIn(server.url, ron)
    const asked = await ask({ ...PASSWORD, ...STOREFRONT, scope: 'agent' })
    expect([asked.status, asked.body.error]).toEqual([400, 'invalid_scope'])
    const fields = { ...PASSWORD, ...STOREFRONT, resource: sap.RESOURCE, scope: 'basic agent' }
    const direct = await read(postForm(`${server.url}/token`, fields))
    for (const { access_token } of [customer, direct.body]) {
      const { scope, id_agent } = await introspect(server.url, access_token)
      expect([scope, id_agent]).toEqual(['basic', undefined])
    }
  })
})

describe('a client', () => {
  test('case 4: with a wrong secret is refused with a challenge in the scheme that it used', async () => {
    const wrong = { ...STOREFRONT, client_secret: 'wrong' }
    const inBody = await ask({ ...PASSWORD, ...wrong })
    const byBasic = await ask(PASSWORD, basicAuth(wrong.client_id, wrong.client_secret))
    const unknown = await ask({ ...PASSWORD, client_id: 'nobody', client_secret: 'x' })
    for (const answer of [inBody, byBasic, unknown]) {
      expect(said(answer)).toEqual([401, older('invalid_client', 'Bad client credentials')])
    }
    expect(inBody.headers.get('www-authenticate')).toBe(
      'Bearer error="invalid_client", error_description="Bad client credentials"',
    )
    expect(byBasic.headers.get('www-authenticate')).toBe(
      'Basic realm="hybris", error="invalid_client", error_description="Bad client credentials"',
    )
    const nobody = await ask(PASSWORD)
    const sentence = 'Full authentication is required to access this resource'
    expect(said(nobody)).toEqual([401, older('unauthorized', sentence)])
    expect(nobody.headers.has('www-authenticate')).toBe(true)
  })

  test('case 5: that names no grant type, or one that there is not, is told which', async () => {
    expect(said(await ask({ ...STOREFRONT }))).toEqual([400, older('invalid_request', 'Missing grant type')])
    const unknown = await ask({ ...STOREFRONT, grant_type: 'magic' })
    expect(said(unknown)).toEqual([400, older('unsupported_grant_type', 'Unsupported grant type')])
    const implicit = await ask({ ...STOREFRONT, grant_type: 'implicit' })
    expect(said(implicit)).toEqual([
      400,
      older('invalid_grant', 'Implicit grant type not supported from token endpoint'),
    ])
    const scope = await ask({ ...PASSWORD, ...STOREFRONT, scope: 'x' })
    expect(said(scope)).toEqual([400, '{"error":"invalid_scope","error_description":"Invalid scope","scope":"basic"}'])
  })

  test('case 6: without the grant is refused by its name', async () => {
    for (const grant_type of ['password', 'custom']) {
      const fields = grant_type === 'custom' ? sap.signedUser('DE--21') : PASSWORD
      const answer = await ask({ ...fields, ...NARROW })
      expect(said(answer)).toEqual([401, older('invalid_client', `Unauthorized grant type: ${grant_type}`)])
    }
  })

  test('case 7: gets a token of its own, without a refresh token and without a user', async () => {
    const { status, body } = await ask({ grant_type: 'client_credentials', ...STOREFRONT })
    expect([status, body.refresh_token, body.scope]).toEqual([200, undefined, 'basic'])
    const found = await introspect(server.url, body.access_token)
    expect([found.active, found.sub, found.customer_reference]).toEqual([true, STOREFRONT.client_id, undefined])
    const checked = await read(
      postForm(`${server.url}${BASE}/oauth/check_token`, { token: body.access_token }, ordersService),
    )
    expect([checked.body.user_name, checked.body.authorities]).toEqual([undefined, ['ROLE_CLIENT']])
  })

  test('that is public, and shows the secret that every browser knows, signs people in, revokes, and is a visitor for itself', async () => {
    const open = { client_id: 'frontend', client_secret: 'secret' }
    const { status, body } = await ask({ ...PASSWORD, ...open })
    expect([status, body.token_type]).toEqual([200, 'bearer'])
    const next = await sap.refresh(server.url, body.refresh_token, open)
    expect((await revoke({ token: next.body.refresh_token, ...open })).status).toBe(200)
    expect(await isActive(next.body.access_token)).toBe(false)
    const visitor = await ask({ grant_type: 'client_credentials', ...open })
    expect([visitor.status, visitor.body.scope, visitor.body.refresh_token]).toEqual([200, 'basic', undefined])
    const { sub, customer_reference } = await introspect(server.url, visitor.body.access_token)
    expect([sub, customer_reference]).toEqual(['frontend', undefined])
    const token = { token: visitor.body.access_token }
    expect((await read(postForm(`${server.url}${BASE}/oauth/introspect`, { ...token, ...open }))).status).toBe(401)
  })

  test('case 16: that is public gets no token of its own', async () => {
    const answer = await ask({ grant_type: 'client_credentials', ...PUBLIC })
    expect(said(answer)).toEqual([400, '{"error":"unauthorized_client"}'])
  })

  test('case 17: of the newer kind is told that there is no password grant', async () => {
    const answer = await ask({ ...PASSWORD, ...PUBLIC })
    const body = { error_description: 'OAuth 2.0 Parameter: grant_type', error: 'unsupported_grant_type' }
    expect(said(answer)).toEqual([400, JSON.stringify({ ...body, error_uri: ERROR_URI })])
    expect(answer.headers.has('www-authenticate')).toBe(false)
  })
})

describe('a refresh', () => {
  test('case 8: brings a new refresh token; the old one is refused and not repeated', async () => {
    const first = await sap.signIn(server.url, ron)
    const second = await sap.refresh(server.url, first.refresh_token)
    expect([second.status, second.body.refresh_token === first.refresh_token]).toEqual([200, false])
    const again = await sap.refresh(server.url, first.refresh_token)
    expect(said(again)).toEqual([400, older('invalid_grant', 'Invalid refresh token')])
    expect((await sap.refresh(server.url, 'never-given')).text).toBe(again.text)
    expect(await isActive(second.body.access_token)).toBe(true)
  })

  test('case 9: with an expired refresh token ends the session in the words of either kind of client', async () => {
    const start = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(start)
    const kept = await sap.signIn(server.url, ron)
    const { code, verifier } = await obtainCode(server.url)
    const newer = await exchange(code, verifier)
    vi.setSystemTime(start + 400 * 86_400_000)
    expect(said(await sap.refresh(server.url, kept.refresh_token))).toEqual([
      400,
      older('invalid_grant', 'Invalid refresh token'),
    ])
    const refused = await sap.refresh(server.url, newer.body.refresh_token, PUBLIC)
    expect(said(refused)).toEqual([400, '{"error":"invalid_grant"}'])
  })

  test('case 10: twice at once has one winner, who goes on', async () => {
    const { refresh_token } = await sap.signIn(server.url, ron)
    const answers = await Promise.all([1, 2, 3].map(() => sap.refresh(server.url, refresh_token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    const winner = answers.find(({ status }) => status === 200)
    expect((await sap.refresh(server.url, winner?.body.refresh_token)).status).toBe(200)
  })
})

describe('revoking', () => {
  test('case 11: by the token itself ends it and its refresh token', async () => {
    const { access_token: token, refresh_token } = await sap.signIn(server.url, ron)
    const { status, text, headers } = await revoke({ token }, bearer(token))
    expect([status, text, headers.get('content-length')]).toEqual([200, '', '0'])
    expect(await isActive(token)).toBe(false)
    expect((await sap.refresh(server.url, refresh_token)).status).toBe(400)
  })

  test('case 12: both tokens side by side, and one after the other, is well', async () => {
    for (const isAtOnce of [true, false]) {
      const { access_token, refresh_token } = await sap.signIn(server.url, ron)
      const ofAccess = { ...STOREFRONT, token: access_token, token_type_hint: 'access_token' }
      const ofRefresh = { ...STOREFRONT, token: refresh_token, token_type_hint: 'refresh_token' }
      const answers = isAtOnce
        ? await Promise.all([ofAccess, ofRefresh].map((fields) => revoke(fields, bearer(access_token))))
        : [await revoke(ofAccess, bearer(access_token)), await revoke(ofRefresh, bearer(access_token))]
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect([await isActive(access_token), (await sap.refresh(server.url, refresh_token)).status]).toEqual([
        false,
        400,
      ])
    }
  })

  test('case 12: with a bearer that has ended and no client is well too', async () => {
    const { access_token, refresh_token } = await sap.signIn(server.url, ron)
    await revoke({ token: access_token }, bearer(access_token))
    expect((await revoke({ token: refresh_token }, bearer(access_token))).status).toBe(200)
    expect((await revoke({ token: refresh_token }, bearer('never.was.one'))).status).toBe(401)
    expect((await revoke({ token: refresh_token })).status).toBe(401)
  })

  test('case 13: an unknown token, or one of another kind than the hint says, ends nothing and is well', async () => {
    const { access_token, refresh_token } = await sap.signIn(server.url, ron)
    for (const [token, hint] of [
      ['unknown', undefined],
      [access_token, 'refresh_token'],
      [refresh_token, 'access_token'],
    ] as const) {
      const { status } = await revoke({ token, ...(hint && { token_type_hint: hint }) }, bearer(access_token))
      expect(status).toBe(200)
    }
    expect(await isActive(access_token)).toBe(true)
    const odd = await revoke({ token: access_token, token_type_hint: 'x' }, bearer(access_token))
    expect([odd.status, odd.body.error]).toEqual([400, 'unsupported_token_type'])
    expect((await sap.refresh(server.url, refresh_token)).status).toBe(200)
  })
})

test('case 14: whoever wants XML gets JSON', async () => {
  const { status, headers, body } = await ask({ ...PASSWORD, ...STOREFRONT }, { accept: 'application/xml' })
  expect([status, headers.get('content-type'), typeof body.access_token]).toEqual([
    200,
    'application/json;charset=UTF-8',
    'string',
  ])
})

describe('the code flow', () => {
  test('case 18: without a challenge goes back with an error', async () => {
    const { callback } = await authorize(server.url, { code_challenge: undefined, code_challenge_method: undefined })
    expect(callback?.searchParams.get('error')).toBe('invalid_request')
  })

  test('case 19: with a wrong verifier is refused without a sentence', async () => {
    const { code } = await obtainCode(server.url)
    const answer = await exchange(code, pkce().verifier)
    expect(said(answer)).toEqual([400, '{"error":"invalid_grant"}'])
  })

  test('case 20: a refresh token of a public client lives no longer than the first one would have', async () => {
    const start = Date.now()
    const atSecond = (seconds: number) => vi.setSystemTime(start + seconds * 1000)
    vi.useFakeTimers({ toFake: ['Date'] })
    atSecond(0)
    const { code, verifier } = await obtainCode(server.url)
    const first = await exchange(code, verifier)
    expect([first.status, first.body.token_type]).toEqual([200, 'Bearer'])
    atSecond(3500)
    const second = await sap.refresh(server.url, first.body.refresh_token, PUBLIC)
    expect(second.status).toBe(200)
    atSecond(3700)
    const third = await sap.refresh(server.url, second.body.refresh_token, PUBLIC)
    expect(said(third)).toEqual([400, '{"error":"invalid_grant"}'])
  })

  test('case 21: the keys at the shop’s address verify the token', async () => {
    const { code, verifier } = await obtainCode(server.url)
    const { body } = await exchange(code, verifier)
    const keys = createRemoteJWKSet(new URL(`${server.url}${BASE}/oauth/jwks`))
    const { protectedHeader } = await jwtVerify(body.access_token, keys, { issuer: server.url, audience: sap.RESOURCE })
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
    expect(decode(body.access_token).payload.scope).toBe('openid')
  })
})

test('case 22: a signed user signs in, with values encoded twice or once; an unknown signature is refused', async () => {
  const twice = sap.signedUser(`SAP--${SITE}`)
  const { status, body } = await ask({ ...twice, ...STOREFRONT })
  expect([status, (await introspect(server.url, body.access_token)).customer_reference]).toEqual([200, `SAP--${SITE}`])
  const { UID, UIDSignature, signatureTimestamp, ...rest } = sap.signedUser('DE--21')
  const [uid = '', signature = '', timeStamp = ''] = [UID, UIDSignature, signatureTimestamp].map(decodeURIComponent)
  const once = await ask({ ...rest, UID: uid, UIDSignature: signature, timeStamp, ...STOREFRONT })
  expect(once.status).toBe(200)
  const forged = await ask({ ...sap.signedUser('DE--21'), UID: `SAP--${SITE}`, ...STOREFRONT })
  expect(said(forged)).toEqual([400, older('invalid_grant', 'Bad credentials')])
})

test('case 23: a registered origin may send its authorization and content type, and read the answer', async () => {
  const origin = 'https://storefront.shop.example'
  const headers = { origin, 'access-control-request-method': 'POST' }
  const preflight = await fetch(server.url + TOKEN, { method: 'OPTIONS', headers })
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
    204,
    expect.stringMatching(/authorization, content-type/i),
  ])
  for (const [asking, allowed] of [
    [origin, origin],
    ['https://elsewhere.example', null],
  ] as const) {
    const answer = await ask({ ...PASSWORD, ...STOREFRONT }, { origin: asking })
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed)
  }
})

test('case 25: what cannot be read is a 400 in the shop’s words', async () => {
  const client = new URLSearchParams(STOREFRONT).toString()
  for (const body of [
    `${client}&grant_type=__proto__`,
    `${client}&__proto__=x&constructor=y`,
    `${client}&grant_type=password&grant_type=password`,
    `${client}&grant_type=password&username=a&username=b&password=c`,
    'x'.repeat(1024 * 1024),
  ]) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await read(fetch(server.url + TOKEN, { method: 'POST', body, headers }))
    expect([answer.status, typeof answer.body.error, typeof answer.body.error_description]).toEqual([
      400,
      'string',
      'string',
    ])
  }
})

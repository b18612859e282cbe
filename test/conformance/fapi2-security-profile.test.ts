import { randomUUID } from 'node:crypto'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { decode, pkce } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  type JwtChange,
  type KeyPair,
  keyPair,
  nowSeconds,
  registerSecureClient,
  type SecureClient,
} from './high-security-client.ts'

/* The modules of the OpenID conformance suite for authorization servers of the FAPI 2.0 Security Profile, retold. */

let server: TestServer
let bank: SecureClient
let other: SecureClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  ;[bank, other] = await Promise.all([registerSecureClient(server, 'bank'), registerSecureClient(server, 'other-bank')])
})
afterAll(() => server?.stop())

/** The same key, for another algorithm. */
async function inAlgorithm({ privateKey }: KeyPair, alg: string): Promise<CryptoKey> {
  return (await importJWK(await exportJWK(privateKey), alg)) as CryptoKey
}

describe('the whole way', () => {
  test('ends in tokens that are bound to the key, and the answer names the issuer', async () => {
    const pushed = await bank.push()
    expect([pushed.status, pushed.body.expires_in <= 600]).toEqual([201, true])
    const callback = (await bank.arrive(bank.authorizeUrl(pushed.body.request_uri))).searchParams
    expect([callback.get('iss'), callback.get('state')]).toEqual([server.url, 'some-state'])
    const { status, body } = await bank.redeem(callback.get('code') ?? '')
    expect([status, body.token_type]).toEqual([200, 'DPoP'])
    const { header, payload } = decode(body.access_token)
    expect(header.alg).not.toBe('RS256')
    expect(payload.cnf).toEqual({ jkt: await bank.thumbprint() })
    expect(decode(body.id_token).header.alg).toBe('ES256')
    expect((await bank.userinfo(body.access_token)).body).toHaveProperty('email')
  })

  test.each([['state'], ['nonce']])('works without %s', async (name) => {
    expect(await bank.code({ [name]: undefined })).not.toBe('')
  })

  test('a refresh token stays the same, and needs a proof', async () => {
    const { body } = await bank.redeem(await bank.code())
    const first = await bank.refresh(body.refresh_token)
    const second = await bank.refresh(body.refresh_token)
    expect([first.status, second.status]).toEqual([200, 200])
    expect([first.body.refresh_token, second.body.refresh_token]).toEqual([body.refresh_token, body.refresh_token])
    expect(decode(second.body.access_token).payload.cnf).toEqual({ jkt: await bank.thumbprint() })
    expect(await bank.refresh(body.refresh_token, {})).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('a refresh with a proof by a new key gives a token that is bound to that key (RFC 9449 §5)', async () => {
    const { body } = await bank.redeem(await bank.code())
    const key = await keyPair()
    const refreshed = await bank.refresh(body.refresh_token, { DPoP: await bank.proof('/token', { key }) })
    expect(decode(refreshed.body.access_token).payload.cnf).toEqual({ jkt: await calculateJwkThumbprint(key.jwk) })
  })

  test('a refresh token of another client is refused', async () => {
    const { body } = await bank.redeem(await bank.code())
    expect(await other.refresh(body.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })
})

describe('an authorization request', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['with plain PKCE', { code_challenge_method: 'plain' }],
    ['without the method of PKCE', { code_challenge_method: undefined }],
    ['without redirect_uri', { redirect_uri: undefined }],
    ['with a redirect_uri that is not registered', { redirect_uri: 'https://evil.example/callback' }],
    ['with a redirect_uri that has a query more', { redirect_uri: 'https://bank.example/callback?more=1' }],
    ['with a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
    ['for a token', { response_type: 'token' }],
    ['for a code and a token', { response_type: 'code id_token' }],
  ])('that is pushed %s is refused', async (_what, fields) => {
    const { status, body } = await bank.push(fields)
    expect([status, body.error]).toEqual([
      400,
      expect.stringMatching(
        /^(invalid_request|invalid_redirect_uri|request_uri_not_supported|unsupported_response_type)$/,
      ),
    ])
  })

  test('that is not pushed is refused', async () => {
    const fields = Object.entries(bank.request()).filter((field): field is [string, string] => field[1] !== undefined)
    const answer = await fetch(`${server.url}/authorize?${new URLSearchParams(fields)}`, { redirect: 'manual' })
    const location = new URL(answer.headers.get('location') ?? '', server.url)
    expect(location.searchParams.get('error')).toBe('invalid_request')
    expect(location.searchParams.get('iss')).toBe(server.url)
  })

  test('is opened by its own client only', async () => {
    const { body } = await bank.push()
    const answer = await fetch(other.authorizeUrl(body.request_uri), { redirect: 'manual' })
    expect(answer.headers.get('location') ?? '').not.toContain('code=')
    expect([303, 400]).toContain(answer.status)
  })

  test('ends in one code', async () => {
    const url = bank.authorizeUrl((await bank.push()).body.request_uri)
    await bank.arrive(url)
    const answer = await fetch(url, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  test('parameters beside the request_uri count for nothing', async () => {
    const { body } = await bank.push({ state: 'pushed' })
    const callback = await bank.arrive(
      bank.authorizeUrl(body.request_uri, { state: 'beside', scope: 'openid profile' }),
    )
    expect(callback.searchParams.get('state')).toBe('pushed')
  })

  test('a parameter that is sent twice is refused', async () => {
    const assertion = await bank.assertion()
    const body = new URLSearchParams(
      Object.entries(bank.request()).filter((field): field is [string, string] => field[1] !== undefined),
    )
    body.append('client_assertion', assertion)
    body.append('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.append('state', 'another')
    const answer = await fetch(`${server.url}/par`, { method: 'POST', body })
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
  })
})

describe('a client assertion', () => {
  const ENDPOINTS = ['/par', '/token'] as const
  const CHANGES: [string, () => JwtChange | Promise<JwtChange>, number][] = [
    ['as it should be', () => ({}), 200],
    ['with nbf eight seconds ahead', () => ({ payload: { nbf: nowSeconds() + 8 } }), 200],
    ['for the token endpoint', () => ({ payload: { aud: `${server.url}/token` } }), 401],
    ['for the endpoint of pushed requests', () => ({ payload: { aud: `${server.url}/par` } }), 401],
    ['for a list with the issuer', () => ({ payload: { aud: [server.url] } }), 401],
    ['for another server', () => ({ payload: { aud: 'https://other.example' } }), 401],
    ['for nobody', () => ({ payload: { aud: undefined } }), 401],
    ['that ended', () => ({ payload: { exp: nowSeconds() - 400, iat: nowSeconds() - 500 } }), 401],
    ['without an end', () => ({ payload: { exp: undefined } }), 401],
    ['without jti', () => ({ payload: { jti: undefined } }), 401],
    ['of another issuer', () => ({ payload: { iss: 'other-bank' } }), 401],
    ['of nobody', () => ({ payload: { iss: undefined } }), 401],
    ['that begins in eight minutes', () => ({ payload: { nbf: nowSeconds() + 480 } }), 401],
    ['signed with RS256', () => ({ header: { alg: 'RS256', kid: bank.rsaKey.jwk.kid }, key: bank.rsaKey }), 401],
    ['signed by a stranger', async () => ({ key: await keyPair() }), 401],
  ]
  test.each(ENDPOINTS.flatMap((path) => CHANGES.map((change) => [path, ...change] as const)))(
    'at %s %s is answered %d',
    async (path, _what, change, status) => {
      const client_assertion = await bank.assertion(await change())
      const answer =
        path === '/par' ? await bank.push({ client_assertion }) : await bank.redeem('no-code', { client_assertion })
      const isRefused = status === 401
      expect(answer.body.error === 'invalid_client').toBe(isRefused)
      expect(answer.status).toBe(isRefused ? 401 : path === '/par' ? 201 : 400)
    },
  )

  test('is used once', async () => {
    const client_assertion = await bank.assertion()
    expect((await bank.push({ client_assertion })).status).toBe(201)
    expect(await bank.push({ client_assertion })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('cannot be left out', async () => {
    const without = { client_assertion: undefined, client_assertion_type: undefined }
    expect(await bank.push(without)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })
})

describe('a code', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['without a verifier', { code_verifier: undefined }],
    ['with another verifier', { code_verifier: pkce().verifier }],
    ['with another redirect_uri', { redirect_uri: 'https://bank.example/other' }],
  ])('%s is refused', async (_what, fields) => {
    const { status, body } = await bank.redeem(await bank.code(), fields)
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
  })

  test('of another client is refused', async () => {
    const code = await bank.code()
    expect(await other.redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('works once, and its tokens end when it is used again', async () => {
    const code = await bank.code()
    const { body } = await bank.redeem(code)
    expect(await bank.redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await bank.userinfo(body.access_token)).status).toBe(401)
  })

  test('that was bound to a key by dpop_jkt or a proof at /par is refused with another key', async () => {
    const bound = [
      await bank.code({ dpop_jkt: await bank.thumbprint() }),
      await bank.code({}, { DPoP: await bank.proof('/par') }),
    ]
    for (const code of bound) {
      const DPoP = await bank.proof('/token', { key: await keyPair() })
      expect(await bank.redeem(code, {}, { DPoP })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
  })

  test('a push whose proof and dpop_jkt differ is refused', async () => {
    const DPoP = await bank.proof('/par', { key: await keyPair() })
    const { status, body } = await bank.push({ dpop_jkt: await bank.thumbprint() }, { DPoP })
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^invalid_(request|dpop_proof)$/)])
  })
})

describe('a DPoP proof', () => {
  const CHANGES: [string, () => JwtChange | Promise<JwtChange>, boolean][] = [
    ['ten seconds old', () => ({ payload: { iat: nowSeconds() - 10 } }), true],
    ['ten seconds ahead', () => ({ payload: { iat: nowSeconds() + 10 } }), true],
    ['with a query in htu', () => ({ payload: { htu: `${server.url}/token?a=b` } }), true],
    ['without iat', () => ({ payload: { iat: undefined } }), false],
    ['an hour old', () => ({ payload: { iat: nowSeconds() - 3600 } }), false],
    ['without jti', () => ({ payload: { jti: undefined } }), false],
    ['for another method', () => ({ payload: { htm: 'GET' } }), false],
    ['for another address', () => ({ payload: { htu: `${server.url}/par` } }), false],
    ['without typ', () => ({ header: { typ: undefined } }), false],
    ['of another typ', () => ({ header: { typ: 'JWT' } }), false],
    ['without its key', () => ({ header: { jwk: undefined } }), false],
    ['with the key of another', async () => ({ header: { jwk: (await keyPair()).jwk } }), false],
    ['signed with RS256', () => ({ key: bank.rsaKey, header: { alg: 'RS256' } }), false],
  ]
  test.each(CHANGES)('%s: %s', async (_what, change, isTaken) => {
    const DPoP = await bank.proof('/token', await change())
    const { status, body } = await bank.redeem(await bank.code(), {}, { DPoP })
    if (isTaken) expect(status).toBe(200)
    else expect([status, body.error]).toEqual([400, expect.stringMatching(/^(invalid_dpop_proof|use_dpop_nonce)$/)])
  })

  test('is used once', async () => {
    const DPoP = await bank.proof('/token', { payload: { jti: randomUUID() } })
    expect((await bank.redeem(await bank.code(), {}, { DPoP })).status).toBe(200)
    expect((await bank.redeem(await bank.code(), {}, { DPoP })).status).toBe(400)
  })

  test('is needed for tokens', async () => {
    const { status, body } = await bank.redeem(await bank.code(), {}, {})
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })

  test.each<[string, (token: string) => Promise<Record<string, string>>]>([
    ['no proof', async (token) => ({ authorization: `DPoP ${token}` })],
    ['the scheme Bearer', async (token) => ({ authorization: `Bearer ${token}` })],
    [
      'a proof for another token',
      async (token) => ({ authorization: `DPoP ${token}`, DPoP: await bank.proof('/userinfo', {}, 'another') }),
    ],
    [
      'a proof by another key',
      async (token) => ({
        authorization: `DPoP ${token}`,
        DPoP: await bank.proof('/userinfo', { key: await keyPair() }, token),
      }),
    ],
  ])('a token with %s is refused at userinfo', async (_what, headers) => {
    const { body } = await bank.redeem(await bank.code())
    const answer = await bank.userinfo(body.access_token, await headers(body.access_token))
    expect([400, 401]).toContain(answer.status)
    expect(answer.body).not.toHaveProperty('email')
  })

  test('signed with RS256 is refused at userinfo and /par as well, also by the key that the token is bound to', async () => {
    const key = await keyPair('PS256')
    const header = { alg: 'PS256' }
    const { body } = await bank.redeem(await bank.code(), {}, { DPoP: await bank.proof('/token', { key, header }) })
    const token = body.access_token as string
    const good = await bank.proof('/userinfo', { key, header }, token)
    expect((await bank.userinfo(token, { authorization: `DPoP ${token}`, DPoP: good })).status).toBe(200)
    const weakKey = { ...key, privateKey: await inAlgorithm(key, 'RS256') }
    const weak = (path: string) => bank.proof(path, { key: weakKey, header: { alg: 'RS256' } }, token)
    const refused = await bank.userinfo(token, { authorization: `DPoP ${token}`, DPoP: await weak('/userinfo') })
    expect([refused.status, refused.body]).toEqual([401, expect.not.objectContaining({ email: expect.anything() })])
    expect((await bank.push({}, { DPoP: await weak('/par') })).body.error).toBe('invalid_dpop_proof')
  })

  test('the scheme of the header is read in any case', async () => {
    const { body } = await bank.redeem(await bank.code())
    const token = body.access_token as string
    const DPoP = await bank.proof('/userinfo', {}, token)
    expect((await bank.userinfo(token, { authorization: `dpop ${token}`, DPoP })).status).toBe(200)
  })
})

test('a token is not taken from the query', async () => {
  const { body } = await bank.redeem(await bank.code())
  const answer = await fetch(`${server.url}/userinfo?access_token=${body.access_token}`)
  expect([400, 401]).toContain(answer.status)
})

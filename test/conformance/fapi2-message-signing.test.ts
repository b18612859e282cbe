import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { decode } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type JwtChange, keyPair, nowSeconds, registerSecureClient, type SecureClient } from './high-security-client.ts'

/* The modules of the OpenID conformance suite for authorization servers of FAPI 2.0 Message Signing, retold. */

const MEMBERS = {
  security_profile: 'fapi2-message-signing',
  require_signed_request_object: true,
  request_object_signing_alg: 'ES256',
  response_modes: ['jwt'],
  authorization_signed_response_alg: 'ES256',
  introspection_signed_response_alg: 'ES256',
  introspects: ['urn:vestibule:commerce'],
}
let server: TestServer
let bank: SecureClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  bank = await registerSecureClient(server, 'signing-bank', MEMBERS)
})
afterAll(() => server?.stop())

const asked = { response_mode: 'jwt' }

/** The claims of a signed answer to an authorization request (JARM §4.4). */
async function answerOf(callback: URL): Promise<JWTPayload> {
  const response = callback.searchParams.get('response') ?? ''
  const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`))
  const { payload } = await jwtVerify(response, keys, { issuer: server.url, audience: bank.id, algorithms: ['ES256'] })
  return payload
}

describe('a signed request', () => {
  test('is answered by a signed answer that holds the code and nothing beside it', async () => {
    const pushed = await bank.pushSigned(asked)
    expect(pushed.status).toBe(201)
    const callback = await bank.arrive(bank.authorizeUrl(pushed.body.request_uri))
    expect([...callback.searchParams.keys()]).toEqual(['response'])
    const answer = await answerOf(callback)
    expect(answer).toMatchObject({ state: 'some-state', code: expect.any(String) })
    expect(Number(answer.exp) - nowSeconds()).toBeLessThanOrEqual(600)
    const tokens = await bank.redeem(String(answer.code))
    expect([tokens.status, tokens.body.token_type]).toEqual([200, 'DPoP'])
  })

  test('counts, and what stands beside it does not', async () => {
    const request = await bank.requestObject(bank.request({ ...asked, state: 'inside' }))
    const { body } = await bank.post('/par', { client_id: bank.id, request, state: 'beside', scope: 'openid profile' })
    expect((await answerOf(await bank.arrive(bank.authorizeUrl(body.request_uri)))).state).toBe('inside')
  })

  const CHANGES: [string, () => JwtChange | Promise<JwtChange>, number][] = [
    [
      'with a list of audiences that has ours',
      () => ({ payload: { aud: [server.url, 'https://other.example'] } }),
      201,
    ],
    ['that began eight seconds ahead', () => ({ payload: { nbf: nowSeconds() + 8 } }), 201],
    ['without exp', () => ({ payload: { exp: undefined } }), 400],
    ['without nbf', () => ({ payload: { nbf: undefined } }), 400],
    ['without aud', () => ({ payload: { aud: undefined } }), 400],
    ['without client_id', () => ({ payload: { client_id: undefined } }), 400],
    ['that is over', () => ({ payload: { exp: nowSeconds() - 60, nbf: nowSeconds() - 120 } }), 400],
    ['good for more than an hour', () => ({ payload: { exp: nowSeconds() + 4200 } }), 400],
    ['that began more than an hour ago', () => ({ payload: { nbf: nowSeconds() - 4200 } }), 400],
    ['that begins in ten minutes', () => ({ payload: { nbf: nowSeconds() + 600, exp: nowSeconds() + 900 } }), 400],
    ['for another server', () => ({ payload: { aud: 'https://other.example' } }), 400],
    ['of another issuer', () => ({ payload: { iss: 'other-bank' } }), 400],
    ['of another client', () => ({ payload: { client_id: 'frontend' } }), 400],
    ['with a request inside', () => ({ payload: { request: 'a.b.c' } }), 400],
    ['with a request_uri inside', () => ({ payload: { request_uri: 'urn:x' } }), 400],
    ['with a redirect_uri that is not registered', () => ({ payload: { redirect_uri: 'https://evil.example/' } }), 400],
    ['without PKCE', () => ({ payload: { code_challenge: undefined, code_challenge_method: undefined } }), 400],
    ['with plain PKCE', () => ({ payload: { code_challenge_method: 'plain' } }), 400],
    ['signed with RS256', () => ({ header: { alg: 'RS256', kid: bank.rsaKey.jwk.kid }, key: bank.rsaKey }), 400],
    ['signed by a stranger', async () => ({ key: await keyPair() }), 400],
    ['that asks for a plain answer', () => ({ payload: { response_mode: 'query' } }), 400],
    ['that names no response mode', () => ({ payload: { response_mode: undefined } }), 400],
  ]
  test.each(CHANGES)('%s is answered %i', async (_what, change, expected) => {
    const { status, body } = await bank.pushSigned(asked, await change())
    expect(status).toBe(expected)
    if (status !== 201) expect(body.error).toMatch(/^invalid_(request_object|request|client|redirect_uri)$/)
  })

  test.each<[string, (claims: string) => string]>([
    ['with the algorithm none', (claims) => `${encoded({ alg: 'none' })}.${claims}.`],
    ['with its signature cut off', (claims) => `${encoded({ alg: 'ES256' })}.${claims}.`],
    ['that is no JWT', () => 'a.b.c'],
    ['that is encrypted', () => `${encoded({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
  ])('%s is refused', async (_what, made) => {
    const good = await bank.requestObject(bank.request(asked))
    const request = made(good.split('.')[1] ?? '')
    const { status, body } = await bank.post('/par', { client_id: bank.id, request })
    expect([status, body.error]).toEqual([400, 'invalid_request_object'])
  })

  test('is needed: a request that is pushed without a signature is refused', async () => {
    expect(await bank.push(asked)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })
})

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('an answer that tells of an error is signed as well', async () => {
  const { body } = await bank.pushSigned({ ...asked, prompt: 'none' })
  const callback = await bank.arrive(bank.authorizeUrl(body.request_uri))
  expect([...callback.searchParams.keys()]).toEqual(['response'])
  expect(await answerOf(callback)).toMatchObject({ error: 'login_required', state: 'some-state' })
})

test('introspection is answered by a signed JWT where that is asked for', async () => {
  const { body } = await bank.pushSigned(asked)
  const answer = await answerOf(await bank.arrive(bank.authorizeUrl(body.request_uri)))
  const tokens = await bank.redeem(String(answer.code))
  const told = await bank.post(
    '/introspect',
    { token: tokens.body.access_token },
    { accept: 'application/token-introspection+jwt' },
  )
  const { header, payload } = decode(told.text)
  expect(header).toMatchObject({ alg: 'ES256', typ: 'token-introspection+jwt' })
  expect(payload).toMatchObject({ iss: server.url, aud: bank.id, token_introspection: { active: true } })
})

test('metadata says what can be signed, and with what', async () => {
  const metadata = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()
  expect(metadata).toMatchObject({
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
    response_modes_supported: expect.arrayContaining(['jwt', 'query.jwt', 'form_post.jwt']),
    authorization_signing_alg_values_supported: expect.arrayContaining(['ES256']),
    request_object_signing_alg_values_supported: expect.not.arrayContaining(['none']),
  })
})

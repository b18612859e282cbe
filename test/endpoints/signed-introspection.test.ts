import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, ordersService, read, revoke, thirdParty, tokensOf, userinfo } from './client.ts'

const SIGNED = 'application/token-introspection+jwt'
const INACTIVE = { active: false }

describe.each(['true', 'false'])('with FAST_PATH=%s', (FAST_PATH) => {
  let server: TestServer
  let elliptic: { authorization: string }
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER, FAST_PATH })
    const metadata = {
      client_id: 'elliptic-service',
      first_party: true,
      grant_types: ['client_credentials'],
      introspects: ['*'],
      introspection_signed_response_alg: 'ES256',
    }
    const secret = 'elliptic-service-secret'
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret })).status).toBe(201)
    elliptic = basicAuth('elliptic-service', secret)
  })
  afterAll(() => server?.stop())

  const signed = async (token: string, caller: Record<string, string> = ordersService, accept = SIGNED) => {
    // Asked twice, as the fast path knows a secret from the second time on.
    await introspect(server.url, token, caller)
    return read(postForm(`${server.url}/introspect`, { token }, { ...caller, accept }))
  }
  const verify = (jwt: string, audience: string) =>
    jwtVerify(jwt, createRemoteJWKSet(new URL(`${server.url}/jwks`)), {
      issuer: server.url,
      audience,
      typ: 'token-introspection+jwt',
    })

  test.each([
    ['orders-service', 'RS256', () => ordersService],
    ['elliptic-service', 'ES256', () => elliptic],
  ])('%s gets an answer that is signed by %s, is for it alone, and says what JSON says', async (id, alg, caller) => {
    const { access_token } = await tokensOf(server.url)
    const { status, headers, text } = await signed(access_token, caller())
    expect([status, headers.get('content-type')]).toEqual([200, SIGNED])
    expect(headers.get('cache-control')).toContain('no-store')
    const { payload, protectedHeader } = await verify(text, id)
    expect(protectedHeader.alg).toBe(alg)
    expect(Object.keys(payload).sort()).toEqual(['aud', 'iat', 'iss', 'token_introspection'])
    expect(payload.token_introspection).toEqual(await introspect(server.url, access_token, caller()))
    expect(payload.token_introspection).toMatchObject({ active: true, aud: 'urn:vestibule:commerce' })
  })

  test('a token that does not work, or is no business of the caller, is said to be inactive and no more', async () => {
    const { access_token } = await tokensOf(server.url)
    const foreign = await verify((await signed(access_token, thirdParty)).text, 'third-party-app')
    expect(foreign.payload.token_introspection).toEqual(INACTIVE)
    await revoke(server.url, access_token)
    for (const token of [access_token, 'unknown', 'a.b.c']) {
      const { payload } = await verify((await signed(token)).text, 'orders-service')
      expect(payload.token_introspection).toEqual(INACTIVE)
      expect(Object.keys(payload).sort()).toEqual(['aud', 'iat', 'iss', 'token_introspection'])
    }
  })

  test.each([
    ['application/json', 'json'],
    ['*/*', 'json'],
    ['text/html', 'json'],
    [`application/json, ${SIGNED}`, 'json'],
    [`${SIGNED};q=0.5, application/json`, 'json'],
    [`application/json;q=0.5, ${SIGNED}`, 'jwt'],
    [`${SIGNED}, */*;q=0.1`, 'jwt'],
  ])('Accept: %s is answered as %s', async (accept, form) => {
    const { access_token } = await tokensOf(server.url)
    const { status, headers } = await signed(access_token, ordersService, accept)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(form === 'jwt' ? SIGNED : /^application\/json/)
  })

  test('a caller that does not prove itself gets no signed answer', async () => {
    const { access_token: token } = await tokensOf(server.url)
    const wrong = { ...basicAuth('orders-service', 'wrong'), accept: SIGNED }
    const { status, body } = await read(postForm(`${server.url}/introspect`, { token }, wrong))
    expect([status, body.error]).toEqual([401, 'invalid_client'])
  })

  test('the signed answer is no token at any endpoint', async () => {
    const { access_token } = await tokensOf(server.url, { scope: 'openid' })
    const { text } = await signed(access_token)
    expect(await introspect(server.url, text)).toEqual(INACTIVE)
    expect((await userinfo(server.url, text)).status).toBe(401)
  })

  test('discovery lists the algorithms that have a key, none of them symmetric', async () => {
    const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
    expect(body.introspection_signing_alg_values_supported.toSorted()).toEqual(['ES256', 'RS256'])
    expect(body.userinfo_signing_alg_values_supported.toSorted()).toEqual(['ES256', 'RS256'])
    // The algorithms of encryption need a key as well: a secret is kept as a digest.
    for (const alg of body.introspection_encryption_alg_values_supported) expect(alg).toMatch(/^(RSA-OAEP|ECDH-ES)/)
    expect(body.introspection_encryption_alg_values_supported).not.toHaveLength(0)
  })

  test.each(['introspection_signed_response_alg', 'userinfo_signed_response_alg'])(
    'a client that wants %s by an algorithm without a key, or none, is refused',
    async (member) => {
      for (const [index, alg] of ['EdDSA', 'HS256', 'none'].entries()) {
        const metadata = { client_id: `refused-${index}`, first_party: true, grant_types: ['client_credentials'] }
        const answer = await ask(server, OWNER, 'POST', '/v1/clients', { metadata: { ...metadata, [member]: alg } })
        expect([answer.status, String(answer.body.detail)]).toEqual([400, expect.stringContaining(member)])
      }
    },
  )

  test('userinfo answers a client that wants it signed with a JWT for it, and others with JSON', async () => {
    const metadata = {
      client_id: `signed-userinfo`,
      resource_scopes: [],
      grant_types: ['password'],
      token_endpoint_auth_method: 'none',
      userinfo_signed_response_alg: 'ES256',
    }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
    const plain = await tokensOf(server.url, { scope: 'openid email' })
    const tokens = await tokensOf(server.url, { client_id: 'signed-userinfo', scope: 'openid email' })
    const answer = await userinfo(server.url, tokens.access_token)
    expect(answer.headers.get('content-type')).toMatch(/^application\/jwt/)
    const { payload, protectedHeader } = await jwtVerify(
      await answer.text(),
      createRemoteJWKSet(new URL(`${server.url}/jwks`)),
      { issuer: server.url, audience: 'signed-userinfo', algorithms: ['ES256'] },
    )
    expect(protectedHeader.alg).toBe('ES256')
    expect(payload).toMatchObject((await read(userinfo(server.url, plain.access_token))).body)
    expect(payload.exp).toBe(decode(tokens.access_token).payload.exp)
  })
})

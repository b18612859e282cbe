import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  decode,
  introspect,
  RON_ID,
  read,
  requestTokens,
  ron,
  SONIA_COMPANY_USER,
  sonia,
  thirdParty,
  tokensOf,
} from './client.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { isEmbedded: true })
})
afterAll(() => server?.stop())

describe('the right password', () => {
  test('gives tokens that are not to be cached (RFC 6749 §5.1)', async () => {
    const { status, headers, body } = await read(requestTokens(server.url))
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(body).toEqual({
      access_token: expect.any(String),
      expires_in: 28_800,
      refresh_token: expect.any(String),
      scope: 'customer company',
      token_type: 'Bearer',
    })
  })

  test('gives an access token by RFC 9068 with exactly the claims that services are promised', async () => {
    const { header, payload } = decode((await tokensOf(server.url)).access_token)
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: server.url,
      sub: expect.stringMatching(UUID),
      auth_time: expect.any(Number),
      acr: 'urn:vestibule:acr:signed-in',
      amr: ['pwd'],
      aud: 'urn:vestibule:commerce',
      exp: Number(payload.iat) + 28_800,
      iat: expect.any(Number),
      jti: expect.any(String),
      client_id: 'frontend',
      scope: 'customer company',
      customer_reference: 'DE--21',
      id_company_user: SONIA_COMPANY_USER,
      company_roles: ['Buyer'],
      permissions: [
        'ReadSharedCartPermissionPlugin',
        'WriteSharedCartPermissionPlugin',
        'ReadShoppingListPermissionPlugin',
        'WriteShoppingListPermissionPlugin',
      ],
      gid: expect.any(String),
    })
  })

  test.each([
    ['of nobody’s company', ron, { sub: RON_ID, customer_reference: 'DE--22' }],
    ['of two companies without a default', { username: 'test@meetanshi.com', password: 'Meet@123' }, {}],
  ])('of a customer %s gives a token without a company user', async (_, login, more) => {
    const { payload } = decode((await tokensOf(server.url, login)).access_token)
    expect(payload).toMatchObject({ id_company_user: null, company_roles: [], permissions: [], ...more })
  })

  test('is accepted whatever the case of the e-mail address', async () => {
    const { payload } = decode((await tokensOf(server.url, { username: 'Ron@Swanson.COM', ...pick(ron) })).access_token)
    expect(payload.sub).toBe(RON_ID)
  })

  test('gives an ID token for the client when openid is asked for', async () => {
    const { id_token } = await tokensOf(server.url, { scope: 'openid email' })
    const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`))
    const { payload, protectedHeader } = await jwtVerify(id_token, keys, { issuer: server.url, audience: 'frontend' })
    expect(protectedHeader.alg).toBe('RS256')
    expect(payload.sub).toMatch(UUID)
  })

  test('gives a confidential client tokens too, and no two tokens are alike', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => tokensOf(server.url, {}, thirdParty)))
    expect(decode(first?.access_token ?? '').payload).toMatchObject({ client_id: 'third-party-app', scope: 'customer' })
    expect(first?.access_token).not.toBe(second?.access_token)
    expect(first?.refresh_token).not.toBe(second?.refresh_token)
  })
})

describe('scopes', () => {
  test('only those asked for are granted, and the answer names them', async () => {
    const tokens = await tokensOf(server.url, { scope: 'openid email orders:read' })
    expect(tokens.scope?.split(' ').sort()).toEqual(['email', 'openid', 'orders:read'])
    expect(decode(tokens.access_token).payload.scope).toBe(tokens.scope)
  })

  test('nobody is granted a scope that does not exist, or one of another service', async () => {
    const { scope } = await tokensOf(server.url, { scope: 'customer admin stock:write' })
    expect(scope).toBe('customer')
  })

  test('a scope with characters that no scope has is refused', async () => {
    const { status, body } = await read(requestTokens(server.url, { scope: 'customer "quoted"' }))
    expect([status, body.error]).toEqual([400, 'invalid_scope'])
  })
})

describe('another resource server', () => {
  test('gets opaque tokens for its own audience and scopes', async () => {
    const tokens = await tokensOf(server.url, { resource: 'urn:vestibule:warehouse', scope: 'stock:read orders:read' })
    expect(tokens.access_token).toMatch(/^[\w-]{43}$/)
    expect(tokens.scope).toBe('stock:read')
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({
      active: true,
      aud: 'urn:vestibule:warehouse',
      scope: 'stock:read',
      customer_reference: 'DE--21',
    })
  })

  test('must exist, and only one can be asked for at a time', async () => {
    const unknown = await read(requestTokens(server.url, { resource: 'urn:nobody' }))
    expect([unknown.status, unknown.body.error]).toEqual([400, 'invalid_target'])
    const both = 'resource=urn:vestibule:warehouse&resource=urn:vestibule:commerce'
    const twice = await read(form(`${valid}&${both}`))
    expect(twice.status).toBe(400)
    expect(['invalid_request', 'invalid_target']).toContain(twice.body.error)
  })
})

const valid = `grant_type=password&client_id=frontend&${new URLSearchParams(Object.entries(sonia))}`
const form = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/token`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })

describe('a login that is refused', () => {
  test('reads the same whether the customer is unknown, unconfirmed or the password is wrong', async () => {
    const refusals = await Promise.all(
      [
        { username: sonia.username, password: 'wrong' },
        { username: 'nobody@example.com', password: 'change123' },
        { username: 'unconfirmed@example.com', password: 'change123' },
        { username: 'unconfirmed@example.com', password: 'wrong' },
        { username: `${sonia.username}\0`, password: sonia.password },
        { username: sonia.username, password: `${sonia.password}\0` },
        { username: 'not an e-mail address', password: 'x' },
        { username: sonia.username, password: 'x'.repeat(20_000) },
      ].map(async (login) => read(requestTokens(server.url, login))),
    )
    for (const { status, body, headers } of refusals) {
      expect([status, headers.get('retry-after')]).toEqual([400, null])
      expect(body).toEqual({ error: 'invalid_grant', error_description: 'invalid username or password' })
    }
  })
})

test.each<[string, number, string, () => Promise<Response>]>([
  ['no password', 400, 'invalid_request', () => form(valid.replace(/&password=[^&]*/, ''))],
  ['an empty password', 400, 'invalid_request', () => form(valid.replace('change123', ''))],
  ['no username', 400, 'invalid_request', () => form(valid.replace(/&username=[^&]*/, ''))],
  ['no grant type', 400, 'invalid_request', () => form(valid.replace('grant_type=password&', ''))],
  ['an unknown grant type', 400, 'unsupported_grant_type', () => form(valid.replace('=password', '=telepathy'))],
  ['two usernames', 400, 'invalid_request', () => form(`${valid}&username=ron@swanson.com`)],
  ['two grant types', 400, 'invalid_request', () => form(`${valid}&grant_type=client_credentials`)],
  ['two client ids', 400, 'invalid_request', () => form(`${valid}&client_id=third-party-app`)],
  ['a password array', 400, 'invalid_request', () => form(valid.replace('&password=', '&password[]='))],
  ['an unknown client', 401, 'invalid_client', () => form(valid.replace('frontend', 'nobody'))],
  ['a client with a NUL', 401, 'invalid_client', () => form(valid.replace('frontend', 'frontend%00'))],
  ['a client that does not list it', 400, 'unauthorized_client', () => form(valid.replace('frontend', 'device-app'))],
  [
    'a confidential client without its secret',
    401,
    'invalid_client',
    () => form(valid.replace('frontend', 'third-party-app')),
  ],
  ['a public client with a secret', 401, 'invalid_client', () => form(`${valid}&client_secret=x`)],
  ['a resource with a NUL', 400, 'invalid_target', () => form(`${valid}&resource=urn:a%00`)],
])('a password grant with %s is answered with %i %s', async (_, status, error, send) => {
  const answer = await read(send())
  expect([answer.status, answer.body.error]).toEqual([status, error])
  expect(answer.body.error_description).toEqual(expect.any(String))
})

test.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
  ['JSON', '{"grant_type":"password"}', 'application/json'],
  ['JSON under a form’s name', '{"grant_type":"password"}', 'application/x-www-form-urlencoded'],
  ['plain text', valid, 'text/plain'],
  ['a multipart form', '--x\r\n\r\n--x--', 'multipart/form-data; boundary=x'],
  ['empty', '', 'application/x-www-form-urlencoded'],
  ['broken percent signs', '%%%=%ZZ&%', 'application/x-www-form-urlencoded'],
  ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x00]), 'application/x-www-form-urlencoded'],
  ['in an unknown character set', valid, 'application/x-www-form-urlencoded; charset=utf-7'],
  ['100 KB long', `${valid}${'a'.repeat(100_000)}`, 'application/x-www-form-urlencoded'],
])('a body that is %s is refused with invalid_request', async (_, body, type) => {
  const answer = await read(form(body, { 'content-type': type, ...thirdParty }))
  expect([400, 413]).toContain(answer.status)
  expect(answer.body).toMatchObject({ error: 'invalid_request', error_description: expect.any(String) })
})

function pick({ password }: { password: string }): { password: string } {
  return { password }
}

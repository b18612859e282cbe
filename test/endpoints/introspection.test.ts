import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  decode,
  introspect,
  ordersService,
  read,
  refresh,
  revoke,
  type Tokens,
  thirdParty,
  tokensOf,
} from './client.ts'

let server: TestServer
let tokens: Tokens
beforeAll(async () => {
  server = await startTestServer()
  tokens = await tokensOf(server.url)
})
afterAll(() => server?.stop())

const ask = (fields: Record<string, string>, headers: Record<string, string> = ordersService) =>
  read(postForm(`${server.url}/introspect`, fields, headers))
const INACTIVE = { active: false }

describe('an active access token', () => {
  test('is described to its resource server, with every permission and its configuration', async () => {
    const found = await introspect(server.url, tokens.access_token)
    const { payload } = decode(tokens.access_token)
    const carts = { id_quote_collection: [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21] }
    const lists = { id_shopping_list_collection: { 0: 1, 2: 2, 3: 3 } }
    expect(found).toMatchObject({
      active: true,
      client_id: 'frontend',
      token_type: 'Bearer',
      customer_reference: 'DE--21',
      id_company_user: payload.id_company_user,
      company_roles: ['Buyer'],
      permissions: [
        { key: 'ReadSharedCartPermissionPlugin', configuration: carts },
        { key: 'WriteSharedCartPermissionPlugin', configuration: carts },
        { key: 'ReadShoppingListPermissionPlugin', configuration: lists },
        { key: 'WriteShoppingListPermissionPlugin', configuration: lists },
      ],
    })
    for (const claim of ['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'scope']) expect(found[claim]).toBe(payload[claim])
  })

  test('is described as JSON, by the token alone whatever hint comes with it', async () => {
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
      const { headers, body } = await ask({ token: tokens.access_token, token_type_hint })
      expect(headers.get('content-type')).toMatch(/^application\/json/)
      expect(body.active).toBe(true)
    }
  })

  test('is described to the client it was issued to', async () => {
    const own = await tokensOf(server.url, {}, thirdParty)
    expect(await introspect(server.url, own.access_token, thirdParty)).toMatchObject({ active: true })
  })
})

describe('who may not know learns what anybody learns of a token that does not exist', () => {
  test('an unrelated client', async () => {
    expect(await introspect(server.url, tokens.access_token, thirdParty)).toEqual(INACTIVE)
  })

  test('a public client, even of its own token', async () => {
    const { status, body } = await ask({ token: tokens.access_token, client_id: 'frontend' }, {})
    expect([status, body]).toEqual([200, INACTIVE])
  })

  test('a resource server that asks about a refresh token', async () => {
    expect(await introspect(server.url, tokens.refresh_token)).toEqual(INACTIVE)
  })

  test('a client that does not authenticate is refused', async () => {
    const nobody = await ask({ token: tokens.access_token }, {})
    expect([nobody.status, nobody.body.error]).toEqual([400, 'invalid_request'])
    const wrong = await ask({ token: tokens.access_token }, basicAuth('orders-service', 'wrong'))
    expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
  })
})

test('a refresh token is described to its own client while it is the current one', async () => {
  const own = await tokensOf(server.url, {}, thirdParty)
  const found = await introspect(server.url, own.refresh_token, thirdParty)
  expect(found).toMatchObject({ active: true, client_id: 'third-party-app', scope: 'customer' })
  const { body: next } = await read(refresh(server.url, own.refresh_token, {}, thirdParty))
  expect(await introspect(server.url, own.refresh_token, thirdParty)).toEqual(INACTIVE)
  expect(await introspect(server.url, next.refresh_token, thirdParty)).toMatchObject({ active: true })
})

test('an opaque token is described until it is revoked', async () => {
  const opaque = await tokensOf(server.url, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })
  expect(await introspect(server.url, opaque.access_token)).toMatchObject({ active: true, scope: 'stock:read' })
  await revoke(server.url, opaque.access_token)
  expect(await introspect(server.url, opaque.access_token)).toEqual(INACTIVE)
})

describe('a JWT that we did not make is inactive', () => {
  const parts = () => tokens.access_token.split('.') as [string, string, string]
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const keys = async () => (await read(fetch(`${server.url}/jwks`))).body.keys as (JsonWebKey & { kid: string })[]
  const signedBy = (header: object, payload: object = decode(tokens.access_token).payload) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const input = `${encode({ alg: 'ES256', typ: 'at+jwt', jwk, ...header })}.${encode(payload)}`
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${input}.${signature.toString('base64url')}`
  }
  const withHmac = async (kind: 'pem' | 'jwk', alg: string) => {
    const own = await keys()
    const key = own.find(({ kid }) => kid === decode(tokens.access_token).header.kid) as (typeof own)[0]
    const publicKey = createPublicKey({ key, format: 'jwk' })
    const secret = kind === 'jwk' ? JSON.stringify(key) : publicKey.export({ type: 'spki', format: 'pem' })
    const input = `${encode({ alg, typ: 'at+jwt', kid: key.kid })}.${parts()[1]}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const ownKid = () => decode(tokens.access_token).header.kid

  test.each<[string, () => string | Promise<string>]>([
    [
      'changed payload',
      () => [parts()[0], encode({ ...decode(tokens.access_token).payload, sub: 'x' }), parts()[2]].join('.'),
    ],
    [
      'changed signature',
      () => [...parts().slice(0, 2), parts()[2].replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))].join('.'),
    ],
    ['no signature', () => `${parts()[0]}.${parts()[1]}.`],
    ['a signature of zeros', () => [...parts().slice(0, 2), Buffer.alloc(64).toString('base64url')].join('.')],
    ['a signature twice as long', () => tokens.access_token + parts()[2]],
    ['alg none', () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${parts()[1]}.`],
    ['alg none and our kid', () => `${encode({ alg: 'none', kid: ownKid() })}.${parts()[1]}.${parts()[2]}`],
    ['alg nOnE', () => `${encode({ alg: 'nOnE', kid: ownKid() })}.${parts()[1]}.`],
    ['HS256 with our public key as PEM', () => withHmac('pem', 'HS256')],
    ['HS256 with our public key as JWK', () => withHmac('jwk', 'HS256')],
    ['an HMAC that claims to be ES256', () => withHmac('pem', 'ES256')],
    ['a foreign key under our kid', () => signedBy({ kid: ownKid() })],
    ['a foreign key in the header', () => signedBy({ kid: undefined })],
    ['a key address in the header', () => signedBy({ kid: 'x', jku: 'http://127.0.0.1:1/jwks' })],
    ['a kid that is a path', () => signedBy({ kid: '../../../../dev/null' })],
    ['a kid that is SQL', () => signedBy({ kid: "' or '1'='1" })],
    ['a kid that is a prototype', () => signedBy({ kid: '__proto__' })],
    ['a kid that is an object', () => signedBy({ kid: { a: 1 } })],
    ['a critical header nobody knows', () => signedBy({ kid: ownKid(), crit: ['x'], x: 1 })],
    ['a header that is no object', () => `${encode('x')}.${parts()[1]}.${parts()[2]}`],
    ['a header that is no JSON', () => `AAAA.${parts()[1]}.${parts()[2]}`],
    ['five parts', () => [...parts(), 'AAAA', 'AAAA'].join('.')],
  ])('%s', async (_, forge) => {
    expect(await introspect(server.url, await forge())).toEqual(INACTIVE)
  })

  test('while the real one is active', async () => {
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })
  })
})

test.each(['garbage', '.', '..', '...', 'a.b.c', '\0', '🛒', `${'a'.repeat(30_000)}`, 'null', '{}', "' or 1=1 --"])(
  'a token %j is inactive',
  async (token) => {
    expect(await introspect(server.url, token)).toEqual(INACTIVE)
  },
)

test('a request without a token, with two, or of another type is refused', async () => {
  const bodies = ['', 'token=', 'token=a&token=b', 'token[]=a']
  for (const body of bodies) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...ordersService }
    const { status, body: answer } = await read(fetch(`${server.url}/introspect`, { method: 'POST', body, headers }))
    expect([status, answer.error]).toEqual([400, 'invalid_request'])
  }
  const json = { 'content-type': 'application/json', ...ordersService }
  const { status } = await read(fetch(`${server.url}/introspect`, { method: 'POST', body: '{}', headers: json }))
  expect(status).toBe(400)
})

test('it is asked by POST: a token in an address would be logged', async () => {
  const { status, text } = await read(
    fetch(`${server.url}/introspect?token=${tokens.access_token}`, { headers: ordersService }),
  )
  expect([404, 405]).toContain(status)
  expect(text).not.toContain('active')
})

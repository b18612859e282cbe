import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createResourceServer } from '../../packages/resource-server/src/index.ts'
import { AUDIENCE, createService, type FakeIssuer, makeKey, startFakeIssuer } from './fake-issuer.ts'

let issuer: FakeIssuer
let service: ReturnType<typeof createService>

beforeAll(async () => {
  issuer = await startFakeIssuer()
  service = createService(issuer)
})
afterAll(async () => {
  service.server.close()
  await issuer.stop()
})

test('a good token passes and says who calls', async () => {
  const act = { sub: 'orders-service', act: { sub: 'agent:7' } }
  const token = await issuer.token({
    id_company_user: 'cu-1',
    customer_reference: 'DE--21',
    permissions: ['A', { key: 'B' }],
    act,
  })
  const access = await service.server.verify(
    new Request('http://x/', { headers: { authorization: `bearer ${token}` } }),
  )
  expect(access).toMatchObject({
    subject: 'customer-1',
    clientId: 'shop',
    companyUserId: 'cu-1',
    customerReference: 'DE--21',
    permissions: [{ key: 'A' }, { key: 'B' }],
    actor: 'orders-service',
    checkedBy: 'signature',
    isKnownUnrevoked: true,
    scheme: 'Bearer',
  })
  expect([...access.scopes]).toEqual(['orders:read'])
})

test.each([
  ['a list of audiences with ours', { aud: ['urn:other', AUDIENCE] }],
  ['clocks that differ by less than the skew', { iat: Math.floor(Date.now() / 1000) + 5 }],
  ['an end less than the skew ago', { iat: 1, exp: Math.floor(Date.now() / 1000) - 5 }],
])('%s passes', async (_name, claims) => {
  expect(await service.ask(await issuer.token(claims))).toBe('200')
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const past = Math.floor(Date.now() / 1000) - 60

/** Each is wrong in one thing alone. */
const BAD: Readonly<Record<string, () => string | Promise<string>>> = {
  'of another issuer': () => issuer.token({ iss: 'https://login.example' }),
  'of an issuer that begins like ours': () => issuer.token({ iss: `${issuer.issuer}/` }),
  'for another audience': () => issuer.token({ aud: 'urn:test:payments' }),
  'for an audience that begins like ours': () => issuer.token({ aud: `${AUDIENCE}:more` }),
  'without an audience': () => issuer.token({ aud: undefined }),
  expired: () => issuer.token({ iat: 1, exp: past }),
  'that never expires': () => issuer.token({ exp: undefined }),
  'whose end is a text': () => issuer.token({ exp: '9999999999' as unknown as number }),
  'of the future': () => issuer.token({ iat: past + 600 }),
  'not valid yet': () => issuer.token({ nbf: past + 600 }),
  'without a subject': () => issuer.token({ sub: undefined }),
  'without a client, as ID tokens are': () => issuer.token({ client_id: undefined }),
  'without a jti': () => issuer.token({ jti: undefined }),
  'of type JWT, as ID tokens are': () => issuer.token({}, { typ: 'JWT' }),
  'of type logout+jwt': () => issuer.token({}, { typ: 'logout+jwt' }),
  'without a type': () => issuer.token({}, { typ: undefined }),
  'of alg none': async () => {
    const [, payload] = (await issuer.token()).split('.')
    return `${encode({ alg: 'none', typ: 'at+jwt', kid: 'key-1' })}.${payload}.`
  },
  'signed by HS256 with the public key as the secret': async () => {
    const [, payload] = (await issuer.token()).split('.')
    const key = issuer.state.keys[0]?.jwk as JsonWebKey
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'key-1' })}.${payload}`
    return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
  },
  'signed by another key under the same kid': async () => issuer.token({}, {}, await makeKey('key-1')),
  'of a key that is not published': async () => issuer.token({}, {}, await makeKey('key-9')),
  'that brings its own key': async () => {
    const own = await makeKey('own')
    return issuer.token({}, { jwk: own.jwk, kid: 'key-1' }, own)
  },
  'that names no key': () => issuer.token({}, { kid: undefined }),
  'that asks for more than is understood': async () => {
    const [, payload, signature] = (await issuer.token()).split('.')
    return `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1', crit: ['x'], x: 1 })}.${payload}.${signature}`
  },
  'with changed claims': async () => {
    const [header, , signature] = (await issuer.token()).split('.')
    return `${header}.${encode({ sub: 'another' })}.${signature}`
  },
  'bound to a key, when proofs are not checked': () => issuer.token({ cnf: { jkt: 'thumbprint' } }),
  'bound to a certificate, when those are not checked': () => issuer.token({ cnf: { 'x5t#S256': 'thumbprint' } }),
  'bound in an unknown way': () => issuer.token({ cnf: { kid: 'x' } }),
  'bound to nothing': () => issuer.token({ cnf: {} }),
  'that is opaque, without introspection': () => 'an-opaque-token',
  'longer than the bound': () => issuer.token({ permissions: ['x'.repeat(9000)] }),
  'of three parts that are nothing': () => 'a.b.c',
  'whose header is null': () => 'bnVsbA.bnVsbA.AAAA',
  'whose header has other types': () =>
    `${encode({ alg: 'ES256', typ: { at: 1 }, kid: ['x'] })}.${encode({ aud: 7 })}.AAAA`,
}

test.each(Object.keys(BAD))('a token %s is refused', async (name) => {
  expect(await service.ask((await BAD[name]?.()) ?? '')).toBe('401 invalid_token')
})

test('a token of a published key with another algorithm than the service takes is refused', async () => {
  issuer.state.keys.unshift(await makeKey('rsa', 'RS256'))
  const token = await issuer.token({}, { alg: 'RS256' }, issuer.state.keys[0])
  const other = createService(issuer, { algorithms: ['RS256'] })
  expect(await service.ask(token)).toBe('401 invalid_token')
  expect(await other.ask(token)).toBe('200')
  other.server.close()
})

test('a token that was remembered as good is refused once it has expired', async () => {
  const { server, ask, time } = createService(issuer)
  const token = await issuer.token({ exp: issuer.now() + 100 })
  expect([await ask(token), await ask(token)]).toEqual(['200', '200'])
  time.aheadMs = 120_000
  expect(await ask(token)).toBe('401 invalid_token')
  server.close()
})

describe('the token comes in the Authorization header alone', () => {
  const answer = async (headers: Headers | Record<string, string>, url = 'http://x/orders') => {
    const admission = await service.server.admit(new Request(url, { headers }))
    return admission.isAdmitted ? '200' : `${admission.answer.status} ${admission.refused.code}`
  }

  test.each(['Bearer', 'Bearer ', 'Basic YTpi', 'DPoP a.b.c', 'Bearer a b', 'Bearer ü', 'a.b.c', ''])(
    'Authorization %j asks for a token',
    async (authorization) => {
      const bytes = Buffer.from(authorization, 'utf8').toString('latin1')
      expect(await answer({ authorization: bytes })).toBe('401 missing_token')
    },
  )

  test('no header asks for a token, and says no error', async () => {
    const admission = await service.server.admit(new Request('http://x/orders'))
    expect(admission).toMatchObject({
      isAdmitted: false,
      answer: { status: 401, headers: { 'WWW-Authenticate': `Bearer realm="${issuer.issuer}"` }, body: '' },
    })
  })

  test.each(['?access_token=%T', '?a=1&access_token=%T', '?access%5Ftoken=%T', '?ACCESS_TOKEN=%T', '?access_token'])(
    'an address with %s is refused, with a good header too',
    async (query) => {
      const token = await issuer.token()
      const url = `http://x/orders${query.replace('%T', token)}`
      expect(await answer({}, url)).toBe('400 invalid_request')
      expect(await answer({ authorization: `Bearer ${token}` }, url)).toBe('400 invalid_request')
    },
  )

  test('two tokens are refused, in one header and in two', async () => {
    const [one, two] = [await issuer.token(), await issuer.token()]
    const headers = new Headers([
      ['authorization', `Bearer ${one}`],
      ['authorization', `Bearer ${two}`],
    ])
    expect(await answer(headers)).toBe('400 invalid_request')
    const rawHeaders = ['Authorization', `Bearer ${one}`, 'AUTHORIZATION', `Bearer ${two}`]
    const node = { method: 'GET', url: '/', headers: { authorization: `Bearer ${one}` }, rawHeaders }
    await expect(service.server.verify(node)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

test('every option that is wrong is named at once', () => {
  const wrong = {
    issuer: 'login.example',
    audience: '',
    algorithms: ['HS256', 'none'] as never,
    whenUnreachable: 'ajar' as never,
    clockSkewSeconds: -1,
  }
  expect(() => createResourceServer(wrong)).toThrow(
    /issuer is not an absolute address.*audience is missing.*HS256.*none.*clockSkewSeconds.*whenUnreachable/,
  )
  expect(() => createResourceServer({ issuer: 'https://x', audience: 'a', errors: 'soap' as never })).toThrow(
    /errors is one of/,
  )
  const header = { mtls: { header: 'x-cert' } }
  expect(() => createResourceServer({ issuer: 'https://x', audience: 'a', ...header })).toThrow(/trustedProxies/)
})

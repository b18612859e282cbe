import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { exportJWK, type JWK } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AssertionVerdict, createVerifyAssertion } from '../../src/issuers/assertion.ts'
import { createIssuerKeys } from '../../src/issuers/issuer-keys.ts'
import type { TrustedIssuer } from '../../src/issuers/issuer-schema.ts'
import { createGuardedFetch } from '../../src/outgoing/guarded-fetch.ts'
import { type LocalIssuer, startLocalIssuer } from './local-issuer.ts'

const OWN = 'https://auth.shop.example'
const CLIENT = { clientId: 'assistant', isPublic: false }
const fetch = createGuardedFetch({ allowedNetworks: ['127.0.0.0/8'], timeoutMs: 300 })

let local: LocalIssuer
beforeAll(async () => {
  local = await startLocalIssuer()
})
afterAll(() => local?.stop())
beforeEach(() => {
  local.replies.clear()
  local.paths.length = 0
})

type Kind = TrustedIssuer['kind']
type Claims = Record<string, unknown>

const recordOf = (kind: Kind, more: Partial<TrustedIssuer> = {}): TrustedIssuer => ({
  id: 'one',
  issuer: local.issuer,
  jwks_uri: local.jwksUri,
  kind,
  ...(kind === 'google-linking' && { audience: 'our-google-client', clients: ['assistant'] }),
  ...more,
})

/** What an assertion of each kind needs beside what the local issuer always says. */
const NEEDED: Readonly<Record<Kind, { claims: Claims; header: Claims }>> = {
  ucp: { claims: { aud: OWN }, header: {} },
  'id-jag': { claims: { aud: OWN, client_id: 'assistant' }, header: { typ: 'oauth-id-jag+jwt' } },
  'google-linking': { claims: { aud: 'our-google-client', jti: undefined }, header: {} },
  plain: { claims: { aud: OWN, jti: undefined }, header: {} },
}
const KINDS = Object.keys(NEEDED) as Kind[]

function verifier(record: TrustedIssuer | undefined, now?: () => number) {
  const clock = now ? { now } : {}
  const keys = createIssuerKeys({ fetch, ...clock })
  const registry = { find: async (issuer: string) => (record?.issuer === issuer ? record : undefined) }
  return createVerifyAssertion({ registry, keys, ownIssuer: OWN, ...clock })
}

type Presented = { claims?: Claims; header?: Claims; record?: Partial<TrustedIssuer>; client?: typeof CLIENT }

async function present(kind: Kind, { claims = {}, header = {}, record, client = CLIENT }: Presented = {}) {
  const needed = NEEDED[kind]
  const assertion = await local.assert({ ...needed.claims, ...claims }, { ...needed.header, ...header })
  return verifier(recordOf(kind, record))(assertion, client)
}

const reasonOf = (verdict: AssertionVerdict) => (verdict.outcome === 'refused' ? verdict.reason : 'accepted')
const now = () => Math.floor(Date.now() / 1000)

test.each(KINDS)('an assertion of the kind %s that keeps its rules is taken', async (kind) => {
  expect(await present(kind)).toMatchObject({
    outcome: 'accepted',
    assertion: { subject: 'person-1', onceOnly: kind === 'ucp' ? { jti: expect.any(String) } : undefined },
  })
})

/** What each kind answers; one that is left out takes it. */
const RULES: readonly [string, () => Presented, Partial<Record<Kind, string>>][] = [
  ['typ of an ID-JAG', () => ({ header: { typ: 'application/OAuth-ID-JAG+jwt' } }), all('type', 'id-jag')],
  ['typ of an access token', () => ({ header: { typ: 'at+jwt' } }), all('type')],
  ['typ of a logout token', () => ({ header: { typ: 'logout+jwt' } }), all('type')],
  ['typ JWT', () => ({ header: { typ: 'JWT' } }), { 'id-jag': 'type' }],
  ['another audience', () => ({ claims: { aud: 'https://other.example' } }), all('audience')],
  ['no audience', () => ({ claims: { aud: undefined } }), all('audience')],
  ['the token endpoint as audience', () => ({ claims: { aud: `${OWN}/token` } }), all('audience')],
  ['a list of two audiences', () => ({ claims: { aud: [OWN, 'https://other.example'] } }), all('audience')],
  ['a list of one audience', () => ({ claims: { aud: [OWN] } }), { ucp: 'audience', 'google-linking': 'audience' }],
  ['no exp', () => ({ claims: { exp: undefined } }), all('missing-claim')],
  ['exp as a text', () => ({ claims: { exp: '9999999999' } }), all('signature')],
  ['exp in the past', () => ({ claims: { iat: now() - 120, exp: now() - 60 } }), all('expired')],
  ['exp too far away', () => ({ claims: { exp: now() + 90_000 } }), all('lifetime')],
  ['an exp that no number holds', () => ({ claims: { exp: 1e300 } }), all('missing-claim')],
  ['iat in the future', () => ({ claims: { iat: now() + 300, exp: now() + 330 } }), all('not-yet')],
  ['nbf in the future', () => ({ claims: { nbf: now() + 300 } }), all('not-yet')],
  ['no iat', () => ({ claims: { iat: undefined } }), { 'id-jag': 'missing-claim' }],
  ['no sub', () => ({ claims: { sub: undefined } }), all('subject')],
  ['an empty sub', () => ({ claims: { sub: '' } }), all('subject')],
  ['a sub that is a list', () => ({ claims: { sub: ['person-1'] } }), all('subject')],
  ['a sub of two lines', () => ({ claims: { sub: 'tenant\nperson' } }), all('subject')],
  ['a sub of 256 characters', () => ({ claims: { sub: 'a'.repeat(256) } }), all('subject')],
  [
    'another client_id',
    () => ({ claims: { client_id: 'another' } }),
    { ...all('client-id'), 'google-linking': 'accepted' },
  ],
  ['no client_id', () => ({ claims: { client_id: undefined } }), { 'id-jag': 'missing-claim' }],
  ['no jti', () => ({ claims: { jti: undefined } }), { ucp: 'missing-claim', 'id-jag': 'missing-claim' }],
  ['an empty jti', () => ({ claims: { jti: '' } }), { ...all('missing-claim'), 'google-linking': 'accepted' }],
  ['cnf without jkt', () => ({ claims: { cnf: { 'x5t#S256': 'abc' } } }), all('missing-claim')],
  ['a claim that the record wants', () => ({ record: { required_claims: ['email'] } }), all('missing-claim')],
  ['an empty one', () => ({ claims: { email: '' }, record: { required_claims: ['email'] } }), all('missing-claim')],
  ['a client that is not listed', () => ({ record: { clients: ['another'] } }), all('client-not-listed')],
  [
    'a public client',
    () => ({ client: { ...CLIENT, isPublic: true } }),
    { 'id-jag': 'public-client', 'google-linking': 'public-client' },
  ],
  ['an algorithm that is not listed', () => ({ record: { algorithms: ['RS256'] } }), all('signature')],
  ['a kid that is unknown', () => ({ header: { kid: 'unknown' } }), all('signature')],
  ['a key in the header', () => ({ header: { kid: 'x', jwk: local.keys[0] } }), all('signature')],
]

function all(reason: string, except?: Kind): Partial<Record<Kind, string>> {
  return Object.fromEntries(KINDS.filter((kind) => kind !== except).map((kind) => [kind, reason]))
}

describe.each(KINDS)('an assertion of the kind %s', (kind) => {
  test.each(RULES)('with %s', async (_what, presented, outcomes) => {
    expect(reasonOf(await present(kind, presented()))).toBe(outcomes[kind] ?? 'accepted')
  })
})

test('an assertion of a provider of UCP is good for a minute, unless its record says more', async () => {
  const claims = { exp: now() + 200 }
  expect(reasonOf(await present('ucp', { claims }))).toBe('lifetime')
  expect(reasonOf(await present('ucp', { claims, record: { max_lifetime_seconds: 300 } }))).toBe('accepted')
})

test('a person of one tenant is not one of another, and none of no tenant', async () => {
  const subjectOf = async (claims: Claims) => {
    const verdict = await present('id-jag', { claims })
    return verdict.outcome === 'accepted' ? verdict.assertion.subject : verdict.reason
  }
  const subjects = [
    await subjectOf({}),
    await subjectOf({ tenant: 'one' }),
    await subjectOf({ tenant: 'two' }),
    await subjectOf({ tenant: 'one', sub: 'person-2' }),
  ]
  expect(new Set(subjects).size).toBe(4)
})

describe('whose assertions are taken', () => {
  const assertion = () => local.assert({ aud: OWN })

  test('none of an issuer that is not listed, and its keys are not fetched', async () => {
    expect(reasonOf(await verifier(undefined)(await assertion(), CLIENT))).toBe('unknown-issuer')
    expect(local.paths).toEqual([])
  })

  test('none of this server itself', async () => {
    const record = recordOf('plain', { issuer: OWN })
    expect(reasonOf(await verifier(record)(await local.assert({ iss: OWN, aud: OWN }), CLIENT))).toBe('own-issuer')
  })

  test.each([
    ['nothing', ''],
    ['no JWT', 'a.b.c'],
    ['one that is too long', `${'a'.repeat(20_000)}.b.c`],
    ['five parts', 'eyJhbGciOiJkaXIifQ.a.b.c.d'],
  ])('not %s', async (_what, text) => {
    expect(reasonOf(await verifier(recordOf('plain'))(text, CLIENT))).toBe('malformed')
  })

  test('not one that is signed by nobody', async () => {
    const [, payload] = (await assertion()).split('.')
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(reasonOf(await verifier(recordOf('plain'))(`${header}.${payload}.`, CLIENT))).toBe('signature')
  })

  test('not one that is signed with the public key as a shared secret', async () => {
    const [, payload] = (await assertion()).split('.')
    const [key] = local.keys
    for (const secret of [JSON.stringify(key), String(key?.x)]) {
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: key?.kid })).toString('base64url')
      const mac = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')
      expect(reasonOf(await verifier(recordOf('plain'))(`${header}.${payload}.${mac}`, CLIENT))).toBe('signature')
    }
  })

  test('not one that was changed', async () => {
    const [header, , signature] = (await assertion()).split('.')
    const payload = Buffer.from(JSON.stringify({ iss: local.issuer, sub: 'somebody-else', aud: OWN, exp: now() + 60 }))
    const changed = `${header}.${payload.toString('base64url')}.${signature}`
    expect(reasonOf(await verifier(recordOf('plain'))(changed, CLIENT))).toBe('signature')
  })
})

describe('keys', () => {
  const verdictOf = async (verify: ReturnType<typeof verifier>) =>
    reasonOf(await verify(await local.assert({ aud: OWN }), CLIENT))
  const fetches = () => local.paths.filter((path) => path === '/jwks').length

  test('that cannot be had are no keys: nothing is taken, and nobody waits twice', async () => {
    local.replies.set('/jwks', (_request, response) => void response.writeHead(503).end())
    const verify = verifier(recordOf('plain'))
    expect([await verdictOf(verify), await verdictOf(verify)]).toEqual(['keys-unavailable', 'keys-unavailable'])
    expect(fetches()).toBe(1)
  })

  test.each<[string, (response: import('node:http').ServerResponse) => void]>([
    ['no JSON', (response) => void response.writeHead(200).end('<html>')],
    ['no key set', (response) => void response.writeHead(200).end('{"keys":{}}')],
    ['a redirect', (response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
    [
      'more than a key set is',
      (response) => void response.writeHead(200).end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`),
    ],
    [
      'a thousand keys',
      (response) => void response.writeHead(200).end(JSON.stringify({ keys: Array(1000).fill(local.keys[0]) })),
    ],
    ['nothing at all', () => undefined],
  ])('are not what answers with %s', async (_what, answer) => {
    local.replies.set('/jwks', (_request, response) => answer(response))
    expect(await verdictOf(verifier(recordOf('plain')))).toBe('keys-unavailable')
  })

  test('that are shared secrets, private or huge are left out', async () => {
    const huge = { kty: 'RSA', kid: 'huge', n: 'a'.repeat(5000), e: 'AQAB' }
    const slow = { kty: 'RSA', kid: 'slow', n: 'a'.repeat(342), e: 'a'.repeat(342) }
    const keys: JWK[] = [{ kty: 'oct', kid: 'secret', k: 'c2VjcmV0' }, huge, slow]
    local.replies.set('/jwks', (_request, response) => void response.writeHead(200).end(JSON.stringify({ keys })))
    expect(await verdictOf(verifier(recordOf('plain')))).toBe('keys-unavailable')
  })

  test('a key of 1024 bits signs nothing', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const weak = { ...(await exportJWK(pair.publicKey)), kid: 'weak', alg: 'RS256' }
    local.replies.set(
      '/jwks',
      (_request, response) => void response.writeHead(200).end(JSON.stringify({ keys: [weak] })),
    )
    const [, payload] = (await local.assert({ aud: OWN })).split('.')
    const header = Buffer.from('{"alg":"RS256","kid":"weak"}').toString('base64url')
    const signature = sign('sha256', Buffer.from(`${header}.${payload}`), pair.privateKey).toString('base64url')
    const verdict = await verifier(recordOf('plain'))(`${header}.${payload}.${signature}`, CLIENT)
    expect(reasonOf(verdict)).toBe('signature')
  })

  test('an unknown one has them fetched anew, once a minute however often it is named', async () => {
    const issuer = await startLocalIssuer()
    try {
      let nowMs = Date.now()
      const record = { ...recordOf('plain'), issuer: issuer.issuer, jwks_uri: issuer.jwksUri }
      const verify = verifier(record, () => nowMs)
      const ask = async () =>
        reasonOf(
          await verify(await issuer.assert({ aud: OWN, iat: undefined, exp: Math.floor(nowMs / 1000) + 50 }), CLIENT),
        )
      expect(await ask()).toBe('accepted')
      await issuer.changeKey(true)
      expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill('signature'))
      expect(issuer.paths).toHaveLength(1)
      nowMs += 61_000
      expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(Array(20).fill('accepted'))
      expect(issuer.paths).toHaveLength(2)
      await issuer.changeKey(false)
      nowMs += 61_000
      expect([await ask(), await ask()]).toEqual(['signature', 'signature'])
      expect(issuer.paths).toHaveLength(3)
    } finally {
      await issuer.stop()
    }
  })

  test('that are known are used for an hour when they cannot be fetched again', async () => {
    let nowMs = Date.now()
    const verify = verifier(recordOf('plain'), () => nowMs)
    const ask = async () =>
      reasonOf(
        await verify(await local.assert({ aud: OWN, iat: undefined, exp: Math.floor(nowMs / 1000) + 50 }), CLIENT),
      )
    expect(await ask()).toBe('accepted')
    local.replies.set('/jwks', (_request, response) => void response.writeHead(503).end())
    nowMs += 1_200_000
    expect(await ask()).toBe('accepted')
    nowMs += 3_600_000
    expect(await ask()).toBe('keys-unavailable')
  })

  describe('are where the metadata say', () => {
    const OAUTH = '/.well-known/oauth-authorization-server/tenant'
    const OIDC = '/tenant/.well-known/openid-configuration'
    let tenant: LocalIssuer
    beforeAll(async () => {
      tenant = await startLocalIssuer('/tenant')
    })
    afterAll(() => tenant?.stop())
    beforeEach(() => {
      tenant.replies.clear()
      tenant.paths.length = 0
    })
    const ask = async () => {
      const record: TrustedIssuer = { id: 'two', issuer: tenant.issuer, kind: 'plain' }
      return reasonOf(await verifier(record)(await tenant.assert({ aud: OWN }), CLIENT))
    }
    const says = (path: string, status: number, body: object = {}) =>
      tenant.replies.set(path, (_request, response) => void response.writeHead(status).end(JSON.stringify(body)))
    const metadata = () => ({ issuer: tenant.issuer, jwks_uri: tenant.jwksUri })

    test('of RFC 8414 first', async () => {
      expect(await ask()).toBe('accepted')
      expect(tenant.paths).toEqual([OAUTH, '/jwks'])
    })
    test('of OpenID Connect Discovery where the first answers 404', async () => {
      says(OAUTH, 404)
      says(OIDC, 200, metadata())
      expect(await ask()).toBe('accepted')
      expect(tenant.paths).toEqual([OAUTH, OIDC, '/jwks'])
    })
    test.each([500, 403, 301])('and nowhere else where the first answers %s', async (status) => {
      says(OAUTH, status)
      says(OIDC, 200, metadata())
      expect(await ask()).toBe('keys-unavailable')
      expect(tenant.paths).toEqual([OAUTH])
    })
    test('and not where they are of another issuer', async () => {
      says(OAUTH, 200, { ...metadata(), issuer: `${tenant.issuer}/` })
      expect(await ask()).toBe('keys-unavailable')
    })
    test('and not at an address that is not public', async () => {
      says(OAUTH, 200, { ...metadata(), jwks_uri: 'http://10.0.0.1/jwks' })
      expect(await ask()).toBe('keys-unavailable')
    })
  })
})

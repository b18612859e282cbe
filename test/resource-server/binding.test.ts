import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { calculateJwkThumbprint, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createResourceServer, type NodeRequest } from '../../packages/resource-server/src/index.ts'
import { AUDIENCE, createService, type FakeIssuer, makeKey, startFakeIssuer } from './fake-issuer.ts'

let issuer: FakeIssuer
const services: ReturnType<typeof createService>[] = []
const PUBLIC = 'https://api.shop.example/v1'
const URL_OF_ORDERS = 'https://api.shop.example/v1/orders'

beforeAll(async () => {
  issuer = await startFakeIssuer()
})
afterAll(async () => {
  for (const { server } of services) server.close()
  await issuer.stop()
})

function serve(options: Parameters<typeof createService>[1] = {}) {
  const service = createService(issuer, { publicUrl: PUBLIC, dpop: true, ...options })
  services.push(service)
  return service
}

type Key = Awaited<ReturnType<typeof makeKey>>
const publicJwk = ({ jwk: { kty, crv, x, y } }: Key) => ({ kty, crv, x, y })
const jktOf = (key: Key) => calculateJwkThumbprint(publicJwk(key) as never)
const athOf = (token: string) => createHash('sha256').update(token).digest('base64url')

describe('DPoP', () => {
  let key: Key
  let token: string

  beforeAll(async () => {
    key = await makeKey('client')
    token = await issuer.token({ cnf: { jkt: await jktOf(key) } })
  })

  /** A good proof, but for what is changed. */
  function proof(change: JWTPayload = {}, header: Record<string, unknown> = {}, by = key): Promise<string> {
    const claims = {
      htm: 'GET',
      htu: URL_OF_ORDERS,
      ath: athOf(token),
      iat: issuer.now(),
      jti: randomUUID(),
      ...change,
    }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicJwk(key) as never, ...header })
      .sign(by.privateKey)
  }

  const send = async (
    { server }: ReturnType<typeof createService>,
    headers: Record<string, string>,
    method = 'GET',
  ) => {
    const admission = await server.admit(new Request('http://10.0.0.7:8090/orders?page=2', { method, headers }))
    return admission.isAdmitted
      ? { status: 200, code: '', headers: admission.headers }
      : { status: admission.answer.status, code: admission.refused.code, headers: admission.answer.headers }
  }
  const bound = (dpop: string) => ({ authorization: `DPoP ${token}`, dpop })

  test('a bound token passes with a proof of its key', async () => {
    expect(await send(serve(), bound(await proof()))).toMatchObject({ status: 200 })
  })

  test.each<[string, () => Promise<string>]>([
    ['for another method', () => proof({ htm: 'POST' })],
    ['for another address', () => proof({ htu: 'https://api.shop.example/v1/carts' })],
    ['for another host', () => proof({ htu: 'https://evil.example/v1/orders' })],
    ['for the address as the proxy calls it', () => proof({ htu: 'http://10.0.0.7:8090/orders' })],
    ['without an address', () => proof({ htu: undefined })],
    ['for another token', () => proof({ ath: athOf('another') })],
    ['for no token', () => proof({ ath: undefined })],
    ['that is too old', () => proof({ iat: issuer.now() - 300 })],
    ['of the future', () => proof({ iat: issuer.now() + 300 })],
    ['without a time', () => proof({ iat: undefined })],
    ['without a jti', () => proof({ jti: undefined })],
    ['with an endless jti', () => proof({ jti: 'x'.repeat(600) })],
    ['of another type', () => proof({}, { typ: 'JWT' })],
    ['with a signature by another key', async () => proof({}, {}, await makeKey('other'))],
    [
      'by another key than the token is bound to',
      async () => {
        const other = await makeKey('other')
        return proof({}, { jwk: publicJwk(other) }, other)
      },
    ],
    ['that brings a private key', () => proof({}, { jwk: { ...publicJwk(key), d: 'AAAA' } })],
    ['that brings no key', () => proof({}, { jwk: undefined })],
    ['that is none', async () => 'a.b.c'],
    ['that is endless', async () => `${await proof()}${'x'.repeat(9000)}`],
    ['twice in a header', async () => `${await proof()}, ${await proof()}`],
  ])('a proof %s is refused', async (_what, make) => {
    const answer = await send(serve(), bound(await make()))
    expect(answer).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
    expect(answer.headers['WWW-Authenticate']).toMatch(/^DPoP error="invalid_dpop_proof", algs="ES256 /)
  })

  test('a bound token without proof, and as a bearer token, is refused', async () => {
    expect(await send(serve(), { authorization: `DPoP ${token}` })).toMatchObject({ code: 'invalid_dpop_proof' })
    const asBearer = { authorization: `Bearer ${token}`, dpop: await proof() }
    expect(await send(serve(), asBearer)).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
  })

  test('a proof is good once, however many use it at a time', async () => {
    const service = serve()
    const headers = bound(await proof())
    const answers = await Promise.all(Array.from({ length: 30 }, () => send(service, headers)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await send(service, headers)).toMatchObject({ code: 'invalid_dpop_proof' })
  })

  test('when no more proofs can be remembered it is 503, told, and well again later', async () => {
    const service = serve({ dpop: { maxProofs: 20 } })
    const ask = async () => (await send(service, bound(await proof()))).status
    expect([await ask(), await ask(), await ask()], 'one key has a tenth of the room').toEqual([200, 200, 503])
    expect(service.names()).toContain('dpop.replay-store-full')
    const other = await makeKey('other')
    const otherToken = await issuer.token({ cnf: { jkt: await jktOf(other) } })
    const otherProof = await proof({ ath: athOf(otherToken) }, { jwk: publicJwk(other) }, other)
    expect(await send(service, { authorization: `DPoP ${otherToken}`, dpop: otherProof })).toMatchObject({
      status: 200,
    })
    service.time.aheadMs = 100_000
    const later = await proof({ iat: issuer.now() + 100 })
    expect(await send(service, bound(later))).toMatchObject({ status: 200 })
  })

  test('a store that nodes share decides for them all', async () => {
    const used = new Set<string>()
    const replayStore = {
      async remember({ id }: { id: string }) {
        const outcome = used.has(id) ? 'used' : 'new'
        used.add(id)
        return outcome as 'used' | 'new'
      },
    }
    const headers = bound(await proof())
    expect((await send(serve({ dpop: { replayStore } }), headers)).status).toBe(200)
    expect((await send(serve({ dpop: { replayStore } }), headers)).status).toBe(401)
  })

  test('with nonces a proof needs one of this service, gets it with the refusal, and a newer one in time', async () => {
    const secret = 'the-same-on-every-node-32-characters'
    const [one, two] = [serve({ dpop: { nonce: { secret } } }), serve({ dpop: { nonce: { secret } } })]
    const refused = await send(one, bound(await proof()))
    expect(refused).toMatchObject({ status: 401, code: 'use_dpop_nonce' })
    expect(refused.headers['WWW-Authenticate']).toContain('error="use_dpop_nonce"')
    const nonce = refused.headers['DPoP-Nonce']
    expect(await send(two, bound(await proof({ nonce })))).toMatchObject({ status: 200, headers: {} })
    expect(await send(one, bound(await proof({ nonce: 'made-up.AAAA' })))).toMatchObject({ code: 'use_dpop_nonce' })
    expect(await send(serve({ dpop: { nonce: true } }), bound(await proof({ nonce })))).toMatchObject({
      code: 'use_dpop_nonce',
    })
    one.time.aheadMs = 200_000
    const aging = await send(one, bound(await proof({ nonce, iat: issuer.now() + 200 })))
    expect(aging).toMatchObject({ status: 200, headers: { 'DPoP-Nonce': expect.any(String) } })
    one.time.aheadMs = 400_000
    expect(await send(one, bound(await proof({ nonce, iat: issuer.now() + 400 })))).toMatchObject({
      code: 'use_dpop_nonce',
    })
  })

  test('an unbound token passes as a bearer token alone, and not at all where binding is required', async () => {
    const unbound = await issuer.token()
    expect(await send(serve(), { authorization: `Bearer ${unbound}` })).toMatchObject({ status: 200 })
    expect(await send(serve(), { authorization: `DPoP ${unbound}`, dpop: await proof() })).toMatchObject({
      code: 'invalid_token',
    })
    const required = serve({ dpop: { isRequired: true } })
    expect(await send(required, { authorization: `Bearer ${unbound}` })).toMatchObject({ code: 'invalid_token' })
    expect((await send(required, {})).headers['WWW-Authenticate']).toMatch(/^DPoP algs="/)
    expect((await send(serve(), {})).headers['WWW-Authenticate']).toMatch(/^Bearer realm="[^"]+", DPoP algs="/)
  })

  test('without publicUrl the address is that of the request, and the operator is told', async () => {
    const service = createService(issuer, { dpop: true })
    services.push(service)
    expect(service.names()).toContain('dpop.no-public-url')
    const headers = bound(await proof({ htu: 'http://10.0.0.7:8090/orders' }))
    expect(await send(service, headers)).toMatchObject({ status: 200 })
  })
})

describe('mutual TLS', () => {
  const certificate = new X509Certificate(pem())
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url')
  const socket = (peer?: X509Certificate, remoteAddress = '10.1.2.3') => ({
    remoteAddress,
    getPeerX509Certificate: () => peer,
  })

  async function ask(options: object, request: Partial<NodeRequest>, cnf: object | null = { 'x5t#S256': thumbprint }) {
    const server = createResourceServer({
      issuer: issuer.issuer,
      audience: AUDIENCE,
      onEvent() {},
      revocations: false,
      ...options,
    })
    const authorization = `Bearer ${await issuer.token(cnf ? { cnf } : {})}`
    const admission = await server.admit({
      method: 'GET',
      url: '/',
      ...request,
      headers: { ...request.headers, authorization },
    })
    return admission.isAdmitted ? 200 : admission.answer.status
  }

  test('a bound token passes on a connection with its certificate, and on no other', async () => {
    const mtls = { mtls: true }
    expect(await ask(mtls, { socket: socket(certificate) })).toBe(200)
    expect(await ask(mtls, { socket: socket() })).toBe(401)
    expect(await ask(mtls, {})).toBe(401)
    expect(await ask(mtls, { socket: socket(certificate) }, { 'x5t#S256': 'another' })).toBe(401)
    expect(await ask(mtls, { socket: socket(certificate) }, null), 'an unbound token').toBe(200)
    expect(await ask({ mtls: { isRequired: true } }, { socket: socket(certificate) }, null)).toBe(401)
  })

  const forms: Readonly<Record<string, string>> = {
    'nginx: PEM with percent signs': encodeURIComponent(certificate.toString()),
    'RFC 9440': `:${certificate.raw.toString('base64')}:`,
    'bare base64': certificate.raw.toString('base64'),
    Envoy: `By=spiffe://a;Hash=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()};Subject="CN=x"`,
  }

  test.each(Object.keys(forms))('a trusted proxy hands the certificate on as %s', async (form) => {
    const mtls = { mtls: { header: 'X-Client-Cert', trustedProxies: ['10.1.0.0/16', '::1'] } }
    const headers = { 'x-client-cert': forms[form] }
    expect(await ask(mtls, { headers, socket: socket(undefined) })).toBe(200)
    expect(await ask(mtls, { headers, socket: socket(undefined, '::ffff:10.1.9.9') })).toBe(200)
    expect(await ask(mtls, { headers, socket: socket(undefined, '10.2.0.1') }), 'anybody else does not').toBe(401)
    expect(await ask(mtls, { headers }), 'nor a request of unknown origin').toBe(401)
  })

  test('a header that cannot be read, comes twice, or has more than one certificate is refused', async () => {
    const mtls = { mtls: { header: 'x-client-cert', trustedProxies: ['10.1.2.3'] } }
    const send = (value: string | string[]) => ask(mtls, { headers: { 'x-client-cert': value }, socket: socket() })
    const [pem = '', envoy = ''] = [forms['nginx: PEM with percent signs'], forms.Envoy]
    expect(await send(pem)).toBe(200)
    for (const bad of ['', 'x', '%', '-----BEGIN%', [pem, pem], `${envoy},${envoy}`, 'x'.repeat(20_000)]) {
      expect(await send(bad)).toBe(401)
    }
  })

  test.each(['10.1.0.0/33', 'proxy.example', '10.1.0.0/', ''])('%j is no trusted proxy', (range) => {
    const mtls = { header: 'x', trustedProxies: [range] }
    expect(() => createResourceServer({ issuer: 'https://x.example', audience: 'a', mtls })).toThrow(
      /no address and no range/,
    )
  })
})

/** A certificate that was made for these tests; its key was thrown away. */
function pem(): string {
  return `-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUH6QJ/2iSnMf0PUgjUiXykWWtn5owCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3JkZXJzLWNsaWVudDAgFw0yNjEyMDEwODEwMzNaGA8yMTI2
MTEwNzA4MTAzM1owGDEWMBQGA1UEAwwNb3JkZXJzLWNsaWVudDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABDd1Yo887IsNWfU2Lvs+FBSFBltNlRDvTkhoytyLXA3Z
+1Ghd5qtebrmIS3OWcsknyqJtH00hUe6BbKW6B8+t6OjUzBRMB0GA1UdDgQWBBQx
4LFcPJyzz4E6uji22VMspSmTODAfBgNVHSMEGDAWgBQx4LFcPJyzz4E6uji22VMs
pSmTODAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDtkyIchkBS
BoFB5cZB4cELTHzwNflKoCqWUXepiEY3vQIgapMe407Z1D/gk2J25mZFYbVtSc4c
NKPwvzqSaw/IEKs=
-----END CERTIFICATE-----`
}

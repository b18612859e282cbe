import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { keyPair, nowSeconds } from '../conformance/high-security-client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { pkce, read } from './client.ts'

/* Every way to authenticate that the metadata name, at every endpoint that authenticates clients. */

const METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const
type Method = (typeof METHODS)[number]
type Proof = { readonly fields: Record<string, string>; readonly headers: Record<string, string> }

const CALLBACK = 'https://methods.example/callback'
const SECRET = 'a-secret-of-the-tested-clients'
const CERTIFICATE = 'X-Client-Certificate'
const VERIFIED = 'X-Client-Verified'
const idOf = (method: Method) => `by-${method.replaceAll('_', '-')}`

const ENDPOINTS: Readonly<Record<string, () => Record<string, string>>> = {
  '/token': () => ({ grant_type: 'refresh_token', refresh_token: 'none' }),
  '/introspect': () => ({ token: 'none' }),
  '/revoke': () => ({ token: 'none' }),
  '/device_authorization': () => ({ scope: 'openid' }),
  '/par': () => ({
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }),
}

let server: TestServer
let proofs: Record<Method, (id: string) => Promise<Proof>>
beforeAll(async () => {
  const settings = {
    TRUSTED_PROXIES: '127.0.0.1,::1',
    MTLS_CERTIFICATE_HEADER: CERTIFICATE,
    MTLS_VERIFIED_HEADER: VERIFIED,
  }
  server = await startTestServer({ ADMIN_TOKEN: OWNER, ...settings })
  const key = await keyPair()
  const certificate = makeCertificate()
  const withCertificate = async (client_id: string): Promise<Proof> => ({
    fields: { client_id },
    headers: { [CERTIFICATE]: encodeURIComponent(certificate), [VERIFIED]: 'SUCCESS' },
  })
  proofs = {
    client_secret_basic: async (id) => ({ fields: {}, headers: basicAuth(id, SECRET) }),
    client_secret_post: async (id) => ({ fields: { client_id: id, client_secret: SECRET }, headers: {} }),
    private_key_jwt: async (id) => ({
      fields: {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await new SignJWT({ jti: randomUUID() })
          .setProtectedHeader({ alg: 'ES256', kid: String(key.jwk.kid) })
          .setIssuer(id)
          .setSubject(id)
          .setAudience(server.url)
          .setExpirationTime(nowSeconds() + 60)
          .sign(key.privateKey),
      },
      headers: {},
    }),
    tls_client_auth: withCertificate,
    self_signed_tls_client_auth: withCertificate,
    none: async (client_id) => ({ fields: { client_id }, headers: {} }),
  }
  const members: Partial<Record<Method, object>> = {
    private_key_jwt: { jwks: { keys: [key.jwk] } },
    tls_client_auth: { tls_client_auth_san_dns: 'client.example' },
    self_signed_tls_client_auth: { jwks: { keys: [{ ...key.jwk, x5c: [bodyOf(certificate)] }] } },
  }
  for (const method of METHODS) {
    const metadata = {
      client_id: idOf(method),
      first_party: true,
      token_endpoint_auth_method: method,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [CALLBACK],
      ...members[method],
    }
    const made = await ask(server, OWNER, 'POST', '/v1/clients', {
      metadata,
      ...(method.startsWith('client_secret') && { secret: SECRET }),
    })
    if (made.status !== 201) throw new Error(`${method}: ${JSON.stringify(made.body)}`)
  }
})
afterAll(() => server?.stop())

const send = async (path: string, { fields, headers }: Proof) =>
  read(postForm(server.url + path, { ...ENDPOINTS[path]?.(), ...fields }, headers))

test('the metadata name these ways and no other', async () => {
  const { body } = await read(fetch(`${server.url}/.well-known/oauth-authorization-server`))
  expect([...body.token_endpoint_auth_methods_supported].sort()).toEqual([...METHODS].sort())
})

const PATHS = Object.keys(ENDPOINTS)

test.each(PATHS.flatMap((path) => METHODS.map((method) => [path, method] as const)))(
  '%s takes a client that is registered for %s and proves itself so',
  async (path, method) => {
    const { status, body } = await send(path, await proofs[method](idOf(method)))
    expect([status, body?.error]).not.toContain('invalid_client')
    expect(status).not.toBe(401)
  },
)

/** A secret is taken in either place, and a certificate may be shown to anybody. */
const isAlike = (registered: Method, shown: Method) =>
  registered === shown ||
  [registered, shown].every((method) => method.startsWith('client_secret')) ||
  (registered === 'none' && shown.endsWith('tls_client_auth')) ||
  (registered === 'tls_client_auth' && shown === 'self_signed_tls_client_auth') ||
  (registered === 'self_signed_tls_client_auth' && shown === 'tls_client_auth')

const WRONG = PATHS.flatMap((path) =>
  METHODS.flatMap((registered) =>
    METHODS.filter((shown) => !isAlike(registered, shown)).map((shown) => [path, registered, shown] as const),
  ),
)
test.each(WRONG)('%s refuses a client that is registered for %s and comes with %s', async (path, registered, shown) => {
  const { status, body } = await send(path, await proofs[shown](idOf(registered)))
  expect([status, body.error]).toEqual([401, 'invalid_client'])
})

test.each(PATHS)('%s refuses a certificate that the proxy did not verify, another one, and none', async (path) => {
  const { fields, headers } = await proofs.tls_client_auth(idOf('tls_client_auth'))
  const other = { [CERTIFICATE]: encodeURIComponent(makeCertificate('other.example')), [VERIFIED]: 'SUCCESS' }
  for (const wrong of [{ ...headers, [VERIFIED]: 'FAILED' }, other, {}]) {
    const { status, body } = await send(path, { fields, headers: wrong })
    expect([status, body.error]).toEqual([401, 'invalid_client'])
  }
  const selfSigned = await proofs.none(idOf('self_signed_tls_client_auth'))
  expect((await send(path, { ...selfSigned, headers: other })).status).toBe(401)
})

test.each(PATHS)('%s refuses an unknown client as it does a wrong proof', async (path) => {
  for (const method of METHODS) {
    const { status, body } = await send(path, await proofs[method]('nobody'))
    expect([method, status, body.error]).toEqual([method, 401, 'invalid_client'])
  }
})

function makeCertificate(name = 'client.example'): string {
  const directory = temporaryDirectory('certificate')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem']
  const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-days', '2', ...named], {
    stdio: 'ignore',
    cwd: directory,
  })
  return readFileSync(join(directory, 'cert.pem'), 'utf8')
}

function bodyOf(pem: string): string {
  return pem.replace(/-----[A-Z ]+-----|\s/g, '')
}

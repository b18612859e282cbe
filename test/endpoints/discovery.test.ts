import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { read } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const paths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const metadata = async (path = paths[0], headers = {}) => (await read(fetch(server.url + path, { headers }))).body

test.each(paths)('%s names the issuer and every endpoint at its fixed path', async (path) => {
  expect(await metadata(path)).toMatchObject({
    issuer: server.url,
    authorization_endpoint: `${server.url}/authorize`,
    token_endpoint: `${server.url}/token`,
    introspection_endpoint: `${server.url}/introspect`,
    revocation_endpoint: `${server.url}/revoke`,
    jwks_uri: `${server.url}/jwks`,
    userinfo_endpoint: `${server.url}/userinfo`,
    pushed_authorization_request_endpoint: `${server.url}/par`,
    device_authorization_endpoint: `${server.url}/device_authorization`,
    end_session_endpoint: `${server.url}/logout`,
  })
})

test('both documents say the same', async () => {
  expect(await metadata(paths[1])).toEqual(await metadata(paths[0]))
})

test('what is advertised is what is offered: grants, PKCE by S256 only, codes only', async () => {
  const { grant_types_supported, ...found } = await metadata()
  expect(grant_types_supported).toEqual(
    expect.arrayContaining([
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
    ]),
  )
  expect(grant_types_supported).not.toContain('implicit')
  expect(found).toMatchObject({
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ['public'],
  })
  expect(found.token_endpoint_auth_methods_supported).toEqual(
    expect.arrayContaining(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']),
  )
  expect(found.scopes_supported).toEqual(expect.arrayContaining(['openid', 'profile', 'email', 'customer', 'company']))
})

test('ID tokens can be had as RS256 and ES256, and no algorithm is symmetric or none', async () => {
  const found = await metadata()
  expect(found.id_token_signing_alg_values_supported).toEqual(expect.arrayContaining(['RS256', 'ES256']))
  const valuesOf = (part: string) =>
    Object.entries(found).flatMap(([name, value]) => (name.includes(part) ? value : []))
  const [signing, encryption] = [valuesOf('_signing_alg_values_'), valuesOf('_encryption_alg_values_')]
  expect(signing).not.toHaveLength(0)
  for (const algorithm of signing) expect(algorithm).toMatch(/^(RS|PS|ES)256$|^EdDSA$/)
  expect(encryption).not.toHaveLength(0)
  for (const algorithm of encryption) expect(algorithm).toMatch(/^RSA-OAEP|^ECDH-ES/)
})

describe.each(paths)('the origin in %s is the issuer, whoever asks', (path) => {
  test.each([
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-proto': 'https' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
    { 'x-forwarded-prefix': '/evil' },
    { forwarded: 'host=evil.example;proto=https' },
    { 'x-original-host': 'evil.example', 'x-host': 'evil.example' },
  ])('%o', async (headers) => {
    expect(await metadata(path, headers)).toEqual(await metadata(path))
  })
})

test('metadata may be read from any origin', async () => {
  for (const path of [...paths, '/jwks']) {
    const { status, headers } = await fetch(server.url + path, { headers: { origin: 'https://spa.example' } })
    expect(status).toBe(200)
    expect(['*', 'https://spa.example']).toContain(headers.get('access-control-allow-origin'))
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  }
})

test('client certificates are not spoken of where no proxy hands them on', async () => {
  const found = await metadata()
  expect(found).not.toHaveProperty('mtls_endpoint_aliases')
  expect(found).not.toHaveProperty('tls_client_certificate_bound_access_tokens')
  expect(found.token_endpoint_auth_methods_supported.join()).not.toContain('tls')
})

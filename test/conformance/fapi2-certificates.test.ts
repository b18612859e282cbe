import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, pkce, read, signIn, sonia } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/* A client of FAPI 2.0 that proves itself by a certificate, and whose tokens are bound to it. */

const HEADER = 'X-Client-Certificate'
const VERIFIED = 'X-Client-Verified'
const CALLBACK = 'https://certified.example/callback'
const CLIENT = { client_id: 'certified' }

let server: TestServer
let certificate: string
let other: string
beforeAll(async () => {
  certificate = makeCertificate('certified.example')
  other = makeCertificate('certified.example')
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    TRUSTED_PROXIES: '127.0.0.1,::1',
    MTLS_CERTIFICATE_HEADER: HEADER,
    MTLS_VERIFIED_HEADER: VERIFIED,
  })
  const metadata = {
    ...CLIENT,
    first_party: true,
    security_profile: 'fapi2-security',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'certified.example',
    tls_client_certificate_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    id_token_signed_response_alg: 'ES256',
  }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  expect([made.status, made.body.detail]).toEqual([201, undefined])
})
afterAll(() => server?.stop())

const shown = (pem: string) => ({ [HEADER]: encodeURIComponent(pem), [VERIFIED]: 'SUCCESS' })
const thumbprint = (pem: string) => createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url')
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = shown(certificate)) =>
  read(postForm(server.url + path, { ...CLIENT, ...fields }, headers))
const userinfo = (token: string, headers: Record<string, string>) =>
  read(fetch(`${server.url}/userinfo`, { headers: { authorization: `Bearer ${token}`, ...headers } }))

async function tokens(headers?: Record<string, string>) {
  const { verifier, challenge } = pkce()
  const pushed = await post('/par', {
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const jar = createCookieJar()
  const opened = await jar.fetch(
    `${server.url}/authorize?${new URLSearchParams({ ...CLIENT, request_uri: pushed.body.request_uri })}`,
  )
  const page = await signIn(jar, await jar.follow(opened, { stopAt: CALLBACK }), sonia, CALLBACK)
  const code = new URL(page.url).searchParams.get('code') ?? ''
  return post(
    '/token',
    { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier },
    headers,
  )
}

test('its tokens are bound to the certificate, and refreshed ones are as well', async () => {
  const { status, body } = await tokens()
  expect(status).toBe(200)
  const bound = { 'x5t#S256': thumbprint(certificate) }
  expect(decode(body.access_token).payload.cnf).toEqual(bound)
  expect((await userinfo(body.access_token, shown(certificate))).body).toHaveProperty('email')
  const refreshed = await post('/token', { grant_type: 'refresh_token', refresh_token: body.refresh_token })
  expect(refreshed.body.refresh_token).toBe(body.refresh_token)
  expect(decode(refreshed.body.access_token).payload.cnf).toEqual(bound)
})

test('a token is worth nothing with another certificate of the same name, or with none', async () => {
  const { body } = await tokens()
  for (const headers of [shown(other), {}]) {
    const { status, text } = await userinfo(body.access_token, headers)
    expect(status).toBe(401)
    expect(text).not.toContain(sonia.username)
  }
})

test.each(['/par', '/token'])('%s refuses it without its certificate', async (path) => {
  const fields = { grant_type: 'refresh_token', refresh_token: 'none' }
  expect(await post(path, fields, {})).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
})

function makeCertificate(name: string): string {
  const directory = temporaryDirectory('certificate')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem']
  const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-days', '2', ...named], {
    stdio: 'ignore',
    cwd: directory,
  })
  return readFileSync(join(directory, 'cert.pem'), 'utf8')
}

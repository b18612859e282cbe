import { afterAll, beforeAll, expect, test } from 'vitest'
import { read } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/*
 * The modules of the OpenID Foundation's test plan "Config OP". That every endpoint and algorithm is named is held by
 * endpoints/discovery.test.ts; that the keys have use and kid and nothing private, by endpoints/jwks.test.ts.
 */

const WELL_KNOWN = '/.well-known/openid-configuration'
let server: TestServer
let metadata: Record<string, unknown>
let headers: Headers
beforeAll(async () => {
  server = await startTestServer()
  const answer = await read(fetch(`${server.url}${WELL_KNOWN}`))
  metadata = answer.body
  headers = answer.headers
})
afterAll(() => server?.stop())

test('oidcc-discovery-endpoint-verification: metadata is JSON with every member that must be there', () => {
  expect(headers.get('content-type')).toMatch(/^application\/json\b/)
  // OpenID Connect Discovery §3: required, or required here because the default says something else.
  const required = [
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'userinfo_endpoint',
    'jwks_uri',
    'scopes_supported',
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
    'claims_supported',
  ]
  for (const member of required) expect(metadata[member], member).toBeTruthy()
  expect(metadata.id_token_signing_alg_values_supported).toContain('RS256')
})

test('the issuer is an address without query, fragment and slash at its end, and the document is found below it', () => {
  const issuer = String(metadata.issuer)
  expect(issuer).toMatch(/^https?:\/\/[^?#]*[^/?#]$/)
  expect(`${issuer}${WELL_KNOWN}`).toBe(`${server.url}${WELL_KNOWN}`)
})

test('every address is an absolute one below the issuer, short enough for software that keeps 256 characters', () => {
  const addresses = Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name))
  expect(addresses.length).toBeGreaterThanOrEqual(8)
  for (const [name, address] of addresses) {
    expect(String(address).startsWith(`${server.url}/`), name).toBe(true)
    expect(String(address).length, name).toBeLessThanOrEqual(256)
  }
})

test.each([
  // Absent would mean that they are followed (OpenID Connect Discovery §3).
  ['request_uri_parameter_supported', false],
  ['claims_parameter_supported', true],
])('%s says %s, as the server does', (member, value) => {
  expect(metadata[member]).toBe(value)
})

test('request objects are said to be taken, signed and not encrypted', () => {
  expect(metadata.request_parameter_supported).toBe(true)
  expect(metadata.request_object_signing_alg_values_supported).not.toContain('none')
  expect(metadata).not.toHaveProperty('request_object_encryption_alg_values_supported')
})

test('a claim or a scope is named when it can be had', async () => {
  expect(metadata.claims_supported).toEqual(
    expect.arrayContaining(['sub', 'iss', 'auth_time', 'name', 'given_name', 'family_name', 'email', 'email_verified']),
  )
  expect(metadata.scopes_supported).toEqual(expect.arrayContaining(['openid', 'profile', 'email', 'offline_access']))
  for (const scope of ['address', 'phone']) expect(metadata.scopes_supported).not.toContain(scope)
})

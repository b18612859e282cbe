import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECURITY_PROFILES, type SecurityProfile } from '../../src/clients/security-profile.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask } from './administrators.ts'

const OWNER = 'an-admin-token-for-tests'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const PUBLIC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  kid: 'a-key',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
}
const SECURE = {
  first_party: true,
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://bank.example/callback'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  jwks: { keys: [PUBLIC_KEY] },
  require_pushed_authorization_requests: true,
  dpop_bound_access_tokens: true,
  id_token_signed_response_alg: 'ES256',
}
const SIGNED = {
  ...SECURE,
  require_signed_request_object: true,
  request_object_signing_alg: 'PS256',
  response_modes: ['jwt'],
  authorization_signed_response_alg: 'ES256',
}
const PLAIN = { first_party: true, redirect_uris: ['https://shop.example/callback'] }
const PLATFORM = { redirect_uris: ['https://agent.example/callback'], resource_scopes: [] }
const KEEPING: Record<SecurityProfile, object> = {
  standard: PLAIN,
  oauth21: PLAIN,
  'fapi2-security': SECURE,
  'fapi2-message-signing': SIGNED,
  'agent-platform': PLATFORM,
}

let count = 0
const create = (security_profile: string | undefined, members: object) =>
  ask(server, OWNER, 'POST', '/v1/clients', {
    metadata: { client_id: `profiled-${++count}`, security_profile, ...members },
  })

test.each(SECURITY_PROFILES)('a client that keeps the profile %s is stored', async (profile) => {
  const { status, body } = await create(profile, KEEPING[profile])
  expect([status, body.detail]).toEqual([201, undefined])
})

test('a profile that does not exist is refused with those that do', async () => {
  const { status, body } = await create('fapi1', PLAIN)
  expect([status, body.detail]).toEqual([400, expect.stringMatching(/security_profile.*fapi2-security/)])
})

type Broken = readonly [member: string, change: object, fix: string]

const ALL_FAPI: readonly Broken[] = [
  ['token_endpoint_auth_method', { token_endpoint_auth_method: 'client_secret_basic' }, 'private_key_jwt'],
  ['token_endpoint_auth_method', { token_endpoint_auth_method: undefined }, 'private_key_jwt'],
  ['token_endpoint_auth_method', { token_endpoint_auth_method: 'none' }, 'private_key_jwt'],
  ['token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'RS256' }, 'ES256'],
  ['token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: undefined }, 'ES256'],
  ['grant_types', { grant_types: ['authorization_code', 'password'] }, 'authorization_code'],
  ['grant_types', { grant_types: ['urn:vestibule:grant:agent'] }, 'authorization_code'],
  ['require_pushed_authorization_requests', { require_pushed_authorization_requests: undefined }, 'true'],
  ['require_pkce', { require_pkce: false }, 'true'],
  ['dpop_bound_access_tokens', { dpop_bound_access_tokens: undefined }, 'tls_client_certificate_bound'],
  ['redirect_uris', { redirect_uris: ['http://localhost:8080/callback'] }, 'https'],
  ['redirect_uris', { redirect_uris: ['https://bank.example/', 'com.bank.app:/callback'] }, 'https'],
  ['id_token_signed_response_alg', { id_token_signed_response_alg: undefined }, 'ES256'],
  ['id_token_signed_response_alg', { id_token_signed_response_alg: 'RS256' }, 'ES256'],
  ['userinfo_signed_response_alg', { userinfo_signed_response_alg: 'RS256' }, 'ES256'],
  ['introspection_signed_response_alg', { introspection_signed_response_alg: 'RS256' }, 'ES256'],
  ['refresh_policy', { refresh_policy: 'rotate' }, 'keep'],
  ['refresh_policy', { refresh_policy: 'lazy' }, 'keep'],
]
const OF_SIGNING: readonly Broken[] = [
  ['require_signed_request_object', { require_signed_request_object: undefined }, 'true'],
  ['request_object_signing_alg', { request_object_signing_alg: 'RS256' }, 'ES256'],
  ['request_object_signing_alg', { request_object_signing_alg: undefined }, 'ES256'],
  ['response_modes', { response_modes: undefined }, '["jwt"]'],
  ['response_modes', { response_modes: ['jwt', 'query'] }, '["jwt"]'],
  ['authorization_signed_response_alg', { authorization_signed_response_alg: undefined }, 'ES256'],
  ['authorization_signed_response_alg', { authorization_signed_response_alg: 'RS256' }, 'ES256'],
  ['introspection_signed_response_alg', { introspects: ['urn:vestibule:commerce'] }, 'ES256'],
]
const BROKEN: Record<SecurityProfile, readonly Broken[]> = {
  standard: [],
  oauth21: [
    ['grant_types', { grant_types: ['password'] }, 'leave password'],
    ['grant_types', { grant_types: ['urn:vestibule:grant:one-time-password'] }, 'leave password'],
    ['require_pkce', { require_pkce: false }, 'leave it out'],
  ],
  'fapi2-security': ALL_FAPI,
  'fapi2-message-signing': [...ALL_FAPI, ...OF_SIGNING],
  'agent-platform': [
    ['first_party', { first_party: true }, 'leave it out'],
    ['grant_types', { grant_types: ['password'] }, 'leave password'],
  ],
}

describe.each(SECURITY_PROFILES.filter((profile) => BROKEN[profile].length > 0))('%s', (profile) => {
  test.each(BROKEN[profile])('%s: %j is refused with the rule and what to set', async (member, change, fix) => {
    const { status, body } = await create(profile, { ...KEEPING[profile], ...change })
    expect(status).toBe(400)
    expect(body.detail).toContain(`${member}: breaks security_profile ${profile} (`)
    expect(body.detail).toContain(fix)
  })
})

test('everything that breaks a profile is said at once', async () => {
  const { body } = await create('fapi2-security', PLAIN)
  for (const member of [
    'token_endpoint_auth_method',
    'require_pushed_authorization_requests',
    'id_token_signed_response_alg',
  ])
    expect(body.detail).toContain(`${member}: breaks`)
})

test('a client without people needs no members about people', async () => {
  const service = {
    first_party: true,
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [PUBLIC_KEY] },
    dpop_bound_access_tokens: true,
  }
  for (const profile of ['fapi2-security', 'fapi2-message-signing'])
    expect([profile, (await create(profile, service)).status]).toEqual([profile, 201])
})

test('a stored client does not come to break its profile by a change', async () => {
  const made = await create('fapi2-security', SECURE)
  const metadata = { ...(made.body.metadata as object), dpop_bound_access_tokens: false }
  const path = `${server.adminUrl}/v1/clients/profiled-${count}`
  const headers = {
    authorization: `Bearer ${OWNER}`,
    'content-type': 'application/json',
    'if-match': made.headers.get('etag') ?? '',
  }
  const answer = await fetch(path, { method: 'PUT', headers, body: JSON.stringify({ metadata }) })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('dpop_bound_access_tokens')])
})

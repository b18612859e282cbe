import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, pkce } from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }

/** Opens an authorization request in a new browser and follows it to the first page, or back to the client. */
async function open(fields: Record<string, string | undefined> = {}, jar = createCookieJar()) {
  const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, { ...S256, ...fields })), {
    stopAt: CALLBACK,
  })
  const { search, hash } = new URL(page.url)
  // Errors of flows that answer in the fragment come there too.
  return { jar, page, parameters: new URLSearchParams(search || hash.slice(1)) }
}

describe('an authorization request', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['with the plain method', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['with a challenge and no method', { code_challenge_method: undefined }, 'invalid_request'],
    ['with a challenge that is too short', { code_challenge: 'short' }, 'invalid_request'],
    ['for the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['for a hybrid flow', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['without a response type', { response_type: undefined }, 'invalid_request'],
    ['for a scope with impossible characters', { scope: 'openid "x"' }, 'invalid_scope'],
    ['with a request object', { request: 'a.b.c' }, 'invalid_request_object'],
    [
      'with a foreign request URI',
      { request_uri: 'https://evil.example/r' },
      'request_uri_not_supported|invalid_request',
    ],
    ['for an unknown service', { resource: 'urn:nobody' }, 'invalid_target'],
  ])('%s is sent back to the client with an error and the state', async (_, fields, error) => {
    const { page, parameters } = await open(fields)
    expect(page.url.startsWith(CALLBACK)).toBe(true)
    expect(error.split('|')).toContain(parameters.get('error'))
    expect([parameters.get('state'), parameters.get('code')]).toEqual(['some-state', null])
  })

  test('of an unknown client, or of none, gets an error page and no redirect', async () => {
    for (const client_id of ['nobody', 'frontend\0', undefined]) {
      const { page } = await open({ client_id })
      expect(page.url).toContain(`${server.url}/authorize`)
      expect(page.response.status).toBe(400)
    }
  })

  test('of a client that has no authorization code grant gets no code', async () => {
    const { page, parameters } = await open({ client_id: 'orders-service' })
    expect(page.response.status).toBe(400)
    expect(parameters.get('code')).toBeNull()
  })

  test('shows pages that are not stored, framed, or told to others', async () => {
    const { page } = await open()
    const { headers } = page.response
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toMatch(/^(same-origin|no-referrer)$/)
  })
})

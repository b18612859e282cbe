import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findLocalAccess } from '../../src/admin/local-access.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const TOKEN = 'an-admin-token-for-tests'
let server: TestServer
let admin: (method: string, path: string, body?: unknown) => Promise<Response>

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN })
  admin = (method, path, body) =>
    fetch(`${server.adminUrl}${path}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
})
afterAll(() => server.stop())

describe('the endpoint', () => {
  test.each([
    ['no header', {}],
    ['another token', { Authorization: 'Bearer another-admin-token' }],
    ['another scheme', { Authorization: `Basic ${TOKEN}` }],
  ])('%s is refused with problem details', async (_case, headers) => {
    const response = await fetch(`${server.adminUrl}/v1/keys`, { headers: headers as Record<string, string> })
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(((await response.json()) as { code: string }).code).toBe('not-signed-in')
  })

  test('the admin API is not on the public listener', async () => {
    const response = await fetch(`${server.url}/v1/keys`, { headers: { Authorization: `Bearer ${TOKEN}` } })
    expect(response.status).toBe(404)
  })

  test('probes and metrics need no token', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      expect((await fetch(`${server.adminUrl}${path}`)).status).toBe(200)
    }
  })

  test('address and token are left for the command line, for this user only', () => {
    expect(findLocalAccess(server.config.DATA_DIR)).toEqual({ url: server.adminUrl, token: TOKEN })
  })
})

describe('bad input', () => {
  test.each([
    ['POST', '/v1/keys', '{', 400, 'malformed-json'],
    ['POST', '/v1/keys', { algorithm: 'HS256' }, 400, 'invalid-body'],
    ['POST', '/v1/keys', { algorithm: 'ES256', extra: 1 }, 400, 'invalid-body'],
    ['POST', '/v1/keys/nobody/activate', {}, 409, 'refused'],
    ['POST', '/v1/sign-outs', { of: 'customer' }, 400, 'invalid-body'],
    ['POST', '/v1/clients', { metadata: {} }, 400, 'invalid-body'],
    ['POST', '/v1/clients/nobody/secrets', { name: 'x' }, 409, 'secret-exists'],
    ['POST', '/v1/clients/nobody/disable', {}, 404, 'unknown-client'],
    ['POST', '/v1/customers/nobody/erase', {}, 404, 'unknown-customer'],
    ['GET', '/v1/customers/nobody/personal-data', undefined, 404, 'unknown-customer'],
    ['GET', '/v1/nothing', undefined, 404, 'not-found'],
  ] as const)('%s %s %o is answered %d %s', async (method, path, body, status, code) => {
    const response = await admin(method, path, body)
    expect(response.status).toBe(status)
    expect(((await response.json()) as { code: string }).code).toBe(code)
  })
})

describe('sign-outs', () => {
  test('signing out a customer ends their tokens and leaves everybody else signed in', async () => {
    const signIn = async (username: string, password: string) =>
      (await (
        await postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'frontend', username, password })
      ).json()) as { access_token: string; refresh_token: string }
    const isActive = async (token: string) =>
      (
        (await (
          await postForm(`${server.url}/introspect`, { token }, basicAuth('orders-service', 'orders-service-secret'))
        ).json()) as { active: boolean }
      ).active
    const ron = await signIn('ron@swanson.com', 'mysecretpassword')
    const sonia = await signIn('sonia@spryker.com', 'change123')

    await admin('POST', '/v1/sign-outs', { of: 'customer', id: '79cc0486-bbdf-491b-a0a2-722383b6288b' })
    expect(await isActive(ron.access_token)).toBe(false)
    expect(await isActive(sonia.access_token)).toBe(true)
    const refresh = { grant_type: 'refresh_token', client_id: 'frontend', refresh_token: ron.refresh_token }
    expect((await postForm(`${server.url}/token`, refresh)).status).toBe(400)
    expect(await isActive((await signIn('ron@swanson.com', 'mysecretpassword')).access_token)).toBe(true)
  })
})

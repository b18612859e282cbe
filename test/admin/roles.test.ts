import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PERMISSIONS, ROLES, type Role } from '../../src/administrators/role.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { administratorOf, ask, OWNER, tokenOf } from './administrators.ts'

/** Every route and the weakest role that may use it: written down apart from the code, so that a slip is seen. */
const WEAKEST: Readonly<Record<string, Role | 'public'>> = {
  'GET /v1/openapi.json': 'public',
  'POST /v1/sign-in': 'public',
  'GET /v1/health': 'viewer',
  'POST /v1/reach-probes': 'viewer',
  'GET /v1/reach-probes/{probe}': 'viewer',
  'GET /v1/dialects/uses': 'viewer',
  'GET /v1/outbox': 'viewer',
  'GET /v1/outbox/messages': 'viewer',
  'POST /v1/outbox/retry': 'security',
  'POST /v1/outbox/drop': 'security',
  'POST /v1/outbox/pause': 'security',
  'POST /v1/outbox/resume': 'security',
  'GET /v1/grant-types/uses': 'viewer',
  'POST /v1/registration-keys': 'support',
  'POST /v1/sign-in-links': 'security',
  'POST /v1/agents/{id}/warehouse': 'security',
  'GET /v1/self': 'viewer',
  'POST /v1/self/sign-out': 'viewer',
  'POST /v1/self/password': 'viewer',
  'GET /v1/self/second-factor': 'viewer',
  'POST /v1/self/second-factor': 'viewer',
  'POST /v1/self/second-factor/confirm': 'viewer',
  'POST /v1/self/second-factor/recovery-codes': 'viewer',
  'POST /v1/self/second-factor/remove': 'viewer',
  'POST /v1/administrators/{id}/second-factor/remove': 'owner',
  'GET /v1/administrators': 'viewer',
  'POST /v1/administrators': 'owner',
  'GET /v1/administrators/{id}': 'viewer',
  'PATCH /v1/administrators/{id}': 'owner',
  'POST /v1/administrators/{id}/password': 'owner',
  'GET /v1/admin-tokens': 'viewer',
  'POST /v1/admin-tokens': 'security',
  'POST /v1/admin-tokens/{name}/revoke': 'security',
  'GET /v1/keys': 'viewer',
  'GET /v1/keys/public': 'viewer',
  'POST /v1/keys': 'security',
  'POST /v1/keys/rotate': 'security',
  'POST /v1/keys/reencrypt': 'security',
  'POST /v1/keys/{kid}/activate': 'security',
  'POST /v1/keys/{kid}/retire': 'security',
  'POST /v1/keys/{kid}/revoke': 'security',
  'GET /v1/secrets': 'viewer',
  'POST /v1/secrets/{kind}/rotate': 'security',
  'POST /v1/secrets/{kind}/{id}/drop': 'security',
  'GET /v1/clients': 'viewer',
  'POST /v1/clients': 'owner',
  'GET /v1/clients/{clientId}': 'viewer',
  'PUT /v1/clients/{clientId}': 'owner',
  'DELETE /v1/clients/{clientId}': 'owner',
  'POST /v1/clients/{clientId}/enable': 'security',
  'POST /v1/clients/{clientId}/disable': 'security',
  'GET /v1/clients/{clientId}/secrets': 'viewer',
  'POST /v1/clients/{clientId}/secrets': 'security',
  'POST /v1/clients/{clientId}/secrets/{name}/expire': 'security',
  'GET /v1/client-documents': 'viewer',
  'GET /v1/client-documents/blocks': 'viewer',
  'POST /v1/client-documents/check': 'security',
  'POST /v1/client-documents/block': 'security',
  'POST /v1/client-documents/unblock': 'security',
  'GET /v1/initial-tokens': 'viewer',
  'POST /v1/initial-tokens': 'owner',
  'POST /v1/initial-tokens/{name}/revoke': 'owner',
  'GET /v1/resource-servers': 'viewer',
  'POST /v1/resource-servers': 'owner',
  'GET /v1/resource-servers/{identifier}': 'viewer',
  'PUT /v1/resource-servers/{identifier}': 'owner',
  'DELETE /v1/resource-servers/{identifier}': 'owner',
  'GET /v1/issuers': 'viewer',
  'POST /v1/issuers': 'owner',
  'GET /v1/issuers/{id}': 'viewer',
  'GET /v1/issuers/{id}/check': 'viewer',
  'PUT /v1/issuers/{id}': 'owner',
  'DELETE /v1/issuers/{id}': 'owner',
  'GET /v1/upstreams': 'viewer',
  'POST /v1/upstreams': 'owner',
  'GET /v1/upstreams/{id}': 'viewer',
  'GET /v1/upstreams/{id}/check': 'viewer',
  'PUT /v1/upstreams/{id}': 'owner',
  'DELETE /v1/upstreams/{id}': 'owner',
  'GET /v1/streams': 'viewer',
  'GET /v1/streams/{id}': 'viewer',
  'GET /v1/streams/{id}/refusals': 'viewer',
  'POST /v1/streams/{id}/status': 'security',
  'DELETE /v1/streams/{id}': 'security',
  'GET /v1/companies': 'viewer',
  'POST /v1/companies': 'support',
  'GET /v1/companies/{id}': 'viewer',
  'PATCH /v1/companies/{id}': 'support',
  'PUT /v1/companies/{id}/business-units/{unit}': 'support',
  'PUT /v1/companies/{id}/roles/{role}': 'support',
  'GET /v1/companies/{id}/company-users': 'viewer',
  'GET /v1/customers': 'viewer',
  'POST /v1/customers': 'support',
  'GET /v1/customers/{customer}': 'viewer',
  'PATCH /v1/customers/{customer}': 'support',
  'PUT /v1/customers/{customer}/company-users': 'support',
  'POST /v1/customers/{customer}/block': 'support',
  'GET /v1/customers/{customer}/passkeys': 'viewer',
  'DELETE /v1/customers/{customer}/passkeys/{passkey}': 'support',
  'POST /v1/customers/{customer}/unblock': 'support',
  'POST /v1/customers/{customer}/confirm': 'support',
  'GET /v1/customers/{customer}/second-factor': 'viewer',
  'POST /v1/customers/{customer}/second-factor/reset': 'security',
  'GET /v1/grants': 'viewer',
  'POST /v1/grants/{id}/revoke': 'support',
  'GET /v1/lockouts': 'viewer',
  'POST /v1/lockouts/lift': 'support',
  'POST /v1/customers/import': 'owner',
  'POST /v1/customers/wrap': 'owner',
  'GET /v1/customers/migration': 'viewer',
  'GET /v1/customers/export': 'owner',
  'GET /v1/customers/{customer}/password': 'viewer',
  'GET /v1/customers/{customer}/personal-data': 'support',
  'POST /v1/customers/{customer}/erase': 'owner',
  'POST /v1/sign-outs': 'support',
  'GET /v1/audit': 'viewer',
  'GET /v1/audit/counts': 'viewer',
  'GET /v1/audit/verify': 'viewer',
  'GET /v1/audit/head': 'viewer',
  'GET /v1/audit/export': 'security',
  'GET /v1/agents': 'viewer',
  'POST /v1/agents': 'security',
  'GET /v1/agents/{id}': 'viewer',
  'PATCH /v1/agents/{id}': 'security',
  'POST /v1/agents/{id}/block': 'security',
  'POST /v1/agents/{id}/unblock': 'security',
  'POST /v1/agents/{id}/second-factor': 'security',
  'POST /v1/agents/{id}/second-factor/confirm': 'security',
  'POST /v1/agents/{id}/second-factor/remove': 'security',
  'GET /v1/mandates': 'support',
  'GET /v1/mandates/{id}': 'support',
  'POST /v1/mandates/{id}/withdraw': 'support',
  'GET /v1/support-accesses': 'support',
  'GET /v1/support-accesses/{id}': 'support',
  'POST /v1/support-accesses/{id}/approve': 'support',
  'POST /v1/support-accesses/{id}/end': 'support',
  'GET /v1/support-access': 'support',
  'POST /v1/support-access/on': 'security',
  'POST /v1/support-access/off': 'security',
  'GET /v1/tokens': 'support',
  'POST /v1/tokens/inspect': 'support',
}
const isAtLeast = (role: Role, weakest: Role) => ROLES.indexOf(role) >= ROLES.indexOf(weakest)

let server: TestServer
const tokens = new Map<Role, string>()
const as = (role: Role, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  ask(server, tokens.get(role), method, path, body, headers)

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  for (const role of ROLES) tokens.set(role, await tokenOf(server, role))
})
afterAll(() => server.stop())

describe('every route', () => {
  test('is in the table of this test, and nothing else is', async () => {
    const { body } = await ask(server, undefined, 'GET', '/v1/openapi.json')
    const served = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(served.sort()).toEqual(Object.keys(WEAKEST).sort())
  })

  test.each(Object.entries(WEAKEST))('%s is for %s and higher roles', async (name, weakest) => {
    const [method = '', path = ''] = name.replaceAll(/\{\w+\}/g, 'nobody').split(' ')
    const nobody = await ask(server, undefined, method, path)
    if (weakest === 'public') return expect(nobody.status).not.toBe(403)
    expect(nobody.status).toBe(401)
    for (const role of ROLES) {
      // Without a body or If-Match most acts are refused, but only after the question who asks.
      const { status } = await as(role, method, path)
      if (isAtLeast(role, weakest)) expect([401, 403, 500], `${role}: ${status}`).not.toContain(status)
      else expect(status, role).toBe(403)
    }
  })

  test('a refusal names the role it needs, and is in the audit trail with who asked', async () => {
    const { status, body } = await as('viewer', 'POST', '/v1/keys/rotate', {})
    expect([status, body.code, body.detail]).toEqual([403, 'not-allowed', expect.stringContaining('"security"')])
    const { body: trail } = await as('owner', 'GET', '/v1/audit?type=admin.refused&limit=1')
    expect(trail.items).toEqual([
      expect.objectContaining({ actor: expect.stringMatching(/^admin-token:viewer-/), reason: 'POST /v1/keys/rotate' }),
    ])
  })
})

describe('what the content of a request asks for', () => {
  test.each([
    ['support', { of: 'customer', id: 'x' }, 200],
    ['support', { of: 'company-user', id: 'x' }, 200],
    ['support', { of: 'client', id: 'x' }, 403],
    ['support', { of: 'everybody' }, 403],
    ['security', { of: 'client', id: 'x' }, 200],
  ] as const)('%s signing out %o is answered %d', async (role, body, status) => {
    expect((await as(role, 'POST', '/v1/sign-outs', body)).status).toBe(status)
  })
})

describe('no role rises', () => {
  test.each([
    ['viewer', 'viewer', 403],
    ['support', 'viewer', 403],
    ['security', 'viewer', 201],
    ['security', 'support', 201],
    ['security', 'security', 403],
    ['security', 'owner', 403],
    ['owner', 'owner', 201],
  ] as const)('%s making a token of the role %s is answered %d', async (role, made, status) => {
    expect((await as(role, 'POST', '/v1/admin-tokens', { name: `${role}.${made}`, role: made })).status).toBe(status)
  })

  test('security cannot end a token of its own rank or above, but may end the one it came with', async () => {
    const list = (await as('owner', 'GET', '/v1/admin-tokens')).body.items as { name: string; role: Role }[]
    const owner = list.find(({ role }) => role === 'owner')?.name
    expect((await as('security', 'POST', `/v1/admin-tokens/${owner}/revoke`)).status).toBe(403)
    const own = await tokenOf(server, 'security')
    const name = (await ask(server, own, 'GET', '/v1/self')).body.name as string
    const revoked = await ask(server, own, 'POST', `/v1/admin-tokens/${name.replace('admin-token:', '')}/revoke`)
    expect(revoked.status).toBe(200)
    expect((await ask(server, own, 'GET', '/v1/self')).status).toBe(401)
  })

  test.each(['viewer', 'support', 'security'] as const)(
    '%s cannot make itself owner, nor anybody else',
    async (role) => {
      const self = await administratorOf(server, role)
      const path = `/v1/administrators/${self.id}`
      const rise = { role: 'owner' }
      expect((await ask(server, self.session, 'PATCH', path, rise, { 'If-Match': '*' })).status).toBe(403)
      const other = { email: `by-${role}@example.com`, role: 'viewer', password: 'correct horse battery staple' }
      expect((await ask(server, self.session, 'POST', '/v1/administrators', other)).status).toBe(403)
      expect((await ask(server, self.session, 'POST', `${path}/password`, { password: 'x'.repeat(20) })).status).toBe(
        403,
      )
      expect((await ask(server, OWNER, 'GET', path)).body.role).toBe(role)
    },
  )
})

describe('no secret is read', () => {
  test.each(ROLES)('nothing that %s can read holds a hash, a digest of a token, or a private key', async (role) => {
    for (const name of Object.keys(WEAKEST).filter((each) => each.startsWith('GET'))) {
      const path = name.slice('GET '.length)
      const concrete = path
        .replace('{clientId}', 'third-party-app')
        .replace('{customer}', 'DE--21')
        .replace(/\{\w+\}/g, 'nobody')
      const response = await fetch(`${server.adminUrl}${concrete}`, {
        headers: { Authorization: `Bearer ${tokens.get(role)}` },
      })
      const text = path === '/v1/openapi.json' ? '' : await response.text()
      expect(text, path).not.toMatch(/\$argon2|sha256|"d":|vat_|vas_|third-party-app-secret/)
    }
  })

  test('password hashes leave with an owner who asks for them, and with nobody else', async () => {
    const path = '/v1/customers/export?hashes=true'
    expect((await as('security', 'GET', path)).status).toBe(403)
    const response = await fetch(`${server.adminUrl}${path}`, {
      headers: { Authorization: `Bearer ${tokens.get('owner')}` },
    })
    expect(await response.text()).toContain('$argon2id')
  })
})

test('each permission says whom it is for in one table', () => {
  for (const { from, allows } of Object.values(PERMISSIONS)) {
    expect(ROLES).toContain(from)
    expect(allows).toMatch(/^[A-Z].*\.$/)
  }
})

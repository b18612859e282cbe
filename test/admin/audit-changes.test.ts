import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { RON_ID, ron } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { administratorOf, ask, OWNER } from './administrators.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const ANY_VERSION = { 'If-Match': '*' }
const SECRET = 'a-secret-of-more-than-thirty-two-characters'
const PASSWORD = 'a password that nobody guesses'

async function done(method: 'POST' | 'PATCH' | 'PUT', path: string, body: object = {}) {
  const answer = await ask(server, OWNER, method, path, body, ANY_VERSION)
  expect([answer.status, JSON.stringify(answer.body)]).toEqual([expect.toSatisfy((it) => it < 300), expect.anything()])
  return answer.body as Record<string, string>
}

async function newest(type: string): Promise<AuditEntry> {
  const { body } = await ask(server, OWNER, 'GET', `/v1/audit?type=${type}&limit=1`)
  return (body.items as AuditEntry[])[0] as AuditEntry
}

type Act = () => Promise<unknown>
type Case = readonly [what: string, act: Act, type: string, said: readonly (string | RegExp)[]]

const CLIENT = { client_id: 'audited', token_endpoint_auth_method: 'client_secret_basic', first_party: true }
const COMPANY = '0f8d2f8e-5a0e-4b1f-9a55-0d6a6a1b0001'
let adminId = ''
let agentId = ''

const CASES: readonly Case[] = [
  [
    'a new administrator',
    async () => {
      const body = { email: 'audited@example.com', name: 'Some Name', role: 'viewer', password: PASSWORD }
      adminId = (await done('POST', '/v1/administrators', body)).id ?? ''
    },
    'administrator.changed',
    ['POST /v1/administrators: ', /id "[\w-]{36}"/, 'role "viewer"'],
  ],
  [
    'the role of an administrator',
    () => done('PATCH', `/v1/administrators/${adminId}`, { role: 'support', name: 'Other Name' }),
    'administrator.changed',
    ['role "viewer" → "support"', 'name changed'],
  ],
  [
    'an admin token',
    () => done('POST', '/v1/admin-tokens', { name: 'ci', role: 'viewer' }),
    'admin-token.changed',
    ['adminToken "ci"', 'role "viewer"'],
  ],
  [
    'a new client',
    () =>
      done('POST', '/v1/clients', { metadata: { ...CLIENT, redirect_uris: [], response_types: [] }, secret: SECRET }),
    'client.changed',
    ['first_party true'],
  ],
  [
    'members of a client, and its secret',
    () =>
      done('PUT', '/v1/clients/audited', {
        metadata: {
          ...CLIENT,
          first_party: false,
          resource_scopes: ['orders:*'],
          redirect_uris: [],
          response_types: [],
        },
        secret: `${SECRET}2`,
      }),
    'client.changed',
    ['first_party true → false', 'resource_scopes ["orders:*"]', 'secret set'],
  ],
  ['a client that is disabled', () => done('POST', '/v1/clients/audited/disable'), 'client.changed', ['true → false']],
  [
    'a secret of a client',
    () => done('POST', '/v1/clients/audited/secrets', { name: 'second', secret: `${SECRET}3` }),
    'client.changed',
    ['added "second"'],
  ],
  [
    'the status of a customer',
    () => done('POST', `/v1/customers/${RON_ID}/block`),
    'customer.changed',
    ['status "active" → "blocked"'],
  ],
  [
    'a customer again',
    () => done('POST', `/v1/customers/${RON_ID}/unblock`),
    'customer.changed',
    ['"blocked" → "active"'],
  ],
  [
    'the name of a customer',
    () => done('PATCH', `/v1/customers/${RON_ID}`, { givenName: 'Somebody' }),
    'customer.changed',
    ['givenName changed'],
  ],
  [
    'a new agent',
    async () => {
      agentId = (await done('POST', '/v1/agents', { email: 'new-agent@example.com', password: PASSWORD })).id ?? ''
    },
    'agent.changed',
    [/id "[\w-]{36}"/, 'status "active"'],
  ],
  ['an agent', () => done('POST', `/v1/agents/${agentId}/block`), 'agent.changed', ['status "active" → "blocked"']],
  [
    'a warehouse',
    () => done('POST', `/v1/agents/${agentId}/warehouse`, { idWarehouse: 7 }),
    'agent.changed',
    ['idWarehouse 7'],
  ],
  ['a new company', () => done('POST', '/v1/companies', { id: COMPANY, name: 'Acme' }), 'company.changed', ['"Acme"']],
  [
    'a role of a company',
    () =>
      done('PUT', `/v1/companies/${COMPANY}/roles/${COMPANY}`, { name: 'Buyer', permissions: [{ key: 'PlaceOrder' }] }),
    'company.changed',
    [`roles +"${COMPANY} Buyer: PlaceOrder"`],
  ],
  [
    'a company that is blocked',
    () => done('PATCH', `/v1/companies/${COMPANY}`, { status: 'blocked' }),
    'company.changed',
    ['status "approved" → "blocked"'],
  ],
  [
    'a lockout of an address',
    () => ask(server, OWNER, 'POST', '/v1/lockouts/lift', { address: '203.0.113.7' }),
    'lockout.lifted',
    ['address "203.0.113.7"'],
  ],
]

describe('the entry of an act says what it changed', () => {
  test.each(CASES)('%s', async (_, act, type, said) => {
    await act()
    const { reason = '' } = await newest(type)
    for (const each of said) expect(reason).toMatch(each)
  })

  test('and whom it was about, where the path does not say so', async () => {
    await ask(server, OWNER, 'POST', '/v1/lockouts/lift', { login: ron.username })
    expect(await newest('lockout.lifted')).toMatchObject({ customerId: RON_ID })
  })

  test('and nothing when nothing changed', async () => {
    const { id } = await administratorOf(server, 'viewer')
    await done('PATCH', `/v1/administrators/${id}`, { role: 'viewer' })
    expect((await newest('administrator.changed')).reason).toBe(`PATCH /v1/administrators/${id}`)
  })

  test('but never a secret, a password, a name or an e-mail address, and the chain is whole', async () => {
    const { body } = await ask(server, OWNER, 'GET', '/v1/audit?limit=1000')
    // The name of an actor is looked up for the list, and not kept.
    const said = JSON.stringify(
      (body.items as (AuditEntry & { actorName?: string })[]).map(({ actorName: _, ...kept }) => kept),
    )
    expect(said).toContain('givenName changed')
    for (const hidden of [SECRET, PASSWORD, '@example.com', '@swanson.com', 'Some Name', 'Somebody', 'argon2'])
      expect(said).not.toContain(hidden)
    expect((await ask(server, OWNER, 'GET', '/v1/audit/verify')).body.problem).toBeUndefined()
  })
})

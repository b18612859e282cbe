import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const MOST = 2_147_483_647
const INSTANTS = ['99999999999999', '9'.repeat(400), '0000-01-01', '0000-01-01T00:00:00Z', '-1', '1e300']
const CURSORS = ['1.5', '1e300', '-1', 'Infinity', '9'.repeat(30), 'NaN', '\0', ''].map((key) =>
  Buffer.from(key).toString('base64url'),
)

describe('a number that no row can hold makes no 500', () => {
  test.each(INSTANTS)('as an instant in a query: %s', async (instant) => {
    for (const path of [
      '/v1/audit?since=',
      '/v1/audit?until=',
      '/v1/audit/counts?since=',
      '/v1/dialects/uses?since=',
      '/v1/grant-types/uses?since=',
    ])
      expect([path, (await ask(server, OWNER, 'GET', path + instant)).status]).toEqual([path, 400])
  })

  test.each([...INSTANTS, 1e300, -1, 253_402_300_800])('as an instant in a body: %s', async (instant) => {
    const secrets = '/v1/clients/third-party-app/secrets'
    const made = { name: randomUUID(), expiresAt: instant }
    expect((await ask(server, OWNER, 'POST', secrets, made)).status).toBe(400)
    expect((await ask(server, OWNER, 'POST', `${secrets}/default/expire`, { at: instant })).status).toBe(400)
    const signOut = { of: 'customer', id: randomUUID(), before: instant }
    expect((await ask(server, OWNER, 'POST', '/v1/sign-outs', signOut)).status).toBe(400)
    const token = { name: randomUUID(), role: 'viewer', expiresAt: instant }
    expect((await ask(server, OWNER, 'POST', '/v1/admin-tokens', token)).status).toBe(400)
  })

  test.each(CURSORS)('as a cursor: %s', async (cursor) => {
    for (const list of ['audit?', 'grants?clientId=frontend&', 'customers?', 'companies?', 'clients?', 'agents?'])
      expect([list, (await ask(server, OWNER, 'GET', `/v1/${list}cursor=${cursor}`)).status]).toEqual([list, 200])
  })

  test('as the number of an agent', async () => {
    const agent = { email: `${randomUUID()}@example.com`, password: PASSWORD, idAgent: MOST + 1 }
    expect((await ask(server, OWNER, 'POST', '/v1/agents', agent)).status).toBe(400)
  })
})

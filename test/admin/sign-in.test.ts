import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLES } from '../../src/administrators/role.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { administratorOf, ask, OWNER, PASSWORD, tokenOf } from './administrators.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const self = (bearer: string) => ask(server, bearer, 'GET', '/v1/self')
const signIn = (email: string, password: string) => ask(server, undefined, 'POST', '/v1/sign-in', { email, password })
const audited = async (type: string) =>
  (await ask(server, OWNER, 'GET', `/v1/audit?type=${type}`)).body.items as Record<string, string>[]

describe('an administrator', () => {
  test('signs in with e-mail and password, acts under their own name, and signs out', async () => {
    const { id, session } = await administratorOf(server, 'security')
    const name = `administrator:${id}`
    expect((await self(session)).body).toEqual({ kind: 'administrator', name, role: 'security', id })
    await ask(server, session, 'POST', '/v1/clients/device-app/disable')
    expect(await audited('client.changed')).toContainEqual(
      expect.objectContaining({ actor: name, clientId: 'device-app' }),
    )
    expect((await ask(server, session, 'POST', '/v1/self/sign-out', { session })).status).toBe(204)
    expect((await self(session)).status).toBe(401)
  })

  test.each([
    ['a wrong password', async () => (await administratorOf(server, 'viewer')).email],
    ['an unknown address', async () => 'nobody@example.com'],
  ])('is told the same of %s as of any other refusal', async (_, address) => {
    const { status, body } = await signIn(await address(), 'not the password')
    expect([status, body.code]).toEqual([401, 'wrong-login'])
  })

  test('who is blocked is signed out at once and does not get in again', async () => {
    const { id, email, session, etag } = await administratorOf(server, 'support')
    const path = `/v1/administrators/${id}`
    const blocked = await ask(server, OWNER, 'PATCH', path, { status: 'blocked' }, { 'If-Match': etag })
    expect(blocked.body.status).toBe('blocked')
    expect((await self(session)).status).toBe(401)
    expect((await signIn(email, PASSWORD)).status).toBe(401)
    const again = { 'If-Match': blocked.headers.get('etag') ?? '' }
    expect((await ask(server, OWNER, 'PATCH', path, { status: 'active' }, again)).status).toBe(200)
    expect((await self(session)).status, 'the session of before is over for good').toBe(401)
    expect((await signIn(email, PASSWORD)).status).toBe(200)
  })

  test('is known by the address a trusted proxy names, so that one place does not lock out another', async () => {
    const behind = await startTestServer({ ADMIN_TOKEN: OWNER, TRUSTED_PROXIES: '127.0.0.1', LOCKOUT_ATTEMPTS: '3' })
    try {
      const { email } = await administratorOf(behind, 'viewer')
      const from = (ip: string, password: string) =>
        ask(behind, undefined, 'POST', '/v1/sign-in', { email, password }, { 'X-Forwarded-For': ip })
      for (let attempt = 0; attempt < 4; attempt++) await from('198.51.100.9', 'not the password')
      expect((await from('198.51.100.9', PASSWORD)).status).toBe(429)
      expect((await from('198.51.100.10', PASSWORD)).status).toBe(200)
    } finally {
      await behind.stop()
    }
  })

  test('whose role is lowered signs in again, and can do no more than the new role', async () => {
    const { id, email, session, etag } = await administratorOf(server, 'security')
    expect((await ask(server, session, 'POST', '/v1/sign-outs', { of: 'client', id: 'x' })).status).toBe(200)
    await ask(server, OWNER, 'PATCH', `/v1/administrators/${id}`, { role: 'viewer' }, { 'If-Match': etag })
    expect((await ask(server, session, 'POST', '/v1/sign-outs', { of: 'client', id: 'x' })).status).toBe(401)
    const again = String((await signIn(email, PASSWORD)).body.session)
    expect((await ask(server, again, 'POST', '/v1/sign-outs', { of: 'client', id: 'x' })).status).toBe(403)
  })

  test('chooses another password only with the one they have, and every session ends with it', async () => {
    const { email, session } = await administratorOf(server, 'viewer')
    const next = 'another horse, another staple'
    const choose = (current: string) => ask(server, session, 'POST', '/v1/self/password', { current, password: next })
    expect((await choose('not the password')).status).toBe(401)
    expect((await choose(PASSWORD)).status).toBe(204)
    expect((await self(session)).status).toBe(401)
    expect((await signIn(email, PASSWORD)).status).toBe(401)
    expect((await signIn(email, next)).status).toBe(200)
  })

  test.each(ROLES)('of the role %s: a session that somebody found open sets no password of its owner', async (role) => {
    const { id, email, session } = await administratorOf(server, role)
    const password = 'another horse, another staple'
    const { status } = await ask(server, session, 'POST', `/v1/administrators/${id}/password`, { password })
    expect(status).toBe(role === 'owner' ? 409 : 403)
    expect((await self(session)).status).toBe(200)
    expect((await signIn(email, PASSWORD)).status).toBe(200)
  })

  test('is locked after nine failures, and comes back later', async () => {
    const { email } = await administratorOf(server, 'viewer')
    for (let failure = 0; failure < 9; failure++) expect((await signIn(email, 'wrong')).status).toBe(401)
    const locked = await signIn(email, PASSWORD)
    expect([locked.status, locked.body.code]).toEqual([429, 'locked'])
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('cannot take a password that is short or known to attackers', async () => {
    for (const password of ['short', 'password123']) {
      const body = { email: 'weak@example.com', role: 'viewer', password }
      const { status, body: problem } = await ask(server, OWNER, 'POST', '/v1/administrators', body)
      expect([status, problem.code]).toEqual([400, 'password-refused'])
    }
  })
})

describe('an admin token', () => {
  test('is kept as a digest and shown once, with a prefix that tells what it is', async () => {
    const token = await tokenOf(server, 'viewer')
    expect(token).toMatch(/^vat_[\w-]{43}$/)
    const { body } = await ask(server, OWNER, 'GET', '/v1/admin-tokens')
    expect(JSON.stringify(body)).not.toContain(token)
  })

  test('is over when it expires', async () => {
    const made = await ask(server, OWNER, 'POST', '/v1/admin-tokens', {
      name: 'short-lived',
      role: 'viewer',
      expiresAt: Date.now() / 1000 + 2,
    })
    const status = async () => (await self(String(made.body.token))).status
    expect(await status()).toBe(200)
    await waitFor(async () => (await status()) === 401)
    for (const expiresAt of [Date.now() / 1000 - 1, '2000-01-01T00:00:00Z', Date.now() / 1000 + 400 * 86_400]) {
      const body = { name: 'wrong-expiry', role: 'viewer', expiresAt }
      expect((await ask(server, OWNER, 'POST', '/v1/admin-tokens', body)).status).toBe(400)
    }
  })

  test('has a name that nobody can take a second time, not even once it is revoked', async () => {
    const body = { name: 'deploy', role: 'viewer' }
    const { token } = (await ask(server, OWNER, 'POST', '/v1/admin-tokens', body)).body
    expect((await ask(server, OWNER, 'POST', '/v1/admin-tokens/deploy/revoke')).body.revokedAt).toBeGreaterThan(0)
    expect((await self(String(token))).status).toBe(401)
    expect((await ask(server, OWNER, 'POST', '/v1/admin-tokens', body)).status).toBe(409)
  })
})

test('a copy of the database opens nothing: neither token nor password is in it', async () => {
  const DATA_DIR = await copyTemplate('demo')
  const own = await startTestServer({ ADMIN_TOKEN: OWNER, DATA_DIR })
  const token = await tokenOf(own, 'owner')
  const { session } = await administratorOf(own, 'owner')
  await own.stop()
  const database = await openDatabase({ DATA_DIR })
  try {
    const { rows } = await database.knex.raw<{ rows: { tablename: string }[] }>(
      `select tablename from pg_tables where schemaname = 'public'`,
    )
    for (const { tablename } of rows) {
      const content = JSON.stringify(await database.knex(tablename))
      for (const secret of [token, session, PASSWORD, OWNER]) expect(content, tablename).not.toContain(secret)
    }
  } finally {
    await database.close()
  }
})

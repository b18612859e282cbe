import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { later } from '../support/clock.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { introspect, read, refresh, revoke, type Tokens, tokensOf } from './client.ts'

const SECRET = 'a-secret-of-the-client'
const AT_ONCE = 20
const DAY_SECONDS = 86_400

function suite(settings: () => Promise<TestSettings>): void {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN, TRUSTED_PROXIES: '127.0.0.1,::1', ...(await settings()) })
  })
  afterAll(() => server?.stop())

  const store = (metadata: object, secret: string | undefined = SECRET) =>
    askAdmin<{ detail: string }>(server, 'POST', '/v1/clients', { metadata, secret })
  async function signIn(refresh_policy: string, more: object = {}) {
    const client_id = `client-${randomUUID()}`
    const grant_types = ['password', 'refresh_token']
    const made = await store({
      client_id,
      first_party: true,
      grant_types,
      refresh_policy,
      refresh_retry_seconds: 0,
      ...more,
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const client = basicAuth(client_id, SECRET)
    const tokens = await tokensOf(server.url, { scope: 'customer' }, client)
    return { client, clientId: client_id, tokens, use: (token: string) => read(refresh(server.url, token, {}, client)) }
  }
  const isActive = async ({ access_token }: Pick<Tokens, 'access_token'>) =>
    (await introspect(server.url, access_token)).active

  describe('keep', () => {
    test('a refresh token stays the same, however often and however many at once use it', async () => {
      const { tokens, use } = await signIn('keep')
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => use(tokens.refresh_token)))
      expect(answers.map(({ status, body }) => [status, body.refresh_token])).toEqual(
        answers.map(() => [200, tokens.refresh_token]),
      )
      expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(AT_ONCE)
      for (const { body } of answers) expect(await isActive(body)).toBe(true)
    })

    test('each use puts its end off, and the family ends when it must', async () => {
      const { tokens, use } = await signIn('keep', {
        refresh_token_ttl_seconds: 2 * DAY_SECONDS,
        refresh_token_absolute_ttl_seconds: 4 * DAY_SECONDS,
      })
      for (const days of [1, 2, 3]) {
        expect((await later(() => use(tokens.refresh_token), days * DAY_SECONDS)).status).toBe(200)
      }
      expect((await later(() => use(tokens.refresh_token), 4 * DAY_SECONDS + 1)).body.error).toBe('invalid_grant')
    })

    test('revoking it ends it', async () => {
      const { client, tokens, use } = await signIn('keep')
      const { body } = await use(tokens.refresh_token)
      await revoke(server.url, tokens.refresh_token, {}, client)
      expect((await use(tokens.refresh_token)).body.error).toBe('invalid_grant')
      expect(await isActive(body)).toBe(false)
    })

    test('is for clients that prove who they are', async () => {
      const metadata = { client_id: 'public-keeper', token_endpoint_auth_method: 'none', first_party: true }
      const { status, body } = await store({ ...metadata, refresh_policy: 'keep' }, undefined)
      expect([status, body.detail]).toEqual([400, expect.stringMatching(/refresh_policy.*rotate or lazy/)])
    })
  })

  describe('lazy', () => {
    test('the old token works until its successor was used, and always leads to the same one', async () => {
      const { tokens, use } = await signIn('lazy')
      const first = await use(tokens.refresh_token)
      const again = await use(tokens.refresh_token)
      expect([first.status, again.status]).toEqual([200, 200])
      expect(first.body.refresh_token).not.toBe(tokens.refresh_token)
      expect(again.body.refresh_token).toBe(first.body.refresh_token)
      expect(again.body.access_token).not.toBe(first.body.access_token)
      expect([await isActive(first.body), await isActive(again.body)]).toEqual([true, true])
    })

    test('the old token after its successor was used is theft, and ends the family', async () => {
      const { tokens, use } = await signIn('lazy')
      const first = await use(tokens.refresh_token)
      const second = await use(first.body.refresh_token)
      expect(second.status).toBe(200)
      expect((await use(tokens.refresh_token)).body.error).toBe('invalid_grant')
      expect((await use(second.body.refresh_token)).body.error).toBe('invalid_grant')
      expect(await isActive(second.body)).toBe(false)
    })

    test('the theft is on record, with the grant and the client', async () => {
      const { clientId, tokens, use } = await signIn('lazy')
      const first = await use(tokens.refresh_token)
      await use(first.body.refresh_token)
      await use(tokens.refresh_token)
      const { body } = await ask(server, ADMIN_TOKEN, 'GET', `/v1/audit?type=refresh.theft&clientId=${clientId}`)
      const [entry, another] = body.items as Record<string, unknown>[]
      expect(entry).toMatchObject({ type: 'refresh.theft', clientId, grantId: expect.any(String) })
      expect(another).toBeUndefined()
    })

    test('the access token of before works on, next to the new one', async () => {
      const { tokens, use } = await signIn('lazy')
      const { body } = await use(tokens.refresh_token)
      expect([await isActive(tokens), await isActive(body)]).toEqual([true, true])
    })

    test('a try to widen the scope is refused, and the same token works without it', async () => {
      const { client, tokens, use } = await signIn('lazy')
      const wider = await read(refresh(server.url, tokens.refresh_token, { scope: 'customer company' }, client))
      expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
      expect((await use(tokens.refresh_token)).status).toBe(200)
      expect(await isActive(tokens)).toBe(true)
    })

    test('the old token from another network, before its successor was used, is counted and works', async () => {
      const counted = async () => {
        const answer = await fetch(`${server.adminUrl}/metrics`, {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        })
        return Number(/^vestibule_refresh_elsewhere_total (\d+)/m.exec(await answer.text())?.[1] ?? 0)
      }
      const { client, tokens } = await signIn('lazy')
      const from = (address: string, token: string) =>
        read(refresh(server.url, token, {}, { ...client, 'x-forwarded-for': address }))
      const before = await counted()
      const { body } = await from('203.0.113.1', tokens.refresh_token)
      expect((await from('203.0.113.1', tokens.refresh_token)).status).toBe(200)
      expect(await counted()).toBe(before)
      expect((await from('198.51.100.7', tokens.refresh_token)).body.refresh_token).toBe(body.refresh_token)
      expect(await counted()).toBe(before + 1)
      // The successor may be used from anywhere: its client has moved.
      expect((await from('192.0.2.9', body.refresh_token)).status).toBe(200)
      expect(await counted()).toBe(before + 1)
    })

    test('many at once are all answered, with one successor, which works', async () => {
      const { tokens, use } = await signIn('lazy')
      let current = tokens.refresh_token
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => use(current)))
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
        const successors = new Set(answers.map(({ body }) => body.refresh_token))
        expect(successors.size).toBe(1)
        current = [...successors][0]
      }
    })
  })

  test('rotate is what a client has that says nothing', async () => {
    const { tokens, use } = await signIn('rotate')
    const plain = await tokensOf(server.url)
    const next = await read(refresh(server.url, plain.refresh_token))
    expect(next.body.refresh_token).not.toBe(plain.refresh_token)
    await use(tokens.refresh_token)
    expect((await use(tokens.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('a policy that there is not is refused when the client is stored', async () => {
    const { status, body } = await store({ client_id: 'odd', first_party: true, refresh_policy: 'never' })
    expect([status, body.detail]).toEqual([400, expect.stringContaining('refresh_policy')])
  })
}

describe('in the embedded database', () => suite(async () => ({})))
describeOn('redis', 'in Redis', () => suite(async () => ({ REDIS_URL: await createRedisDatabase() })))

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  decode,
  obtainCode,
  ordersService,
  RON_ID,
  read,
  redeem,
  refresh,
  revoke,
  ron,
  SONIA_COMPANY_USER,
  sonia,
  tokensOf,
} from '../endpoints/client.ts'
import type { Backend } from '../support/binaries.ts'
import { later } from '../support/clock.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

type Listed = Record<string, unknown> & { readonly id: string; readonly kind: string }

const DAY = 86_400
const WAREHOUSE = { resource: 'urn:vestibule:warehouse', scope: 'stock:read' }

const BACKENDS: readonly { name: string; needs?: Backend; settings: () => Promise<TestSettings>; isEmbedded?: true }[] =
  [
    { name: 'the embedded database', settings: async () => ({}), isEmbedded: true },
    {
      name: 'Postgres',
      needs: 'postgres',
      settings: async () => ({ DATABASE_URL: await createDatabase({ demo: true }) }),
    },
    {
      name: 'Postgres and Redis',
      needs: 'redis',
      settings: async () => ({
        DATABASE_URL: await createDatabase({ demo: true }),
        REDIS_URL: await createRedisDatabase(),
      }),
    },
  ]

for (const { name, needs, settings, isEmbedded } of BACKENDS) {
  const suite = () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startTestServer({ ADMIN_TOKEN: OWNER, ...(await settings()) }, isEmbedded ? { isEmbedded } : {})
    })
    afterAll(() => server?.stop())

    const admin = async (method: string, path: string, body?: unknown) => {
      const answer = await ask(server, OWNER, method, path, body)
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    const list = async (query: Record<string, string>) =>
      (await admin('GET', `/v1/tokens?${new URLSearchParams(query)}`)).items as Listed[]
    const inspect = async (token: string) =>
      (await admin('POST', '/v1/tokens/inspect', { token })) as { isLive: boolean; record?: Listed }
    const byClientItself = (fields = {}) =>
      tokensOf(
        server.url,
        { grant_type: 'client_credentials', username: undefined, password: undefined, ...fields },
        ordersService,
      )

    const sonias = { clientId: 'frontend', companyUserId: SONIA_COMPANY_USER }
    const WAYS = [
      { way: 'a password', issue: () => tokensOf(server.url), owner: sonias, kinds: ['refresh-token', 'access-token'] },
      {
        way: 'a code',
        issue: async () => {
          const { code, verifier } = await obtainCode(server.url, {}, { login: ron })
          return (await read(redeem(server.url, code, verifier))).body
        },
        owner: { clientId: 'frontend', customerId: RON_ID },
        kinds: ['refresh-token', 'access-token'],
      },
      {
        way: 'a refresh',
        issue: async () => (await read(refresh(server.url, (await tokensOf(server.url)).refresh_token))).body,
        owner: sonias,
        kinds: ['refresh-token', 'access-token', 'refresh-token', 'access-token'],
      },
      {
        way: 'an agent’s password',
        issue: () =>
          tokensOf(server.url, {
            grant_type: 'urn:vestibule:grant:agent',
            username: 'agent@example.com',
            password: 'change123',
          }),
        owner: { clientId: 'frontend', agentId: expect.any(String) },
        kinds: ['refresh-token', 'access-token'],
      },
    ]

    test.each(WAYS)('what $way brought is on record, found by jti, grant and client, newest first', async (way) => {
      const { access_token } = await way.issue()
      const { payload } = decode(access_token)
      const [jti, grantId] = [String(payload.jti), String(payload.gid)]
      const expected = {
        ...way.owner,
        id: jti,
        kind: 'access-token',
        grantId,
        issuedAt: payload.iat,
        expiresAt: payload.exp,
      }
      expect(await list({ jti })).toEqual([expect.objectContaining(expected)])
      const ofGrant = await list({ grantId })
      expect(ofGrant.map(({ kind }) => kind)).toEqual(way.kinds)
      expect(ofGrant).toContainEqual(expect.objectContaining(expected))
      expect(await list({ clientId: way.owner.clientId, limit: String(ofGrant.length) })).toEqual(ofGrant)
      expect(JSON.stringify(ofGrant)).not.toContain(access_token.split('.')[2])
    })

    test('a customer’s are found by id, by reference and by address, and another’s are not among them', async () => {
      await Promise.all([tokensOf(server.url, ron), tokensOf(server.url, sonia)])
      const byId = await list({ customerId: RON_ID })
      expect(byId.length).toBeGreaterThanOrEqual(2)
      expect(new Set(byId.map(({ customerId }) => customerId))).toEqual(new Set([RON_ID]))
      expect(await list({ customer: ron.username })).toEqual(byId)
      expect(await list({ customer: RON_ID, clientId: 'frontend' })).toEqual(byId)
      expect(await list({ customer: RON_ID, clientId: 'orders-service' })).toEqual([])
    })

    test('a machine’s own token is on record, and its owner is the client', async () => {
      const { access_token } = await byClientItself()
      const { record } = await inspect(access_token)
      expect(record).toMatchObject({ kind: 'client-credentials', clientId: 'orders-service' })
      expect(record).not.toHaveProperty('customerId')
      expect(record).not.toHaveProperty('grantId')
      await admin('POST', '/v1/sign-outs', { of: 'client', id: 'orders-service' })
      expect((await inspect(access_token)).record).toMatchObject({ cause: 'operator', endedBy: 'admin' })
      expect((await inspect((await byClientItself()).access_token)).record).not.toHaveProperty('cause')
    })

    test('an opaque token is found by itself when storage has forgotten it, and its record does not have it', async () => {
      const { access_token } = await tokensOf(server.url, WAREHOUSE)
      const alive = await inspect(access_token)
      expect(alive).toMatchObject({ isLive: true, record: { kind: 'access-token' } })
      expect(JSON.stringify(alive.record)).not.toContain(access_token)
      await revoke(server.url, access_token)
      const { isLive, record } = await inspect(access_token)
      expect(isLive).toBe(false)
      expect(record).toMatchObject({ id: alive.record?.id, cause: 'revoked-by-client' })
      expect(await list({ jti: String(record?.id) })).toEqual([record])
    })

    test('a refresh token that was replaced ended then, and its successor did not', async () => {
      const first = (await tokensOf(server.url)).refresh_token
      const second = (await read(refresh(server.url, first))).body.refresh_token
      const [old, current] = [await inspect(first), await inspect(second)]
      expect(old.record).toMatchObject({ kind: 'refresh-token', place: 0, cause: 'rotated' })
      expect(current.record).toMatchObject({ kind: 'refresh-token', place: 1, id: old.record?.id })
      expect(current.record).not.toHaveProperty('cause')
    })

    test('an answer that is given again is on record once', async () => {
      const { refresh_token, access_token } = await tokensOf(server.url)
      const answers = await Promise.all(
        [refresh(server.url, refresh_token), refresh(server.url, refresh_token)].map(read),
      )
      expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
      const ofGrant = await list({ grantId: String(decode(access_token).payload.gid) })
      expect(ofGrant).toHaveLength(4)
    })

    test('a sign-out tells who ended what, and a sign-in after it is not ended', async () => {
      const before = await tokensOf(server.url, ron)
      await admin('POST', '/v1/sign-outs', { of: 'customer', id: RON_ID })
      const after = await tokensOf(server.url, ron)
      for (const token of [before.access_token, before.refresh_token])
        expect((await inspect(token)).record).toMatchObject({ cause: 'operator', endedBy: 'admin' })
      for (const token of [after.access_token, after.refresh_token])
        expect((await inspect(token)).record).not.toHaveProperty('cause')
    })

    test('an expired token is on record with the moment it expired', async () => {
      const { access_token } = await tokensOf(server.url, ron)
      const { exp } = decode(access_token).payload
      const { isLive, record } = await later(() => inspect(access_token), DAY)
      expect(isLive).toBe(false)
      expect(record).toMatchObject({ cause: 'expired', endedAt: exp })
    })

    test('pages of a client’s tokens together are all of them, each once', async () => {
      const all = await list({ clientId: 'frontend', limit: '1000' })
      const pages: Listed[] = []
      let next: unknown
      do {
        const cursor = next === undefined ? '' : `&cursor=${next}`
        const { items, next: following } = await admin('GET', `/v1/tokens?clientId=frontend&limit=7${cursor}`)
        pages.push(...(items as Listed[]))
        next = following
      } while (next !== undefined)
      expect(pages).toEqual(all)
    })
  }
  if (needs) describeOn(needs, `on ${name}`, suite)
  else describe(`on ${name}`, suite)
}

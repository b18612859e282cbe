import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { authorizationUrl, CALLBACK, pkce, redeem, requestTokens, signIn, sonia } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { basicAuth } from '../support/http.ts'
import { type ServerProcess, startTestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { ADMIN_TOKEN, askAdmin, startNodes } from './server-nodes.ts'

const OLD_ADMIN_TOKEN = 'the-admin-token-of-last-year'
const [OLD_COOKIE_KEY, NEW_COOKIE_KEY] = ['the cookie key of last year', 'the cookie key of this year']
vi.setConfig({ testTimeout: 120_000 })

/** Below the ten seconds that a node remembers a client: what changes sooner changed because the other node said so. */
const NEWS_DEADLINE_MS = 8000

describeOn('postgres', 'secrets that clients and operators hold, on two servers', () => {
  let nodes: ServerProcess[] = []
  beforeAll(async () => {
    const [DATABASE_URL, REDIS_URL] = await Promise.all([createDatabase({ demo: true }), createRedisDatabase()])
    nodes = await startNodes(2, { DATABASE_URL, REDIS_URL, ADMIN_TOKEN: `${ADMIN_TOKEN},${OLD_ADMIN_TOKEN}` })
  }, 180_000)
  afterAll(() => Promise.all(nodes.map((node) => node.end('SIGTERM'))))

  test('a client secret is replaced on every node without waiting for its cache, both working meanwhile', async () => {
    const [first, second] = nodes as [ServerProcess, ServerProcess]
    const secrets = '/v1/clients/third-party-app/secrets'
    const status = async (secret: string) => {
      const client = basicAuth('third-party-app', secret)
      return (await requestTokens(second.url, { grant_type: 'client_credentials' }, client)).status
    }
    expect(await status('third-party-app-secret')).toBe(200)
    const { body: made } = await askAdmin<{ secret: string }>(first, 'POST', secrets, { name: 'autumn' })
    await waitFor(async () => (await status(made.secret)) === 200, {
      deadlineMs: NEWS_DEADLINE_MS,
      what: 'the new secret',
    })
    expect(await status('third-party-app-secret')).toBe(200)
    await askAdmin(first, 'POST', `${secrets}/default/expire`, {})
    const isRefused = async () => (await status('third-party-app-secret')) === 401
    await waitFor(isRefused, { deadlineMs: NEWS_DEADLINE_MS, what: 'the old secret to end' })
    expect(await status(made.secret)).toBe(200)
  })

  test('each of several admin tokens opens the admin API, so that one is replaced without a gap', async () => {
    for (const node of nodes) {
      for (const [token, status] of [
        [ADMIN_TOKEN, 200],
        [OLD_ADMIN_TOKEN, 200],
        [`${ADMIN_TOKEN},${OLD_ADMIN_TOKEN}`, 401],
      ] as const) {
        expect((await askAdmin(node, 'GET', '/v1/secrets', undefined, token)).status).toBe(status)
      }
    }
  })
})

describeOn('postgres', 'COOKIE_KEYS', () => {
  test('a login in progress survives the restart that brings a new key, and the server does not rotate them', async () => {
    const shared = { DATABASE_URL: await createDatabase({ demo: true }), PORT: String(await freePort()), ADMIN_TOKEN }
    const start = (COOKIE_KEYS: string) => startTestServer({ ...shared, COOKIE_KEYS, KEYS_URL: 'sql:' })
    const before = await start(OLD_COOKIE_KEY)
    const [jar, { verifier, challenge }] = [createCookieJar(), pkce()]
    const request = authorizationUrl(before.url, { code_challenge: challenge, code_challenge_method: 'S256' })
    const page = await jar.follow(await jar.fetch(request), { stopAt: CALLBACK })
    await before.stop()

    const after = await start(`${NEW_COOKIE_KEY},${OLD_COOKIE_KEY}`)
    const done = await signIn(jar, page, sonia)
    const code = new URL(done.url).searchParams.get('code') ?? ''
    expect((await redeem(after.url, code, verifier)).status).toBe(200)
    const refused = await askAdmin<{ detail: string }>(after, 'POST', '/v1/secrets/cookies/rotate')
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('COOKIE_KEYS is set')])
    await after.stop()
  })
})

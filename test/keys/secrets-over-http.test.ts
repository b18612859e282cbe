import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import {
  authorizationUrl,
  introspect,
  ordersService,
  pkce,
  read,
  redeem,
  refresh,
  requestTokens,
  signIn,
  sonia,
  submit,
  tokensOf,
} from '../endpoints/client.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { ADMIN_TOKEN, askAdmin, startNodes } from './server-nodes.ts'

const OLD_ADMIN_TOKEN = 'the-admin-token-of-last-year'
const CALLBACK = 'http://localhost:8080/callback'
vi.setConfig({ testTimeout: 90_000 })

describeOn('postgres', 'secrets of two servers on one Postgres and one Redis', () => {
  let nodes: [ServerProcess, ServerProcess]
  let database: Database

  beforeAll(async () => {
    const [DATABASE_URL, REDIS_URL] = await Promise.all([createDatabase({ demo: true }), createRedisDatabase()])
    const tokens = `${ADMIN_TOKEN},${OLD_ADMIN_TOKEN}`
    nodes = (await startNodes(2, { DATABASE_URL, REDIS_URL, ADMIN_TOKEN: tokens })) as typeof nodes
    database = await openDatabase({ DATA_DIR: '', DATABASE_URL })
  }, 180_000)
  afterAll(async () => {
    await database?.close()
    await Promise.all((nodes ?? []).map((node) => node.end('SIGTERM')))
  })

  /** Rotates on the first node, and lets the time pass that the new generation waits for. */
  async function rotate(kind: string, name: string): Promise<{ oldId: string; newValue: string }> {
    const [{ id: oldId }] = await database.knex('server_secrets').where({ name }).orderBy('created_at', 'desc')
    const { status, body } = await askAdmin<{ id: string; state: string }>(nodes[0], 'POST', `/v1/secrets/${kind}/rotate`)
    expect([status, body.state]).toEqual([200, 'waiting'])
    await database
      .knex('server_secrets')
      .where({ name })
      .update({ created_at: database.knex.raw("created_at - interval '1 minute'") })
    const [{ value: newValue }] = await database.knex('server_secrets').where({ name, id: body.id })
    return { oldId, newValue }
  }
  const drop = (kind: string, id: string, force: boolean) =>
    askAdmin<{ detail?: string }>(nodes[0], 'POST', `/v1/secrets/${kind}/${id}/drop`, { force })

  test('a login in progress survives a rotation of the cookie keys, and one begun with a dropped key does not', async () => {
    const [first, second] = nodes
    const [early, late, stale] = [await beginLogin(first), createCookieJar(), await beginLogin(first)]
    const { oldId, newValue } = await rotate('cookies', 'cookies')
    for (const node of nodes) await waitFor(() => signsCookiesWith(node, newValue), { what: 'cookies of the new key' })

    expect(await finishLogin(early, second)).toMatchObject({ access_token: expect.any(String) })
    expect(await finishLogin(await beginLogin(first, late.fetch === undefined ? undefined : late), second)).toMatchObject({
      access_token: expect.any(String),
    })

    expect(await drop('cookies', oldId, false)).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/may be alive until 20.*--force/) },
    })
    expect((await drop('cookies', oldId, true)).status).toBe(200)
    await waitFor(async () => !(await finishLogin(stale, second).catch(() => undefined)), { what: 'the old key to go' })
  })

  test('refresh tokens and a device in progress survive a rotation; those of a dropped secret end', async () => {
    const [first, second] = nodes
    const [used, unused] = [await openSession(first), await openSession(first)]
    const device = await read(postForm(`${first.url}/device_authorization`, { client_id: 'device-app' }))
    const { oldId, newValue } = await rotate('tokens', 'refresh-tokens')
    for (const node of nodes) {
      await waitFor(async () => isMadeWith(newValue, (await openSession(node)).refresh_token), { what: 'new tokens' })
    }

    const renewed = await read(refresh(second.url, used.refresh_token))
    expect(renewed.status).toBe(200)
    const confirmation = await fetch(`${second.url}/device?user_code=${device.body.user_code}`)
    expect(confirmation.status).toBe(200)
    expect(await userCodeIsKnown(second, device.body.user_code)).toBe(true)

    expect((await drop('tokens', oldId, true)).status).toBe(200)
    await waitFor(async () => (await refresh(second.url, unused.refresh_token)).status === 400)
    expect((await refresh(first.url, renewed.body.refresh_token)).status).toBe(200)
  })

  test('the generation in use cannot be dropped, and no answer holds a value', async () => {
    const { body } = await askAdmin<{ secrets: { kind: string; id: string; state: string }[] }>(
      nodes[0],
      'GET',
      '/v1/secrets',
    )
    const used = body.secrets.filter(({ state }) => state === 'used')
    expect(used.map(({ kind }) => kind)).toEqual(['cookies', 'tokens'])
    expect(await drop('tokens', used[1]?.id ?? '', true)).toMatchObject({ status: 409, body: { detail: /in use/ } })
    for (const { value } of await database.knex('server_secrets')) expect(JSON.stringify(body)).not.toContain(value)
  })

  test('a client secret is replaced on every node within two seconds, both working meanwhile', async () => {
    const [first, second] = nodes
    const secrets = '/v1/clients/third-party-app/secrets'
    const { body: made } = await askAdmin<{ secret: string }>(first, 'POST', secrets, { name: 'autumn' })
    const status = async (secret: string) =>
      (await requestTokens(second.url, { grant_type: 'client_credentials' }, basicAuth('third-party-app', secret))).status
    const within = { deadlineMs: 2000 }
    await waitFor(async () => (await status(made.secret)) === 200, { ...within, what: 'the new secret' })
    expect(await status('third-party-app-secret')).toBe(200)
    await askAdmin(first, 'POST', `${secrets}/default/expire`, {})
    await waitFor(async () => (await status('third-party-app-secret')) === 401, { ...within, what: 'the old to end' })
    expect(await status(made.secret)).toBe(200)
  })

  test('each of several admin tokens opens the admin API, so that one can be replaced without a gap', async () => {
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

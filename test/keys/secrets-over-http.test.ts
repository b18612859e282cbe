import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import {
  authorizationUrl,
  CALLBACK,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  sonia,
  submit,
  tokensOf,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm } from '../support/http.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { type Front, startFront } from './front.ts'
import { askAdmin, startNodes } from './server-nodes.ts'

describeOn('postgres', 'the own secrets of two servers on one Postgres and one Redis', () => {
  let first: ServerProcess
  let second: ServerProcess
  let front: Front
  let database: Database
  let issuer: string

  beforeAll(async () => {
    const [DATABASE_URL, REDIS_URL] = await Promise.all([createDatabase({ demo: true }), createRedisDatabase()])
    ;[first, second] = (await startNodes(2, { DATABASE_URL, REDIS_URL })) as [ServerProcess, ServerProcess]
    issuer = String(first.settings.ISSUER)
    front = await startFront(Number(new URL(issuer).port))
    database = await openDatabase({ DATA_DIR: '', DATABASE_URL })
  })
  afterAll(async () => {
    await front?.close()
    await database?.close()
    await Promise.all([first?.end('SIGTERM'), second?.end('SIGTERM')])
  })

  /** Rotates on the first server, and lets the time pass that a new generation waits for. */
  async function rotate(kind: string, name: string): Promise<{ oldId: string; newValue: string }> {
    const rows = () => database.knex<{ name: string; id: string; value: string }>('server_secrets').where({ name })
    const [old] = await rows().orderBy('created_at', 'desc')
    const { status, body } = await askAdmin<{ id: string; state: string }>(first, 'POST', `/v1/secrets/${kind}/rotate`)
    expect([status, body.state]).toEqual([200, 'waiting'])
    await rows().update({ created_at: database.knex.raw("created_at - interval '1 minute'") } as object)
    const made = await rows().where({ id: body.id }).first()
    return { oldId: String(old?.id), newValue: String(made?.value) }
  }
  const drop = (kind: string, id: string, force: boolean) =>
    askAdmin<{ detail?: string }>(first, 'POST', `/v1/secrets/${kind}/${id}/drop`, { force })

  /** A browser that has come to the login page of one server. */
  async function beginLogin(node: ServerProcess) {
    front.turnTo(node)
    const { verifier, challenge } = pkce()
    const request = authorizationUrl(issuer, { code_challenge: challenge, code_challenge_method: 'S256' })
    const jar = createCookieJar()
    const page = await jar.follow(await jar.fetch(request), { stopAt: CALLBACK })
    return { jar, page, verifier }
  }
  /** Signs in on the other server and redeems the code; the status of the token request, or of the page before. */
  async function finishLogin({ jar, page, verifier }: Awaited<ReturnType<typeof beginLogin>>, node: ServerProcess) {
    front.turnTo(node)
    const done = await signIn(jar, { ...page, response: page.response.clone() }, sonia)
    if (!done.url.startsWith(CALLBACK)) return done.response.status
    return (await redeem(issuer, new URL(done.url).searchParams.get('code') ?? '', verifier)).status
  }
  const signInBy = (node: ServerProcess) => tokensOf(node.url, { scope: 'openid customer' })

  test('a login in progress survives a rotation of the cookie keys; one begun with a dropped key does not', async () => {
    const [underWay, abandoned] = [await beginLogin(first), await beginLogin(first)]
    const { oldId, newValue } = await rotate('cookies', 'cookies')
    for (const node of [first, second]) await waitFor(() => signsCookiesWith(node, newValue))

    expect(await finishLogin(underWay, second)).toBe(200)
    expect(await finishLogin(await beginLogin(first), second)).toBe(200)

    const refused = await drop('cookies', oldId, false)
    expect(refused.status).toBe(409)
    expect(refused.body.detail).toMatch(/may be valid until 20.*--force/)
    expect((await drop('cookies', oldId, true)).status).toBe(200)
    await waitFor(async () => (await finishLogin(abandoned, second)) >= 400, { what: 'the old key to be forgotten' })
    expect(await finishLogin(await beginLogin(second), first)).toBe(200)
  })

  test('refresh tokens and a device in progress survive a rotation; those of a dropped secret end', async () => {
    const [used, unused] = [await signInBy(first), await signInBy(first)]
    const { body: device } = await read(postForm(`${first.url}/device_authorization`, { client_id: 'device-app' }))
    const { oldId, newValue } = await rotate('tokens', 'refresh-tokens')
    for (const node of [first, second]) {
      const isNew = async () => isMadeWith(newValue, (await signInBy(node)).refresh_token)
      await waitFor(isNew, { everyMs: 500, what: 'refresh tokens of the new secret' })
    }

    const renewed = await read(refresh(second.url, used.refresh_token))
    expect(renewed.status).toBe(200)
    expect(isMadeWith(newValue, renewed.body.refresh_token)).toBe(true)
    expect(await confirmsDevice(second, device.user_code)).toBe(true)

    expect((await drop('tokens', oldId, true)).status).toBe(200)
    await waitFor(async () => (await refresh(second.url, unused.refresh_token)).status === 400)
    expect((await refresh(first.url, renewed.body.refresh_token)).status).toBe(200)
  })

  test('the generation in use cannot be dropped, and no answer holds a value', async () => {
    type Listed = { items: { kind: string; id: string; state: string }[] }
    const { body } = await askAdmin<Listed>(first, 'GET', '/v1/secrets')
    const used = body.items.filter(({ state }) => state === 'used')
    expect(used.map(({ kind }) => kind)).toEqual(['cookies', 'tokens'])
    const refused = await drop('tokens', used[1]?.id ?? '', true)
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('in use')])
    for (const { value } of await database.knex('server_secrets')) expect(JSON.stringify(body)).not.toContain(value)
  })

  /** Types the code on the device page of `node`; whether the page asks to confirm it. */
  async function confirmsDevice(node: ServerProcess, userCode: string): Promise<boolean> {
    front.turnTo(node)
    const jar = createCookieJar()
    const input = await jar.follow(await jar.fetch(`${issuer}/device`))
    return (await (await submit(jar, input, { user_code: userCode })).response.text()).includes(userCode)
  }
})

/** Whether a login that begins on `node` gets cookies signed by `key`, as the library "cookies" signs them. */
async function signsCookiesWith({ url }: ServerProcess, key: string): Promise<boolean> {
  const request = authorizationUrl(url, { code_challenge: pkce().challenge, code_challenge_method: 'S256' })
  const cookies = (await fetch(request, { redirect: 'manual' })).headers.getSetCookie()
  const [name, value] = /^(vestibule_interaction)=([^;]+)/m.exec(cookies.join('\n'))?.slice(1) ?? []
  const signature = createHmac('sha1', key).update(`${name}=${value}`).digest('base64url')
  return cookies.some((cookie) => cookie.startsWith(`${name}.sig=${signature};`))
}

/** Whether the MAC of a refresh token was made with `key`. */
function isMadeWith(key: string, token: string): boolean {
  const [, family, nonce, mac, place = ''] = /^vrt_(.{22})(.{22})(.{22})(.+)$/.exec(token) ?? []
  const input = `${family}.${nonce}.${Number.parseInt(place, 36)}`
  return createHmac('sha256', key).update(input).digest().subarray(0, 16).toString('base64url') === mac
}

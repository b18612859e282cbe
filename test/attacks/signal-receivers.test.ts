import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { pruneHeldBack } from '../../src/shared-signals/hold-back.ts'
import { ask as askAdmin, OWNER, tokenOf } from '../admin/administrators.ts'
import { introspect, read, tokensOf } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { type PushReceiver, startPushReceiver } from '../shared-signals/push-receiver.ts'
import { addStreamClient, PUSH } from '../shared-signals/stream-client.ts'
import { addClient } from '../signal-endpoints/signal-clients.ts'
import { describeOn } from '../support/describe-on.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'

/** Software that receives signals or ends sign-ins, and wants more than it was given. */
let shop: HostedShop
const receivers: PushReceiver[] = []
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(async () => {
  await shop?.stop()
  await Promise.all(receivers.map((receiver) => receiver.stop()))
})

const admin = (method: string, path: string, body?: unknown, bearer = OWNER) =>
  askAdmin(shop.server, bearer, method, path, body)
const signOut = ({ id }: TestCustomer) => admin('POST', '/v1/sign-outs', { of: 'customer', id })

async function streamOf(delivery?: object) {
  const client = await addStreamClient(shop.server)
  const { stream_id } = await client.create(delivery && { delivery })
  const key = { kind: 'shared-signals', receiver: stream_id }
  const outboxRow = async () => {
    const items = (await admin('GET', '/v1/outbox')).body.items as {
      receiver: string
      kind: string
      waiting: number
      state: string
    }[]
    return items.find(({ kind, receiver }) => kind === key.kind && receiver === stream_id)
  }
  const set = (status: string) => client.ask('POST', '/ssf/status', { stream_id, status })
  return { client, stream_id, key, outboxRow, set }
}

describe('a stream that an operator stopped', () => {
  test.each(['paused', 'disabled'])('by %s is enabled by no receiver, nor removed to make another', async (status) => {
    const { client, stream_id, set } = await streamOf()
    expect((await admin('POST', `/v1/streams/${stream_id}/status`, { status })).status).toBe(200)
    for (const wanted of ['enabled', 'paused', 'disabled']) {
      const answer = await set(wanted)
      expect([answer.status, answer.body.error]).toEqual([403, 'access_denied'])
    }
    expect((await client.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)).status).toBe(403)
    expect((await client.ask('POST', '/ssf/streams', {})).status).toBe(409)
    expect((await client.ask('PATCH', '/ssf/streams', { stream_id, description: 'x' })).status).toBe(200)
    expect((await client.ask('GET', `/ssf/status?stream_id=${stream_id}`)).body.status).toBe(status)
    await admin('POST', `/v1/streams/${stream_id}/status`, { status: 'enabled' })
    expect((await set('paused')).status, 'once the operator lets it go').toBe(200)
    expect((await client.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`)).status).toBe(204)
  })

  test('is stopped where its receiver enables it at the same time', async () => {
    const { client, stream_id, set } = await streamOf()
    await Promise.all([
      ...Array.from({ length: 10 }, () => set('enabled')),
      admin('POST', `/v1/streams/${stream_id}/status`, { status: 'disabled' }),
      ...Array.from({ length: 10 }, () => set('enabled')),
    ])
    expect((await client.ask('GET', `/ssf/status?stream_id=${stream_id}`)).body.status).toBe('disabled')
  })
})

describe('what an operator holds in the outbox', () => {
  async function pushing() {
    const receiver = await startPushReceiver()
    receivers.push(receiver)
    return { receiver, ...(await streamOf({ method: PUSH, endpoint_url: receiver.url })) }
  }

  test.each([
    ['before', ['paused', 'enabled']],
    ['after', ['enabled']],
  ])('is not let go by the receiver, who paused %s the operator did', async (when, statuses) => {
    const { receiver, stream_id, key, outboxRow, set, client } = await pushing()
    await client.ask('POST', '/ssf/verify', { stream_id })
    await waitFor(() => receiver.pushed.length === 1, { what: 'the verification' })
    if (when === 'after') await set('paused')
    expect((await admin('POST', '/v1/outbox/pause', key)).status).toBe(200)
    for (const status of statuses) expect((await set(status)).status).toBe(200)
    expect(await outboxRow()).toMatchObject({ state: 'paused', pausedBy: 'admin' })
    await signOut(await shop.addCustomer())
    await waitFor(async () => Number((await outboxRow())?.waiting) > 0, { what: 'a signal that is held' })
    expect(receiver.pushed).toHaveLength(1)
    expect((await admin('POST', '/v1/outbox/resume', key)).status).toBe(200)
    await waitFor(() => receiver.pushed.length > 1, { what: 'the signal' })
  })

  test('is not lost where the operator lets go what its receiver still wants held', async () => {
    const { receiver, key, outboxRow, set } = await pushing()
    await set('paused')
    await signOut(await shop.addCustomer())
    await waitFor(async () => Number((await outboxRow())?.waiting) > 0, { what: 'a signal that is held' })
    expect((await admin('POST', '/v1/outbox/resume', key)).status).toBe(200)
    await waitFor(async () => (await outboxRow())?.state === 'paused', { what: 'it to be held again' })
    expect(receiver.pushed).toEqual([])
    await set('enabled')
    await waitFor(() => receiver.pushed.length > 0, { what: 'the signal' })
  })
})

describeOn('postgres', 'signals that pile up', () => {
  let server: TestServer
  let database: Database
  beforeAll(async () => {
    const DATABASE_URL = await createDatabase()
    server = await startTestServer({ DATABASE_URL, ADMIN_TOKEN: OWNER })
    database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
  })
  afterAll(async () => {
    await database?.close()
    await server?.stop()
  })

  test('a stream that stays paused keeps signals for 30 days, and others lose nothing', async () => {
    const { knex } = database
    const ids: string[] = []
    for (const status of ['paused', 'enabled']) {
      const client = await addStreamClient(server)
      const { stream_id } = await client.create()
      await client.ask('POST', '/ssf/status', { stream_id, status })
      ids.push(stream_id)
    }
    const [paused = '', open = ''] = ids
    // Held by nobody, and not due: no node sends them.
    const add = (receiver: string, days: number) =>
      knex.raw(
        `insert into outbox_messages (kind, receiver, payload, created_at, next_at)
         values ('shared-signals', ?, '{}', now() - make_interval(days => ?), now() + interval '1 day')`,
        [receiver, days],
      )
    for (const [receiver, days] of [
      [paused, 31],
      [paused, 29],
      [open, 31],
    ] as const)
      await add(receiver, days)
    expect(await pruneHeldBack(knex, 30)).toBe(1)
    const left = await knex('outbox_messages').orderBy('seq').pluck('receiver')
    expect(left).toEqual([paused, open])
  })
})

test('who may only look changes no stream and no queue', async () => {
  const { stream_id, key } = await streamOf()
  const viewer = await tokenOf(shop.server, 'viewer')
  for (const [method, path, body] of [
    ['POST', `/v1/streams/${stream_id}/status`, { status: 'disabled' }],
    ['DELETE', `/v1/streams/${stream_id}`, undefined],
    ...['retry', 'drop', 'pause', 'resume'].map((act) => ['POST', `/v1/outbox/${act}`, key] as const),
  ] as const)
    expect([path, (await admin(method, path, body, viewer)).status]).toEqual([path, 403])
  expect((await admin('GET', `/v1/streams/${stream_id}`, undefined, viewer)).body.status).toBe('enabled')
})

describe('Global Token Revocation by who may not look people up', () => {
  const send = (body: object, bearer: string) =>
    read(postJson(`${shop.server.url}/global-token-revocation`, body, { authorization: `Bearer ${bearer}` }))

  test('answers the same for an address that is here beside another person, and one that is not', async () => {
    const bearer = await (await addClient(shop.server, ['global_token_revocation'])).token()
    const [own, other] = [await shop.addCustomer(), await shop.addCustomer()]
    const { email: username, password } = other
    const { access_token: token } = await tokensOf(shop.server.url, { username, password })
    const answers = []
    for (const email of [other.email, `${randomUUID()}@example.com`]) {
      const identifiers = [own.email, email].map((each) => ({ format: 'email', email: each }))
      const { status, text } = await send({ sub_id: { format: 'aliases', identifiers } }, bearer)
      answers.push([status, text])
    }
    expect(answers).toEqual([
      [204, ''],
      [204, ''],
    ])
    expect((await introspect(shop.server.url, token)).active, 'who was named is ended').toBe(false)
  })
})

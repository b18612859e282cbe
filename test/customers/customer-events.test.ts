import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CustomerEvent } from '../../src/customers/webhook/customer-event-rows.ts'
import { openCustomerWebhook } from '../../src/customers/webhook/customer-webhook.ts'
import type { Deliveries } from '../../src/outbox/stream.ts'
import { openWebhookReceiver } from '../admin/audit-receiver.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'
import { useDatabase } from './database.ts'

const secret = 'a-secret-of-the-shop-0123456789'
const database = useDatabase()
let receiver: Awaited<ReturnType<typeof openWebhookReceiver>>
const webhooks: Deliveries[] = []

beforeEach(async () => {
  receiver = await openWebhookReceiver()
  await database.knex.raw('truncate customer_events, customer_webhook')
})
afterEach(async () => {
  for (const webhook of webhooks.splice(0)) await webhook.close()
  receiver.close()
})

async function open({ isSet = true } = {}): Promise<Deliveries | undefined> {
  const target = isSet ? { url: receiver.url, secret } : {}
  const deps = { knex: database.knex, log: { warn() {} }, lookEveryMs: 20, firstDelayMs: 5 }
  const webhook = await openCustomerWebhook({ ...deps, ...target })
  if (webhook) webhooks.push(webhook)
  return webhook
}

async function closeAll(): Promise<void> {
  for (const webhook of webhooks.splice(0)) await webhook.close()
}

const events = () => receiver.bodies.flatMap((body) => (JSON.parse(body) as { events: CustomerEvent[] }).events)
const said = () => events().map(({ type, customer_reference: reference }) => `${reference} ${type}`)
const waiting = async () => Number((await database.knex('customer_events').count({ n: '*' }).first())?.n)

const add = (reference: string, knex = database.knex) =>
  knex('customers').insert({
    id: knex.raw('gen_random_uuid()'),
    customer_reference: reference,
    email: `${reference}@example.com`,
    email_normalized: `${reference}@example.com`,
  })
const change = (reference: string, columns: object) =>
  database.knex('customers').where({ customer_reference: reference }).update(columns)

const CHANGES: readonly [string, object, readonly string[]][] = [
  ['a name', { given_name: 'Ada' }, ['customer.changed']],
  ['an address', { email: 'x@example.com', email_normalized: 'x@example.com' }, ['customer.changed']],
  ['a block', { status: 'blocked' }, ['customer.changed']],
  ['a confirmation', { email_verified: true }, ['customer.confirmed']],
  ['a password', { password_changed_at: new Date() }, ['customer.password_changed']],
  ['an erasure', { status: 'anonymised', given_name: null, password_changed_at: null }, ['customer.erased']],
  ['another hash of the same password', { password_hash: 'x', password_scheme: 'y', updated_at: new Date() }, []],
  ['nothing', { given_name: null }, []],
]

test.each(CHANGES)('%s is told of as what it is', async (_, columns, types) => {
  await open()
  await add('c1')
  await change('c1', columns)
  await add('last')
  await waitFor(() => said().includes('last customer.registered'))
  expect(said()).toEqual(['c1 customer.registered', ...types.map((type) => `c1 ${type}`), 'last customer.registered'])
})

test('a customer is told of as they are now, and one who was erased by their ids alone', async () => {
  await open()
  // Nothing is on its way while they change: what is told then was read after all of it.
  await closeAll()
  await add('c1')
  await add('c2')
  await change('c1', { given_name: 'Ada', locale: 'de_DE' })
  await change('c2', { status: 'anonymised' })
  await open()
  await waitFor(() => events().length === 4)
  const [first, gone] = events()
  expect(first?.customer).toMatchObject({
    email: 'c1@example.com',
    givenName: 'Ada',
    familyName: null,
    locale: 'de_DE',
  })
  expect(gone).toMatchObject({ customer_reference: 'c2', customer: null })
})

test('a change that is rolled back is not told of', async () => {
  await open()
  await database.knex
    .transaction(async (transaction) => {
      await add('never', transaction)
      throw new Error('rolled back')
    })
    .catch(() => {})
  await add('c1')
  await waitFor(() => events().length > 0)
  expect(said()).toEqual(['c1 customer.registered'])
})

test('what was not taken is sent again, in order, under the same ids, also after a restart', async () => {
  receiver.answerWith(() => 500)
  await open()
  await add('c1')
  await waitFor(() => receiver.calls.length >= 2)
  await closeAll()
  await change('c1', { email_verified: true })
  receiver.answerWith(() => 204)
  await open()
  await waitFor(() => events().length === 2)
  expect(said()).toEqual(['c1 customer.registered', 'c1 customer.confirmed'])
  const firstIds = receiver.calls.map(({ body }) => (JSON.parse(body) as { events: CustomerEvent[] }).events[0]?.id)
  expect(new Set(firstIds).size).toBe(1)
  await waitFor(async () => (await waiting()) === 0)
})

test('of several nodes one speaks at a time, and every change is sent once', async () => {
  for (let node = 0; node < 3; node++) await open()
  for (let round = 0; round < 8; round++)
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(`c${round}-${index}`)))
  await waitFor(() => events().length >= 160)
  await waitFor(async () => (await waiting()) === 0)
  expect(new Set(said()).size).toBe(160)
  expect(events()).toHaveLength(160)
})

test('nothing is noted before there is a receiver, and what waits is forgotten when there is none any more', async () => {
  await open({ isSet: false })
  await add('before')
  expect(await waiting()).toBe(0)
  receiver.answerWith(() => 500)
  await open()
  await add('c1')
  expect(await waiting()).toBe(1)
  await closeAll()
  await open({ isSet: false })
  await add('after')
  expect(await waiting()).toBe(0)
})

test('the snippet of the how-to takes a call of ours and refuses a forged, an old and an unsigned one', async () => {
  await open()
  await add('c1')
  const call = await waitFor(() => receiver.calls[0])
  const page = readFileSync(new URL('../../docs/how-to/customer-webhook.md', import.meta.url), 'utf8')
  const [, snippet = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const file = join(temporaryDirectory('snippet'), 'customer-events.mjs')
  writeFileSync(file, snippet)
  const { readCustomerEvents } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    readCustomerEvents(body: string, signature: unknown, secret: string, nowSeconds?: number): CustomerEvent[]
  }
  const signature = String(call.headers['vestibule-signature'])
  expect(readCustomerEvents(call.body, signature, secret)).toEqual(events())
  const later = Date.now() / 1000 + 3600
  for (const refused of [
    () => readCustomerEvents(call.body.replace('c1', 'c2'), signature, secret),
    () => readCustomerEvents(call.body, signature, 'another-secret-of-the-shop'),
    () => readCustomerEvents(call.body, signature, secret, later),
    () => readCustomerEvents(call.body, undefined, secret),
    () => readCustomerEvents(call.body, `t=${Math.floor(later)},v1=`, secret),
  ])
    expect(refused).toThrow('not signed')
})

test('the payload of the how-to has the members of a real one', async () => {
  await open()
  await add('c1')
  await waitFor(() => events().length === 1)
  const page = readFileSync(new URL('../../docs/how-to/customer-webhook.md', import.meta.url), 'utf8')
  const [, sample = '{}'] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  const shown = (JSON.parse(sample) as { events: CustomerEvent[] }).events[0]
  expect(Object.keys(shown ?? {})).toEqual(Object.keys(events()[0] ?? {}))
  expect(Object.keys(shown?.customer ?? {})).toEqual(Object.keys(events()[0]?.customer ?? {}))
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import type { CustomerEvent } from '../../src/customers/webhook/customer-event-rows.ts'
import { openWebhookReceiver } from '../admin/audit-receiver.ts'
import { runCommand } from '../cli/run-command.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { waitFor } from '../support/wait-for.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const CUSTOMER_WEBHOOK_SECRET = 'a-secret-of-the-shop-0123456789'
let receiver: Awaited<ReturnType<typeof openWebhookReceiver>>
let shop: HostedShop
beforeAll(async () => {
  receiver = await openWebhookReceiver()
  shop = await startHostedShop({ CUSTOMER_WEBHOOK_URL: receiver.url, CUSTOMER_WEBHOOK_SECRET })
})
afterAll(async () => {
  await shop?.stop()
  receiver.close()
})

const events = () => receiver.bodies.flatMap((body) => (JSON.parse(body) as { events: CustomerEvent[] }).events)
const of = (reference: string) => events().filter((event) => event.customer_reference === reference)
const admin = (method: string, path: string, body?: object) =>
  fetch(`${shop.server.adminUrl}${path}`, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json', 'If-Match': '*' },
    ...(body && { body: JSON.stringify(body) }),
  })

async function create(reference: string): Promise<void> {
  const email = `${reference}@example.com`
  const made = await admin('POST', '/v1/customers', {
    customerReference: reference,
    email,
    password: 'a good password 1',
  })
  expect(made.status).toBe(201)
}

type Way = readonly [string, (reference: string) => Promise<unknown>, readonly string[], string | null]

/** Each way in which a customer changes; the customer is made by the admin API first. */
const WAYS: readonly Way[] = [
  [
    'an operator’s change',
    (reference) => admin('PATCH', `/v1/customers/${reference}`, { givenName: 'Ada' }),
    ['customer.changed'],
    null,
  ],
  ['an operator’s block', (reference) => admin('POST', `/v1/customers/${reference}/block`), ['customer.changed'], null],
  [
    'an operator’s confirmation',
    (reference) => admin('POST', `/v1/customers/${reference}/confirm`),
    ['customer.confirmed'],
    null,
  ],
  ['a command', (reference) => runCommandHere('customers', 'block', reference), ['customer.changed'], null],
  ['an erasure', (reference) => admin('POST', `/v1/customers/${reference}/erase`, {}), ['customer.erased'], null],
  [
    'an import',
    (reference) =>
      shop.importRecord({ customerReference: reference, email: `${reference}@example.com`, familyName: 'Lovelace' }),
    ['customer.changed'],
    'import',
  ],
  ['a new password by a letter', recover, ['customer.password_changed', 'customer.confirmed'], null],
]

function runCommandHere(...words: string[]) {
  return runCommand(words, { ADMIN_URL: shop.server.adminUrl, ADMIN_TOKEN })
}

async function recover(reference: string): Promise<void> {
  const visitor = shop.visitor()
  const email = `${reference}@example.com`
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const { link } = await shop.sink.mailTo(email)
  const password = 'another good password'
  await visitor.submit(await visitor.open(link.replace(shop.server.url, '')), '/recovery/new', {
    password,
    repeated: password,
  })
}

test.each(WAYS)('%s is told of', async (...[name, change, types, origin]: Way) => {
  const reference = `way-${name.replaceAll(/\W/g, '-')}`.toLowerCase()
  await create(reference)
  await change(reference)
  const wanted = ['customer.registered', ...types]
  const told = await waitFor(() => (of(reference).length >= wanted.length ? of(reference) : undefined))
  expect(told.map(({ type }) => type)).toEqual(wanted)
  expect(told.at(-1)?.origin).toBe(origin)
})

test('a registration on the hosted pages is told of when it is confirmed', async () => {
  const visitor = shop.visitor()
  const email = 'nora@example.com'
  const form = { login: email, givenName: 'Nora', familyName: 'Neu', password: 'a good password 2' }
  await visitor.submit(await visitor.open('/registration'), '/registration', form)
  const { link } = await shop.sink.mailTo(email)
  expect(events().filter(({ customer }) => customer?.email === email)).toEqual([])
  await visitor.submit(await visitor.open(link.replace(shop.server.url, '')), '/confirmation')
  const told = await waitFor(() => events().find(({ customer }) => customer?.email === email))
  expect(told).toMatchObject({ type: 'customer.registered', customer: { emailVerified: true, givenName: 'Nora' } })
})

test('CUSTOMER_WEBHOOK_URL without a secret to sign with is refused', () => {
  expect(() => readConfig({ CUSTOMER_WEBHOOK_URL: 'https://shop.example/' })).toThrow(/CUSTOMER_WEBHOOK_SECRET/)
})

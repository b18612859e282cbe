import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { type AuditTrail, openAuditTrail } from '../../src/audit/trail.ts'
import { type AuditWebhook, openAuditWebhook } from '../../src/audit/webhook.ts'
import type { Database } from '../../src/database/database.ts'
import { openTestDatabase } from '../support/test-database.ts'
import { waitFor } from '../support/wait-for.ts'
import { type AuditReceiver, openReceiver } from './audit-receiver.ts'

const secret = 'a-secret-of-the-siem-0123456789'

let receiver: AuditReceiver
let database: Database
let trail: AuditTrail
const webhooks: AuditWebhook[] = []

beforeEach(async () => {
  receiver = await openReceiver()
  database = await openTestDatabase()
  trail = openAuditTrail({
    knex: database.knex,
    log: { info() {}, warn() {} },
    retentionDays: 30,
    onWritten: () => {
      for (const webhook of webhooks) webhook.wake()
    },
  })
})
afterEach(async () => {
  await trail.close()
  for (const webhook of webhooks.splice(0)) await webhook.close()
  await database.close()
  receiver.close()
})

async function openWebhook(): Promise<AuditWebhook> {
  const deps = { knex: database.knex, log: { warn() {} }, url: receiver.url, secret, lookEveryMs: 20, firstDelayMs: 5 }
  const webhook = await openAuditWebhook(deps)
  webhooks.push(webhook)
  return webhook
}

async function append(from: number, to: number): Promise<void> {
  for (let index = from; index <= to; index++) trail.append({ type: 'logout', customerId: `c${index}` })
  await trail.flush()
}

const takenSeqs = () => receiver.taken.map(({ seq }) => seq)
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('the receiver gets every entry as it is in the trail, in order, in batches', async () => {
  await openWebhook()
  await append(1, 250)
  await waitFor(() => receiver.taken.length >= 250)
  const kept: AuditEntry[] = []
  for await (const entry of trail.exportAll()) kept.push(entry)
  expect(receiver.taken).toEqual(kept)
  expect(Math.max(...receiver.calls.map(({ body }) => JSON.parse(body).entries.length))).toBeLessThanOrEqual(100)
})

test('a call is signed over its time and body, and names the entries in it', async () => {
  await openWebhook()
  await append(1, 1)
  const call = await waitFor(() => receiver.calls[0])
  const [, timestamp, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(call.headers['vestibule-signature'])) ?? []
  const expected = createHmac('sha256', secret).update(`${timestamp}.${call.body}`).digest('hex')
  expect(signature).toBe(expected)
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60)
  expect(JSON.parse(call.body)).toMatchObject({ id: 'audit-1-1', type: 'audit.entries' })
  expect(call.headers['vestibule-event']).toBe('audit-1-1')
})

test('what was not taken is sent again until it is, and nothing overtakes it', async () => {
  receiver.answerWith((call) => (call < 4 ? 500 : 204))
  await openWebhook()
  await append(1, 3)
  await append(4, 6)
  await waitFor(() => receiver.taken.length >= 6)
  expect(takenSeqs()).toEqual(upTo(6))
  const first = receiver.calls.slice(0, 5).map(({ body }) => JSON.parse(body).entries[0].seq)
  expect(first).toEqual([1, 1, 1, 1, 1])
})

test('after a restart it goes on where it stopped, with what happened meanwhile', async () => {
  const before = await openWebhook()
  await append(1, 3)
  await waitFor(() => receiver.taken.length >= 3)
  webhooks.splice(0)
  await before.close()
  await append(4, 6)
  await openWebhook()
  await waitFor(() => receiver.taken.length >= 6)
  expect(takenSeqs()).toEqual(upTo(6))
})

test('of several nodes one speaks at a time', async () => {
  for (let node = 0; node < 3; node++) await openWebhook()
  for (let round = 0; round < 10; round++) await append(round * 30 + 1, round * 30 + 30)
  await waitFor(() => receiver.taken.length >= 300)
  expect(takenSeqs()).toEqual(upTo(300))
})

test('a node that died with the turn gives way to another', async () => {
  await openWebhook()
  await append(1, 1)
  await waitFor(() => receiver.taken.length === 1)
  for (const webhook of webhooks.splice(0)) await webhook.close()
  await database.knex('audit_deliveries').update({ holder: 'dead', held_until: new Date(Date.now() + 400) })
  await append(2, 2)
  await openWebhook()
  await waitFor(() => receiver.taken.length === 2)
  expect(takenSeqs()).toEqual([1, 2])
})

test('a receiver that is new gets what comes from now on', async () => {
  await append(1, 5)
  await openWebhook()
  await append(6, 7)
  await waitFor(() => receiver.taken.length >= 2)
  expect(takenSeqs()).toEqual([6, 7])
})

test('how far a receiver is behind is known', async () => {
  receiver.answerWith(() => 503)
  const webhook = await openWebhook()
  await append(1, 5)
  await waitFor(() => webhook.behind() === 5)
  receiver.answerWith(() => 200)
  await waitFor(() => webhook.behind() === 0)
})

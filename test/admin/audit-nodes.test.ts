import { expect, test } from 'vitest'
import { openAuditTrail } from '../../src/audit/trail.ts'
import { openAuditWebhook } from '../../src/audit/webhook.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/database/index.ts'
import { requestTokens } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { openReceiver } from './audit-receiver.ts'

const AUDIT_WEBHOOK_SECRET = 'a-secret-of-the-siem-0123456789'

describeOn('postgres', 'several nodes on Postgres', () => {
  test('write one unbroken chain, of which the receiver gets every entry once and in order', async () => {
    const receiver = await openReceiver()
    const DATABASE_URL = await createDatabase({ demo: true })
    const log = { info() {}, warn() {} }
    const nodes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
        const { knex } = database
        const target = { url: receiver.url, secret: AUDIT_WEBHOOK_SECRET }
        const webhook = await openAuditWebhook({ knex, log, ...target, lookEveryMs: 20, firstDelayMs: 5 })
        const trail = openAuditTrail({ knex, log, retentionDays: 30, onWritten: webhook.wake })
        return { database, webhook, trail }
      }),
    )
    const first = (await nodes[0]?.trail.head())?.seq ?? 0
    receiver.answerWith((call) => (call % 4 === 3 ? 500 : 204))
    for (let round = 0; round < 20; round++) {
      for (const { trail } of nodes) {
        for (let index = 0; index < 10; index++) trail.append({ type: 'logout', customerId: `c${index}` })
      }
      await Promise.all(nodes.map(({ trail }) => trail.flush()))
    }
    await waitFor(() => receiver.taken.length >= 600)
    expect(receiver.taken.map(({ seq }) => seq)).toEqual(Array.from({ length: 600 }, (_, index) => first + 1 + index))
    expect((await nodes[0]?.trail.verify(receiver.taken.at(-1)))?.problem).toBeUndefined()
    for (const { trail, webhook, database } of nodes) {
      await trail.close()
      await webhook.close()
      await database.close()
    }
    receiver.close()
  })
})

test('a server with AUDIT_WEBHOOK_URL tells of a login, and its metrics say how far the receiver is behind', async () => {
  const receiver = await openReceiver()
  const server = await startTestServer({ AUDIT_WEBHOOK_URL: receiver.url, AUDIT_WEBHOOK_SECRET })
  try {
    await requestTokens(server.url)
    await waitFor(() => receiver.taken.some(({ type }) => type === 'token.issued'))
    expect(receiver.taken.map(({ type }) => type)).toContain('login.succeeded')
    receiver.answerWith(() => 503)
    await requestTokens(server.url, { password: 'not-the-password' })
    const behind = async () => (await fetch(`${server.adminUrl}/metrics`)).text()
    await waitFor(async () => /^vestibule_audit_webhook_behind [1-9]/m.test(await behind()))
  } finally {
    await server.stop()
    receiver.close()
  }
})

test('AUDIT_WEBHOOK_URL without a secret to sign with is refused', () => {
  expect(() => readConfig({ AUDIT_WEBHOOK_URL: 'https://siem.example/' })).toThrow(/AUDIT_WEBHOOK_SECRET/)
})

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { openAuditTrail } from '../../src/audit/trail.ts'
import { runCommand } from '../cli/run-command.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { openTestDatabase } from '../support/test-database.ts'

const quiet = { info: () => {}, warn: () => {} }
let server: TestServer
const cli = (...args: string[]) => runCommand(args, { DATA_DIR: server.config.DATA_DIR })

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const list = async (...args: string[]) =>
  (JSON.parse((await cli('audit', 'list', '--json', ...args)).stdout) as { entries: AuditEntry[] }).entries

test('a login, a refused one and an operator act are in the trail with who, where and why, and no secret', async () => {
  const form = { grant_type: 'password', client_id: 'frontend', username: 'ron@swanson.com' }
  await postForm(`${server.url}/token`, { ...form, password: 'mysecretpassword' })
  await postForm(`${server.url}/token`, { ...form, password: 'not-the-password' })
  await cli('clients', 'disable', 'device-app')

  const entries = await list()
  const customerId = '79cc0486-bbdf-491b-a0a2-722383b6288b'
  expect(entries).toContainEqual(expect.objectContaining({ type: 'login.succeeded', customerId, clientId: 'frontend' }))
  expect(entries).toContainEqual(expect.objectContaining({ type: 'token.issued', customerId, reason: 'password' }))
  expect(entries).toContainEqual(expect.objectContaining({ type: 'login.refused', reason: 'wrong-password' }))
  expect(entries).toContainEqual(expect.objectContaining({ type: 'client.changed', actor: 'admin' }))
  expect(JSON.stringify(entries)).not.toMatch(/mysecretpassword|not-the-password|vrt_|eyJ/)
})

test('entries can be asked for by kind', async () => {
  const entries = await list('--type', 'login.refused')
  expect(new Set(entries.map(({ type }) => type))).toEqual(new Set(['login.refused']))
})

test('a whole chain is said to be whole', async () => {
  const { code, stdout } = await cli('audit', 'verify')
  expect(stdout).toMatch(/the chain is intact: \d+ entries/)
  expect(code).toBe(0)
})

test('an entry with a text that no index takes keeps no other from being written', async () => {
  const database = await openTestDatabase()
  const trail = openAuditTrail({ knex: database.knex, log: quiet, retentionDays: 30 })
  const long = randomBytes(6000).toString('base64')
  trail.append({ type: 'logout', customerId: long, clientId: long, grantId: long, actor: long, requestId: long })
  trail.append({ type: 'logout', customerId: 'c1' })
  await trail.flush()
  expect(await trail.verify()).toEqual({ entries: 2, head: await trail.head() })
  expect(await trail.find({ customerId: 'c1' })).toHaveLength(1)
  await trail.close()
  await database.close()
})

test('a changed, a removed and a cut-off entry are each found', async () => {
  const database = await openTestDatabase()
  const { knex } = database
  const trail = openAuditTrail({ knex, log: quiet, retentionDays: 30 })
  try {
    for (let index = 0; index < 10; index++) trail.append({ type: 'login.succeeded', customerId: `c${index}` })
    await trail.flush()
    expect(await trail.verify()).toEqual({ entries: 10, head: await trail.head() })

    // Whoever owns the database can.
    await knex.raw('set session_replication_role = replica')
    await knex('audit_entries').where({ seq: 4 }).update({ customer_id: 'somebody else' })
    expect(await trail.verify()).toMatchObject({ entries: 3, problem: { seq: 4, problem: 'changed' } })
    await knex('audit_entries').where({ seq: 4 }).delete()
    expect(await trail.verify()).toMatchObject({ entries: 3, problem: { seq: 4, problem: 'missing' } })
    await knex('audit_entries').where('seq', '>', 3).delete()
    expect(await trail.verify()).toMatchObject({ entries: 3, problem: { problem: 'cut off' } })
  } finally {
    await trail.close()
    await database.close()
  }
})

test('writers that race make one unbroken chain', async () => {
  const database = await openTestDatabase()
  const trails = Array.from({ length: 4 }, () => openAuditTrail({ knex: database.knex, log: quiet, retentionDays: 30 }))
  const [first] = trails
  for (let index = 0; index < 100; index++) trails[index % 4]?.append({ type: 'logout', customerId: `c${index}` })
  await Promise.all(trails.map((trail) => trail.flush()))
  expect(await first?.verify()).toEqual({ entries: 100, head: await first?.head() })
  await Promise.all(trails.map((trail) => trail.close()))
  await database.close()
})

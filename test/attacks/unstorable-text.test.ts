import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuditTrail, openAuditTrail } from '../../src/audit/trail.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { signInToConsole } from '../admin/console-operator.ts'
import { runCli } from '../cli/run-cli.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const quiet = { info() {}, warn() {} }
const UNSTORABLE = ['\ud800', 'a\udfffb', '\0', `${'x'.repeat(299)}\u{1F600}`]

describe('the audit trail', () => {
  let database: Database
  let trail: AuditTrail
  beforeEach(async () => {
    database = await openDatabase({ DATA_DIR: await copyTemplate('migrated') })
    trail = openAuditTrail({ knex: database.knex, log: quiet, retentionDays: 30 })
  })
  afterEach(async () => {
    await trail.close()
    await database.close()
  })

  test('whatever text an event carries, it is written and the chain stays whole', async () => {
    const fields = ['actor', 'customerId', 'clientId', 'grantId', 'ip', 'requestId', 'reason'] as const
    for (const text of UNSTORABLE)
      for (const field of fields) trail.append({ type: 'login.refused', reason: 'wrong-password', [field]: text })
    await trail.flush()
    expect(trail.waiting()).toBe(0)
    expect(await trail.verify()).toEqual({ entries: UNSTORABLE.length * fields.length, head: await trail.head() })
  })

  test('a break does not hide what was done behind it, and a witness counts behind it too', async () => {
    const { knex } = database
    for (let index = 0; index < 12; index++) trail.append({ type: 'logout', customerId: `c${index}` })
    await trail.flush()
    const witness = { seq: 12, hash: 'another' }
    await knex.raw('set session_replication_role = replica')
    await knex('audit_entries').whereIn('seq', [2, 9]).update({ customer_id: 'somebody else' })
    await knex('audit_entries').whereIn('seq', [4, 6, 7]).delete()
    const last = await knex('audit_entries').where({ seq: 12 }).first()
    await knex('audit_entries').insert({ ...last, seq: 13 })
    expect(await trail.verify(witness)).toEqual({
      entries: 1,
      head: await trail.head(),
      problem: { seq: 2, problem: 'changed' },
      problems: [
        { seq: 2, problem: 'changed' },
        { seq: 4, problem: 'missing' },
        { seq: 6, upTo: 7, problem: 'missing' },
        { seq: 9, problem: 'changed' },
        { seq: 13, problem: 'inserted' },
        { seq: 12, problem: 'rewritten' },
      ],
    })
    await knex('audit_entries').where('seq', '>', 10).delete()
    expect((await trail.verify({ seq: 12, hash: 'another' })).problems?.slice(-2)).toEqual([
      { seq: 9, problem: 'changed' },
      { problem: 'cut off' },
    ])
  })

  test('of very many breaks a thousand are listed and the others are counted', async () => {
    const { knex } = database
    for (let index = 0; index < 1010; index++) trail.append({ type: 'logout' })
    await trail.flush()
    await knex.raw('set session_replication_role = replica')
    await knex('audit_entries').update({ reason: 'another' })
    const { problems, moreProblems } = await trail.verify()
    expect([problems?.length, moreProblems]).toEqual([1000, 10])
  })
})

describe('over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER })
  })
  afterAll(() => server.stop())

  type Operation = { parameters?: { name: string; in: string }[]; requestBody?: { content: Record<string, unknown> } }
  const operations = async () => {
    const document = await ask(server, OWNER, 'GET', '/v1/openapi.json')
    const paths = document.body.paths as Record<string, Record<string, Operation>>
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
  }
  const send = (method: string, path: string, body?: string) =>
    fetch(server.adminUrl + path, {
      method,
      headers: { authorization: `Bearer ${OWNER}`, 'if-match': '*', 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    })

  test('every body of the admin API with text or nesting that cannot be kept is refused', async () => {
    const bodies = [
      '{"name":"\\ud800"}',
      '{"metadata":{"client_id":"a\\u0000"}}',
      '{"\\u0000":1}',
      `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}`,
    ]
    for (const { method, path, operation } of await operations()) {
      if (!operation.requestBody?.content['application/json']) continue
      for (const body of bodies) {
        const { status } = await send(method, path.replaceAll(/\{\w+\}/g, 'x'), body)
        expect([method, path, body.slice(0, 40), status]).toEqual([method, path, body.slice(0, 40), 400])
      }
    }
  })

  test('every path parameter of the admin API with text that cannot be kept is refused', async () => {
    for (const { method, path } of await operations()) {
      if (!path.includes('{')) continue
      const { status } = await send(method, path.replaceAll(/\{\w+\}/g, 'x%00'), method === 'GET' ? undefined : '{}')
      expect([method, path, status]).toEqual([method, path, 400])
    }
  })

  test('one line of an import with text or nesting that cannot be kept is one bad line', async () => {
    const customer = (reference: string, more: string) =>
      `{"email":"${reference.toLowerCase()}@example.com","customerReference":"${reference}"${more}}`
    const roles = (configuration: string) =>
      `,"companyUsers":[{"id":"11111111-1111-4111-8111-111111111111","company":{"id":"22222222-2222-4222-8222-222222222222","name":"C"},"roles":[{"name":"r","permissions":[{"key":"k","configuration":${configuration}}]}]}]`
    const lines = [
      customer('GOOD-1', ''),
      customer('BAD-DEEP', roles('['.repeat(100_000) + ']'.repeat(100_000))),
      customer('BAD-NUL', roles('{"a":"\\u0000"}')),
      customer('BAD-HALF', ',"givenName":"\\ud800"'),
      '['.repeat(1_000_000),
      customer('GOOD-2', ''),
    ]
    const { code, stdout, stderr } = await runCli(
      ['customers', 'import', '-', '--json'],
      { DATA_DIR: server.config.DATA_DIR },
      lines.join('\n'),
    )
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('"refused":4')])
    expect((await ask(server, OWNER, 'GET', '/v1/customers/GOOD-2')).status).toBe(200)
    expect((await ask(server, OWNER, 'GET', '/v1/customers/BAD-DEEP')).status).toBe(404)
  })
})

test('every break of the chain is told: by the API, the command line and the console', async () => {
  const dataDir = await copyTemplate('demo')
  const database = await openDatabase({ DATA_DIR: dataDir })
  const trail = openAuditTrail({ knex: database.knex, log: quiet, retentionDays: 30 })
  for (let index = 0; index < 6; index++) trail.append({ type: 'logout', customerId: `c${index}` })
  await trail.close()
  const [{ seq }] = (await database.knex('audit_entries').max('seq as seq')) as [{ seq: number }]
  await database.knex.raw('set session_replication_role = replica')
  await database
    .knex('audit_entries')
    .where({ seq: seq - 4 })
    .update({ customer_id: 'somebody else' })
  await database
    .knex('audit_entries')
    .where({ seq: seq - 2 })
    .delete()
  await database.close()

  const server = await startTestServer({ ADMIN_TOKEN: OWNER, DATA_DIR: dataDir })
  try {
    const { body } = await ask(server, OWNER, 'GET', '/v1/audit/verify')
    expect(body).toMatchObject({
      problem: { seq: seq - 4, problem: 'changed' },
      problems: [
        { seq: seq - 4, problem: 'changed' },
        { seq: seq - 2, problem: 'missing' },
      ],
    })
    const { code, stderr } = await runCli(['audit', 'verify'], { DATA_DIR: dataDir })
    expect([code, stderr.trim().split('\n')]).toEqual([
      1,
      [`entry ${seq - 4} was changed`, `entry ${seq - 2} was removed`],
    ])
    const operator = await signInToConsole(server, OWNER)
    const { html } = await operator.get('/console/audit/verification')
    expect(html).toContain(`entry ${seq - 4} was changed`)
    expect(html).toContain(`entry ${seq - 2} was removed`)
  } finally {
    await server.stop()
  }
})

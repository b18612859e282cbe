import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'
import { ask, OWNER, tokenOf } from './administrators.ts'
import { type AuditReceiver, openReceiver } from './audit-receiver.ts'

type Shown = { kind: string; receiver: string; state: string; waiting: number; dead: number; lastFailure?: string }
type ShownMessage = { id: string; receiver: string; state: string; attempts: number }

/** No node knows it, so that nothing of it is sent. */
const KIND = 'of-a-test'

describeOn('postgres', 'what waits for others, as operators see it', () => {
  let server: TestServer
  let siem: AuditReceiver
  let databaseUrl: string
  beforeAll(async () => {
    siem = await openReceiver()
    databaseUrl = await createDatabase()
    server = await startTestServer({
      DATABASE_URL: databaseUrl,
      ADMIN_TOKEN: OWNER,
      AUDIT_WEBHOOK_URL: siem.url,
      AUDIT_WEBHOOK_SECRET: 'a-secret-of-the-siem-0123456789',
    })
  })
  afterAll(async () => {
    await server?.stop()
    siem?.close()
  })
  beforeEach(async () => {
    await query(databaseUrl, `delete from outbox_messages; delete from outbox_receivers where kind = '${KIND}'`)
    await query(
      databaseUrl,
      `insert into outbox_receivers (kind, receiver) values ('${KIND}', 'a/b c'), ('${KIND}', 'other')`,
    )
    await query(
      databaseUrl,
      `insert into outbox_messages (kind, receiver, payload, state, attempts, dead_at, last_failure) values
        ('${KIND}', 'a/b c', '{"secret":"what it says"}', 'waiting', 0, null, null),
        ('${KIND}', 'a/b c', '{}', 'dead', 8, now(), 'it answered 500'), ('${KIND}', 'other', '{}', 'dead', 1, now(), 'no')`,
    )
  })

  const key = { kind: KIND, receiver: 'a/b c' }
  const api = (method: string, path: string, body?: unknown, bearer = OWNER) => ask(server, bearer, method, path, body)
  const find = async (kind: string, receiver: string) => {
    const { body } = await api('GET', '/v1/outbox')
    return (body.items as Shown[]).find((each) => each.kind === kind && each.receiver === receiver)
  }
  const messages = async (search: object) =>
    (await api('GET', `/v1/outbox/messages?${new URLSearchParams({ ...search })}`)).body.items as ShownMessage[]

  test('receivers are listed with what waits and what was given up, messages without what they say', async () => {
    expect(await find(KIND, 'a/b c')).toMatchObject({ state: 'working', waiting: 1, dead: 1 })
    const listed = await messages({ kind: KIND, state: 'dead' })
    expect(listed.map(({ receiver, attempts }) => [receiver, attempts])).toEqual([
      ['a/b c', 8],
      ['other', 1],
    ])
    expect(JSON.stringify(await messages({ kind: KIND }))).not.toContain('what it says')
  })

  test('messages are listed page by page', async () => {
    const first = await api('GET', `/v1/outbox/messages?kind=${KIND}&limit=2`)
    const second = await api('GET', `/v1/outbox/messages?kind=${KIND}&limit=2&cursor=${first.body.next}`)
    expect([first, second].map(({ body }) => (body.items as unknown[]).length)).toEqual([2, 1])
    expect(second.body.next).toBeUndefined()
  })

  test('what was given up is sent again, one message or all of a receiver', async () => {
    const [dead] = await messages({ ...key, state: 'dead' })
    expect((await api('POST', '/v1/outbox/retry', { ...key, id: dead?.id })).body).toEqual({ count: 1 })
    expect(await find(KIND, 'a/b c')).toMatchObject({ waiting: 2, dead: 0 })
    expect((await api('POST', '/v1/outbox/retry', { kind: KIND, receiver: 'other' })).body).toEqual({ count: 1 })
    expect((await messages({ kind: KIND })).map(({ attempts }) => attempts)).toEqual([0, 0, 0])
  })

  test('what was given up unsent is sent again although the same waits by now', async () => {
    const [values, of] = ["'the same', '{}'", `'${KIND}', 'other'`]
    await query(
      databaseUrl,
      `insert into outbox_messages (kind, receiver, collapse_key, payload, state, dead_at) values
        (${of}, ${values}, 'dead', now()), (${of}, ${values}, 'waiting', null)`,
    )
    expect(await api('POST', '/v1/outbox/retry', { kind: KIND, receiver: 'other' })).toMatchObject({ status: 200 })
    expect(await find(KIND, 'other')).toMatchObject({ waiting: 3, dead: 0 })
  })

  test('only what was given up is dropped, unless one message is named', async () => {
    expect((await api('POST', '/v1/outbox/drop', key)).body).toEqual({ count: 1 })
    expect(await find(KIND, 'a/b c')).toMatchObject({ waiting: 1, dead: 0 })
    const [waiting] = await messages(key)
    expect((await api('POST', '/v1/outbox/drop', { ...key, id: waiting?.id })).body).toEqual({ count: 1 })
    expect(await messages(key)).toEqual([])
  })

  test('a receiver is paused and goes on, and the trail says who did it', async () => {
    expect((await api('POST', '/v1/outbox/pause', key)).body).toMatchObject({ state: 'paused', pausedBy: 'admin' })
    expect((await api('POST', '/v1/outbox/pause', key)).status).toBe(409)
    expect((await api('POST', '/v1/outbox/resume', key)).body).toMatchObject({ state: 'working' })
    expect((await api('POST', '/v1/outbox/resume', key)).status).toBe(409)
    const entries = await waitFor(async () => {
      const { body } = await api('GET', '/v1/audit?type=outbox.changed')
      const items = body.items as { reason: string }[]
      return items.length >= 2 && items
    })
    expect(entries.map(({ reason }) => reason).join()).toContain('resume')
  })

  test.each([
    [{ kind: KIND, receiver: 'nobody' }, 404],
    [{ ...key, id: '00000000-0000-4000-8000-000000000000' }, 404],
    [{ ...key, id: 'no uuid' }, 400],
    [{ kind: KIND }, 400],
    [{ ...key, receiver: 'a\0b' }, 400],
    ['no json', 400],
  ])('a request about %j is answered %d and changes nothing', async (body, status) => {
    for (const act of ['retry', 'drop']) expect((await api('POST', `/v1/outbox/${act}`, body)).status).toBe(status)
    expect(await messages({ kind: KIND })).toHaveLength(3)
  })

  test('who may only see the console sees the outbox and changes nothing', async () => {
    for (const role of ['viewer', 'support'] as const) {
      const token = await tokenOf(server, role)
      expect((await api('GET', '/v1/outbox', undefined, token)).status).toBe(200)
      for (const act of ['retry', 'drop', 'pause', 'resume'])
        expect((await api('POST', `/v1/outbox/${act}`, key, token)).status).toBe(403)
    }
    expect((await api('GET', '/v1/outbox', undefined, 'no token')).status).toBe(401)
  })

  test('the audit webhook is paused and goes on in order, and nothing of it is dropped', async () => {
    const own = { kind: 'audit-webhook', receiver: 'AUDIT_WEBHOOK_URL' }
    await waitFor(() => siem.taken.length > 0)
    expect((await api('POST', '/v1/outbox/pause', own)).body).toMatchObject({ state: 'paused' })
    await waitFor(async () => {
      const before = siem.calls.length
      await api('POST', '/v1/outbox/retry', key)
      return ((await find(own.kind, own.receiver))?.waiting ?? 0) > 0 && siem.calls.length === before
    })
    expect((await api('POST', '/v1/outbox/drop', own)).status).toBe(409)
    siem.answerWith((call) => (call % 2 ? 204 : 500))
    expect((await api('POST', '/v1/outbox/resume', own)).status).toBe(200)
    await waitFor(() => siem.taken.some(({ reason }) => reason?.includes('resume')))
    const seqs = siem.taken.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
  })

  test('the command line does the same', async () => {
    const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCommand(['outbox', ...args], environment)
      expect([code, stderr]).toEqual([0, ''])
      return stdout
    }
    const listed = JSON.parse(await run('list', '--json')) as { receivers: Shown[] }
    expect(listed.receivers.find(({ receiver }) => receiver === 'a/b c')).toMatchObject({ waiting: 1, dead: 1 })
    expect(await run('list')).toContain('a/b c')
    expect(await run('messages', '--state', 'dead')).toContain('it answered 500')
    expect(await run('retry', KIND, 'a/b c')).toBe('to be sent now: 2\n')
    expect(await run('pause', KIND, 'a/b c')).toContain('paused')
    expect(JSON.parse(await run('resume', KIND, 'a/b c', '--json'))).toMatchObject({ state: 'working' })
    expect(await run('drop', KIND, 'other')).toBe('deleted: 1\n')
    expect((await runCommand(['outbox', 'retry', KIND, 'nobody'], environment)).stderr).toContain(
      'There is no receiver',
    )
    expect((await runCommand(['outbox', 'messages', '--state', 'lost'], environment)).code).toBe(1)
  })

  test('doctor and the metrics tell of dead letters', async () => {
    const { stdout } = await runCommand(['doctor'], { ...process.env, ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER })
    expect(stdout).toContain('BAD  outbox: of-a-test to a/b c: 1 messages were given up.')
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text()
    expect(metrics).toContain(`vestibule_outbox_dead{kind="${KIND}"} 2`)
    expect(metrics).toContain(`vestibule_outbox_waiting{kind="${KIND}"} 1`)
    expect(metrics).toMatch(/vestibule_outbox_expander_behind\{expander="[\w-]+"\} 0/)
  })
})

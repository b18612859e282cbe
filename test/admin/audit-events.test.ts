import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { AUDIT_EVENTS } from '../../src/audit/events.ts'
import { auditEventsPage } from '../../src/cli/reference/audit-events-page.ts'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS } from '../attacks/password-endpoints.ts'
import { runCommand } from '../cli/run-command.ts'
import { introspect, refresh, revoke, sonia, tokensOf } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { type ServerProcess, startServerProcess, startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let server: TestServer
beforeAll(async () => {
  server = await startTestServer(EVERY_DIALECT)
})
afterAll(() => server?.stop())

const cli = (...args: string[]) => runCommand(args, { DATA_DIR: server.config.DATA_DIR })

async function trail(): Promise<AuditEntry[]> {
  const { stdout } = await cli('audit', 'export')
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEntry)
}

test('docs/audit-events.md says what the list of events says', () => {
  const page = readFileSync(join(ROOT, 'docs/audit-events.md'), 'utf8')
  expect(page, 'Run "npx vestibule audit events --markdown > docs/audit-events.md".').toBe(auditEventsPage())
})

test('every event of the list happens somewhere', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((path) => !path.endsWith('audit/events.ts'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n')
  const unused = Object.keys(AUDIT_EVENTS).filter((type) => !source.includes(`'${type}'`))
  expect(unused).toEqual([])
})

describe('every entry of a request has its address and the id that the answer has', () => {
  test.each(PASSWORD_ENDPOINTS.map((endpoint) => [endpoint.name, endpoint] as const))(
    'at the endpoint of %s',
    async (_name, endpoint) => {
      const seqBefore = (await trail()).at(-1)?.seq ?? 0
      const attempt = await endpoint.open(server.url)
      await attempt({ username: sonia.username, password: 'not-the-password' })
      await attempt(sonia)
      const entries = (await trail()).filter(({ seq }) => seq > seqBefore)
      const refused = entries.find(({ type }) => type === 'login.refused')
      const succeeded = entries.find(({ type }) => type === 'login.succeeded')
      expect(refused).toMatchObject({ outcome: 'refused', reason: 'wrong-password' })
      expect(succeeded).toMatchObject({ outcome: 'done', customerId: expect.any(String) })
      for (const entry of [refused, succeeded]) {
        expect(entry).toMatchObject({ ip: expect.any(String), requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
      }
    },
  )
})

test('a token that is issued, refreshed, stolen and revoked leaves a trace of each', async () => {
  const first = await tokensOf(server.url)
  const second = (await (await refresh(server.url, first.refresh_token)).json()) as { refresh_token: string }
  await refresh(server.url, second.refresh_token)
  await refresh(server.url, first.refresh_token)
  const other = await tokensOf(server.url)
  await revoke(server.url, other.refresh_token)
  const types = (await trail()).map(({ type, reason }) => `${type} ${reason}`)
  expect(types).toEqual(expect.arrayContaining(['token.issued password', 'token.issued refresh_token']))
  expect(types).toContain('refresh.theft a rotated refresh token was used again')
  expect(types).toContain('token.revoked refresh-token')
})

test('an agent who signs in, and one who does not, are told apart from customers', async () => {
  const form = { grant_type: 'urn:vestibule:grant:agent', client_id: 'frontend', username: 'agent@example.com' }
  await postForm(`${server.url}/token`, { ...form, password: 'not-the-password' })
  await postForm(`${server.url}/token`, { ...form, password: 'change123' })
  const entries = await trail()
  expect(entries).toContainEqual(
    expect.objectContaining({
      type: 'login.refused',
      actor: expect.stringMatching(/^agent:/),
      reason: 'wrong-password',
    }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({ type: 'login.succeeded', actor: expect.stringMatching(/^agent:/) }),
  )
})

test('a client with a wrong secret, and one that asks about tokens of others, are in the trail', async () => {
  const { access_token } = await tokensOf(server.url)
  const wrong = basicAuth('orders-service', 'not-the-secret-of-it')
  await postForm(`${server.url}/introspect`, { token: access_token }, wrong)
  await introspect(server.url, access_token, basicAuth('third-party-app', 'third-party-app-secret'))
  const entries = await trail()
  expect(entries).toContainEqual(
    expect.objectContaining({ type: 'client.refused', clientId: 'orders-service', reason: 'introspection' }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({
      type: 'introspection.refused',
      clientId: 'third-party-app',
      reason: 'access-token',
      outcome: 'refused',
    }),
  )
})

test('who knocks at the admin API without its token is in the trail, and so is whoever takes the trail away', async () => {
  await fetch(`${server.adminUrl}/v1/keys`, { headers: { authorization: 'Bearer wrong' } })
  await trail()
  const entries = await trail()
  expect(entries).toContainEqual(
    expect.objectContaining({ type: 'admin.refused', reason: 'GET /v1/keys', ip: expect.any(String) }),
  )
  expect(entries).toContainEqual(expect.objectContaining({ type: 'audit.exported', actor: 'admin' }))
})

test('the keys a first start makes, and the start itself, are acts of the server', async () => {
  const entries = await trail()
  expect(entries).toContainEqual(
    expect.objectContaining({ type: 'key.changed', actor: 'server', reason: expect.stringMatching(/^generate /) }),
  )
  expect(entries).toContainEqual(
    expect.objectContaining({ type: 'server.started', reason: expect.stringMatching(/^settings [0-9a-f]{16}$/) }),
  )
})

test('a captured export is a witness: the command line finds a trail that was made anew', async () => {
  const { stdout: head } = await cli('audit', 'head')
  const { writeFileSync } = await import('node:fs')
  const file = join(server.config.DATA_DIR, 'head.json')
  writeFileSync(file, head)
  expect((await cli('audit', 'verify', '--against', file)).code).toBe(0)
  const { seq } = JSON.parse(head) as { seq: number }
  writeFileSync(file, JSON.stringify({ audit: { seq, hash: 'x'.repeat(43) } }))
  const { code, stderr } = await cli('audit', 'verify', '--against', file)
  expect([code, stderr]).toEqual([1, expect.stringMatching(/differs from the file: the chain was rewritten/)])
})

test('with AUDIT_STREAM=stdout every entry is a line with its place and hash, whatever the log level', async () => {
  const node: ServerProcess = await startServerProcess({ AUDIT_STREAM: 'stdout', LOG_LEVEL: 'error' })
  try {
    await postForm(`${node.url}/token`, { grant_type: 'password', client_id: 'frontend', ...sonia })
    const lines = await waitFor(() => {
      const streamed = node
        .stdout()
        .split('\n')
        .filter((line) => line.startsWith('{"audit":'))
      return streamed.some((line) => line.includes('token.issued')) && streamed
    })
    const entries = lines.map((line) => (JSON.parse(line) as { audit: AuditEntry }).audit)
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => (entries[0]?.seq ?? 0) + index))
    expect(entries.every(({ hash }) => hash.length === 43)).toBe(true)
  } finally {
    await node.end('SIGTERM')
  }
})

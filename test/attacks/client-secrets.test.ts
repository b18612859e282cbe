import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { runCli } from '../cli/run-cli.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, TRUSTED_PROXIES: '127.0.0.1' }, { captureLog: true })
})
afterAll(() => server.stop())

const SHORT = 'fifteen-letters'
const LONG = 'sixteen-letters!'
const metadata = (client_id: string) => ({ client_id, grant_types: ['client_credentials'], resource_scopes: [] })

test('a client secret of less than 16 characters is refused wherever one is given', async () => {
  const given = async (secret: string, id: string) => [
    (await ask(server, OWNER, 'POST', '/v1/clients', { metadata: metadata(id), secret })).status,
    (
      await ask(
        server,
        OWNER,
        'PUT',
        '/v1/clients/orders-service',
        { metadata: metadata('orders-service'), secret },
        { 'If-Match': '*' },
      )
    ).status,
    (await ask(server, OWNER, 'POST', '/v1/clients/orders-service/secrets', { name: `of-${id}`, secret })).status,
  ]
  expect(await given(SHORT, 'short')).toEqual([400, 400, 400])
  expect(await given(LONG, 'long')).toEqual([201, 200, 201])
  const file = join(temporaryDirectory('client'), 'client.json')
  writeFileSync(file, JSON.stringify(metadata('from-the-command-line')))
  const create = (secret: string) =>
    runCli(['clients', 'create', file, '--secret-stdin'], { DATA_DIR: server.config.DATA_DIR }, secret)
  expect(await create(SHORT)).toMatchObject({ code: 1, stderr: expect.stringContaining('at least 16 characters') })
  expect(await create(LONG)).toMatchObject({ code: 0 })
})

const endpoints = ['/token', '/introspect', '/revoke', '/par', '/backchannel']
const tryFrom = (ip: string, secret: string, path: string) =>
  postForm(
    server.url + path,
    { grant_type: 'client_credentials', token: 'x', response_type: 'code' },
    { ...basicAuth('third-party-app', secret), 'X-Forwarded-For': ip },
  )
const right = async (ip: string) => (await tryFrom(ip, 'third-party-app-secret', '/token')).status

test('guessing a client secret from one network ends, whatever endpoint is asked; other networks do not notice', async () => {
  expect(await right('198.51.100.1')).toBe(200)
  for (let count = 0; count < 60; count++) {
    const { status } = await tryFrom(
      '203.0.113.5',
      `guess-${count}-of-a-secret`,
      endpoints[count % endpoints.length] ?? '/token',
    )
    expect(status).toBe(401)
  }
  expect(await right('203.0.113.5')).toBe(401)
  expect(await right('198.51.100.1')).toBe(200)
  expect(await right('198.51.100.2')).toBe(200)
  const told = server.logLines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'client.secret-guessing')
  expect(told).toMatchObject([{ level: 'warn', client: 'third-party-app', network: '203.0.113.5' }])
})

test('wrong secrets from its own address do not lock a client out', async () => {
  expect(await right('198.51.100.3')).toBe(200)
  for (let count = 0; count < 60; count++) await tryFrom('198.51.100.3', `guess-${count}-of-a-secret`, '/token')
  expect(await right('198.51.100.3')).toBe(200)
})

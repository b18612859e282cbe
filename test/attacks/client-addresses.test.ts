import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

const app = (client_id: string, members: object) => ({
  client_id,
  first_party: true,
  token_endpoint_auth_method: 'none',
  redirect_uris: ['https://app.example/callback'],
  response_types: ['code'],
  ...members,
})

const refused: [string, object, RegExp][] = [
  ['a plain http redirect', { redirect_uris: ['http://app.example/callback'] }, /redirect_uris.*https.*loopback/],
  ['one among others', { redirect_uris: ['https://a.example/', 'http://10.0.0.7/cb'] }, /"http:\/\/10\.0\.0\.7\/cb"/],
  ['one that looks like loopback', { redirect_uris: ['http://localhost.example/'] }, /redirect_uris.*https/],
  ['one in capitals', { redirect_uris: ['HTTP://app.example/'] }, /redirect_uris.*https/],
  [
    'one of a native app',
    { application_type: 'native', redirect_uris: ['http://app.example/'] },
    /redirect_uris.*https.*loopback/,
  ],
  [
    'a plain http address after sign-out',
    { post_logout_redirect_uris: ['http://app.example/bye'] },
    /post_logout_redirect_uris.*https.*loopback/,
  ],
  ['request_uris', { request_uris: ['https://app.example/request.jwt'] }, /request_uris.*never calls it/],
  ['frontchannel_logout_uri', { frontchannel_logout_uri: 'https://app.example/bye' }, /frontchannel_logout_uri.*never/],
  [
    'backchannel_client_notification_endpoint',
    { backchannel_client_notification_endpoint: 'http://app.example/ping' },
    /backchannel_client_notification_endpoint/,
  ],
  ['sector_identifier_uri', { sector_identifier_uri: 'https://app.example/sector' }, /sector_identifier_uri.*never/],
]

test.each(refused)('a client with %s is refused with the reason, however it is stored', async (_, members, reason) => {
  const metadata = app('refused', members)
  const said = {
    code: expect.stringMatching(/^invalid-(body|client-metadata)$/),
    detail: expect.stringMatching(reason),
  }
  const created = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  expect(created).toMatchObject({ status: 400, body: said })
  const anyRevision = { 'If-Match': '*' }
  const other = { metadata: { ...metadata, client_id: 'third-party-app' } }
  const replaced = await ask(server, OWNER, 'PUT', '/v1/clients/third-party-app', other, anyRevision)
  expect(replaced).toMatchObject({ status: 400, body: said })
  const file = join(temporaryDirectory('client'), 'client.json')
  writeFileSync(file, JSON.stringify(metadata))
  const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
  const byCommand = await runCommand(['clients', 'create', file], environment)
  expect(byCommand).toMatchObject({ code: 1, stderr: expect.stringMatching(reason) })
})

test('https, loopback and schemes of apps are stored', async () => {
  const native = {
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb', 'com.app:/cb'],
  }
  const web = { redirect_uris: ['https://app.example/cb', 'http://localhost:8080/cb'] }
  const stored = [native, web].map((members, count) =>
    ask(server, OWNER, 'POST', '/v1/clients', { metadata: app(`stored-${count}`, members) }),
  )
  expect((await Promise.all(stored)).map(({ status }) => status)).toEqual([201, 201])
})

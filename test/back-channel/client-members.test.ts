import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { decode, obtainCode, read, redeem } from '../endpoints/client.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, OUTGOING_ALLOWED_NETWORKS: '127.0.0.0/8,::1,10.1.0.0/16' })
})
afterAll(() => server?.stop())

let count = 0
const CALLBACK = 'https://rp.example/callback'
const app = (members: object) => ({
  client_id: `rp-${++count}`,
  first_party: true,
  redirect_uris: [CALLBACK],
  ...members,
})
const create = (members: object) => ask(server, OWNER, 'POST', '/v1/clients', { metadata: app(members) })

test('discovery says that sign-outs are told, with the session, and names no way that a browser would have to go', async () => {
  const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
  expect(body).toMatchObject({ backchannel_logout_supported: true, backchannel_logout_session_supported: true })
  for (const name of ['frontchannel_logout_supported', 'frontchannel_logout_session_supported', 'check_session_iframe'])
    expect(body).not.toHaveProperty(name)
})

describe('an address for logout tokens', () => {
  const PUBLIC = { token_endpoint_auth_method: 'none' }
  test.each<[string, object, RegExp]>([
    ['with a fragment', { backchannel_logout_uri: 'https://rp.example/bye#part' }, /fragment/],
    ['with an empty fragment', { backchannel_logout_uri: 'https://rp.example/bye#' }, /fragment/],
    ['that is relative', { backchannel_logout_uri: '/bye' }, /backchannel_logout_uri/],
    ['without a scheme', { backchannel_logout_uri: 'rp.example/bye' }, /backchannel_logout_uri/],
    ['that is empty', { backchannel_logout_uri: '' }, /backchannel_logout_uri/],
    ['of another scheme', { backchannel_logout_uri: 'ftp://rp.example/bye' }, /backchannel_logout_uri/],
    ['that is a script', { backchannel_logout_uri: 'javascript:alert(1)' }, /backchannel_logout_uri/],
    ['with a password', { backchannel_logout_uri: 'https://a:b@rp.example/bye' }, /password/],
    ['that is a list', { backchannel_logout_uri: ['https://rp.example/bye'] }, /backchannel_logout_uri/],
    ['over http, of a public client', { ...PUBLIC, backchannel_logout_uri: 'http://127.0.0.1:9/bye' }, /https/],
    [
      'over HTTP in capitals, of a public client',
      { ...PUBLIC, backchannel_logout_uri: 'HTTP://127.0.0.1/bye' },
      /https/,
    ],
    ['over http to the internet', { backchannel_logout_uri: 'http://8.8.8.8/bye' }, /OUTGOING_ALLOWED_NETWORKS/],
    ['over http to a private network', { backchannel_logout_uri: 'http://10.2.0.1/bye' }, /OUTGOING_ALLOWED_NETWORKS/],
    ['over http to a name that leads nowhere', { backchannel_logout_uri: 'http://rp.invalid/bye' }, /use https/],
    ['over https to a private address', { backchannel_logout_uri: 'https://192.168.1.1/bye' }, /public address/],
    ['over https to link-local data', { backchannel_logout_uri: 'https://169.254.169.254/bye' }, /public address/],
    ['over https to a private IPv6 address', { backchannel_logout_uri: 'https://[fd00::1]/bye' }, /public address/],
    ['that is missing beside its switch', { backchannel_logout_session_required: true }, /backchannel_logout_uri/],
    ['beside a switch that is a text', { backchannel_logout_session_required: 'true' }, /session_required/],
  ])('%s is refused with the reason', async (_, members, reason) => {
    const { status, body } = await create(members)
    expect([status, body.detail]).toEqual([400, expect.stringMatching(reason)])
    expect(body.detail).toContain('backchannel_logout')
  })

  test.each<[string, object]>([
    ['over https', { backchannel_logout_uri: 'https://rp.example/bye?tenant=7' }],
    ['over https, of a public client', { ...PUBLIC, backchannel_logout_uri: 'https://rp.example/bye' }],
    ['over https to an allowed network', { backchannel_logout_uri: 'https://10.1.2.3/bye' }],
    ['over http to an allowed network', { backchannel_logout_uri: 'http://10.1.2.3:8080/bye' }],
    ['over http to loopback', { backchannel_logout_uri: 'http://127.0.0.1:8080/bye' }],
    ['with its switch', { backchannel_logout_uri: 'https://rp.example/b', backchannel_logout_session_required: true }],
    ['that is not there, with a switch that is off', { backchannel_logout_session_required: false }],
  ])('%s is stored, and shown by the API and the command', async (_, members) => {
    const { status, body } = await create(members)
    expect([status, body.detail]).toEqual([201, undefined])
    expect(body.metadata).toMatchObject(members)
    const { client_id } = body.metadata as { client_id: string }
    expect((await ask(server, OWNER, 'GET', `/v1/clients/${client_id}`)).body.metadata).toMatchObject(members)
    const shown = await runCommand(['clients', 'show', client_id], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER })
    expect(JSON.parse(shown.stdout).metadata).toMatchObject(members)
  })

  test('is checked when a client is changed as well', async () => {
    const { body } = await create({})
    const metadata = { ...(body.metadata as object), backchannel_logout_uri: 'https://rp.example/bye#part' }
    const { client_id } = body.metadata as { client_id: string }
    const changed = await ask(server, OWNER, 'PUT', `/v1/clients/${client_id}`, { metadata }, { 'If-Match': '*' })
    expect([changed.status, changed.body.detail]).toEqual([400, expect.stringContaining('fragment')])
  })
})

test.each([
  ['of the shop', { first_party: true }],
  ['of others', { first_party: false, resource_scopes: ['customer'] }],
])('an ID token of a client %s names its session, as every ID token of that sign-in does', async (_, members) => {
  const { body } = await create({ ...members, grant_types: ['authorization_code', 'refresh_token'] })
  const { client_id } = body.metadata as { client_id: string }
  const proof = basicAuth(client_id, String(body.secret))
  const scope = { scope: 'openid email', redirect_uri: CALLBACK }
  const { code, verifier } = await obtainCode(server.url, { client_id, ...scope })
  const { body: tokens } = await read(redeem(server.url, code, verifier, { redirect_uri: CALLBACK }, proof))
  expect(decode(tokens.id_token).payload.sid).toEqual(expect.any(String))
})

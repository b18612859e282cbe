import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

const ask201 = (path: string, body: object) => ask(server, OWNER, 'POST', path, body)
const client = (members: object) => ({
  metadata: {
    client_id: 'hostile',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://app.example/callback'],
    resource_scopes: [],
    ...members,
  },
})

/** Everything that an operator names, and that an address of the admin API names afterwards. */
const NAMED: Readonly<Record<string, (name: string) => ReturnType<typeof ask201>>> = {
  'an admin token': (name) => ask201('/v1/admin-tokens', { name, role: 'viewer' }),
  'a client': (client_id) => ask201('/v1/clients', client({ client_id })),
  'a secret of a client': (name) => ask201('/v1/clients/third-party-app/secrets', { name }),
}

describe.each(Object.entries(NAMED))('%s', (_what, make) => {
  test.each(['.', '..'])('is not called %s, by which nobody could end it', async (name) => {
    const { status, body } = await make(name)
    expect([status, body.detail]).toEqual([400, expect.stringContaining('no address can name it')])
  })

  test('may be called with dots beside letters', async () => {
    expect((await make('v1.2..3')).status).toBe(201)
  })
})

describe('the name of an app, which people read where they are asked for consent', () => {
  const HOSTILE = [
    'Shop\u202eppA',
    'Shop\u2066App',
    'Shop\nYou are signed out',
    'Shop\u0007',
    'Shop\u009b2J',
    'x'.repeat(256),
  ]

  test.each(HOSTILE)('is refused when it turns the page around, or fills it: %j', async (client_name) => {
    const { status, body } = await ask201('/v1/clients', client({ client_name }))
    expect([status, body.detail]).toEqual([400, expect.stringContaining('client_name')])
    const stored = await ask(server, OWNER, 'GET', '/v1/clients/third-party-app')
    const metadata = { ...(stored.body.metadata as object), client_name }
    const headers = { 'If-Match': stored.headers.get('etag') ?? '' }
    expect((await ask(server, OWNER, 'PUT', '/v1/clients/third-party-app', { metadata }, headers)).status).toBe(400)
  })

  test('is in any script', async () => {
    expect((await ask201('/v1/clients', client({ client_name: 'חנות متجر ショップ & Söhne' }))).status).toBe(201)
  })
})

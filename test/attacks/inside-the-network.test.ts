import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { authorizationUrl, pkce, read } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** Metadata of a client names addresses, and the server can reach what the client cannot: services beside it. */
let server: TestServer
let inside: Server
const asked: (string | undefined)[] = []
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, OUTGOING_ALLOWED_NETWORKS: 'none' })
  inside = createServer((request, response) => {
    asked.push(request.url)
    response.setHeader('content-type', 'application/json').end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => inside.listen(0, '::', resolve))
})
afterAll(async () => {
  await server?.stop()
  inside?.closeAllConnections()
  inside?.close()
})

const port = () => (inside.address() as AddressInfo).port
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function register(members: object): Promise<string> {
  const client_id = `app-${randomUUID()}`
  const metadata = { client_id, first_party: true, ...members }
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return client_id
}

/** What a client is told whose keys are at `jwks_uri`, when it proves itself by one of them. */
async function proveBy(jwks_uri: string): Promise<{ status: number; body: unknown }> {
  const client_id = await register({
    jwks_uri,
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
  })
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = { iss: client_id, sub: client_id, aud: server.url, jti: randomUUID(), exp }
  const { status, body } = await read(
    postForm(`${server.url}/token`, {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${encode({ alg: 'ES256' })}.${encode(claims)}.${'A'.repeat(86)}`,
    }),
  )
  return { status, body }
}

test.each(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::]'])(
  'keys that a client keeps at %s are not asked for',
  async (host) => {
    const path = `/${randomUUID()}`
    expect((await proveBy(`http://${host}:${port()}${path}`)).status).toBe(401)
    expect(asked).not.toContain(path)
    // The address does lead there.
    await fetch(`http://${host}:${port()}${path}`)
    expect(asked).toContain(path)
  },
)

test('the answer does not tell what is at an address: a service, a closed port or nothing', async () => {
  const refused = { status: 401, body: { error: 'invalid_client', error_description: 'client authentication failed' } }
  for (const host of [`127.0.0.1:${port()}`, `127.0.0.1:${await freePort()}`, 'nothing.invalid']) {
    expect([host, await proveBy(`http://${host}/jwks`)]).toEqual([host, refused])
  }
})

test('what a client names for people, their browsers open and the server does not', async () => {
  const path = `/${randomUUID()}`
  const members = ['logo_uri', 'client_uri', 'policy_uri', 'tos_uri', 'initiate_login_uri']
  const client_id = await register({
    ...Object.fromEntries(members.map((name) => [name, `https://localhost:${port()}${path}`])),
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://app.example/callback'],
  })
  const address = authorizationUrl(server.url, {
    client_id,
    redirect_uri: 'https://app.example/callback',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  })
  const jar = createCookieJar()
  const page = await jar.follow(await jar.fetch(address))
  expect(page.response.status).toBe(200)
  expect(asked).not.toContain(path)
})

import { expect, onTestFinished, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { obtainCode, read, redeem } from '../endpoints/client.ts'
import { basicAuth } from '../support/http.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const CALLBACK = 'https://rp.example/callback'
const SECRET = 'a-secret-of-this-client-0123456789'

async function start(settings: TestSettings): Promise<ServerProcess> {
  const server = await startServerProcess(settings)
  onTestFinished(async () => void (server.isRunning() && (await server.kill())))
  return server
}

/** A server at which Sonia is signed in at a client, and an operator who can sign her out. */
async function withSignIn() {
  const server = await start({ ADMIN_TOKEN: OWNER })
  const receiver = await startReceiver()
  onTestFinished(() => receiver.stop())
  const metadata = {
    client_id: 'rp',
    first_party: true,
    redirect_uris: [CALLBACK],
    backchannel_logout_uri: receiver.uri,
  }
  expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret: SECRET })).status).toBe(201)
  const { code, verifier } = await obtainCode(server.url, { client_id: 'rp', redirect_uri: CALLBACK, scope: 'openid' })
  const proof = basicAuth('rp', SECRET)
  const { status } = await read(redeem(server.url, code, verifier, { redirect_uri: CALLBACK }, proof))
  expect(status).toBe(200)
  const signOut = () => ask(server, OWNER, 'POST', `/v1/customers/${encodeURIComponent('DE--21')}/block`)
  return { server, receiver, signOut }
}

const told = (receiver: Receiver, { url }: ServerProcess, count: number) =>
  receiver.notices(count, { issuer: url, audience: 'rp' })

test('a notice that was not taken before the server was killed goes out when it is back, with a token of now', async () => {
  const { server, receiver, signOut } = await withSignIn()
  receiver.answer(503)
  expect((await signOut()).status).toBe(200)
  const [before] = await told(receiver, server, 1)
  await server.kill()
  const tried = receiver.received.length
  receiver.answer(200)
  const again = await start(server.settings)
  const after = (await told(receiver, again, tried + 1)).at(-1)
  expect(after?.claims.sub).toBe(before?.claims.sub)
  expect(after?.claims.jti).not.toBe(before?.claims.jti)
})

test('a server that is killed as soon as it answered loses no notice', async () => {
  const { server, receiver, signOut } = await withSignIn()
  expect((await signOut()).status).toBe(200)
  await server.kill()
  const again = await start(server.settings)
  expect((await told(receiver, again, 1)).length).toBeGreaterThan(0)
})

test('an address in a network that is no longer allowed is not called', async () => {
  const { server, receiver, signOut } = await withSignIn()
  receiver.answer(503)
  await signOut()
  await told(receiver, server, 1)
  await server.kill()
  const tried = receiver.received.length
  receiver.answer(200)
  const strict = await start({ ...server.settings, OUTGOING_ALLOWED_NETWORKS: 'none' })
  const said = () => strict.stdout() + strict.stderr()
  await expect.poll(said, { timeout: 120_000 }).toMatch(/outbox\.dead-letter.*address-not-allowed/)
  expect(receiver.received).toHaveLength(tried)
})

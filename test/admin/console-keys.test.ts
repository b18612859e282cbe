import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type ConsoleOperator, signInToConsole } from './console-operator.ts'

const TOKEN = 'an-admin-token-for-tests'
let server: TestServer
let operator: ConsoleOperator

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN, JWKS_CACHE_SECONDS: '3600' })
  operator = await signInToConsole(server, TOKEN)
})
afterAll(() => server.stop())

type Key = { kid: string; algorithm: string; state: string }
const keys = async () =>
  (
    (await (await fetch(`${server.adminUrl}/v1/keys`, { headers: { authorization: `Bearer ${TOKEN}` } })).json()) as {
      items: Key[]
    }
  ).items
const kidOf = async (state: string, algorithm = 'ES256') =>
  (await keys()).find((key) => key.state === state && key.algorithm === algorithm)?.kid ?? ''

test('each key is shown with its state and its countdown', async () => {
  const { html } = await operator.get('/console/keys')
  for (const { kid } of await keys()) expect(html).toContain(kid)
  expect(html).toMatch(/Signs <strong>in 90 d<\/strong>/)
  expect(html).toMatch(/Retires <strong>in 90 d<\/strong>/)
})

test('a rotation before verifiers can have fetched the key is refused in place, with the way out', async () => {
  const pending = await kidOf('pending')
  const refused = await operator.submit('/console/keys/rotate', { algorithm: 'ES256' })
  expect(refused.status).toBe(409)
  expect(refused.html).toContain('<title>Problem: ')
  expect(refused.html).toMatch(new RegExp(`Kid ${pending} was published \\d+ s ago; verifiers cache JWKS for 3600 s`))
  expect(refused.html).toContain('tick “Do it anyway” below')
  expect(refused.html).toContain('name="force"')
  expect(refused.html).toContain('<option selected>ES256</option>')
  expect(await kidOf('pending')).toBe(pending)

  const done = await operator.submit('/console/keys/rotate', { algorithm: 'ES256', force: 'yes' })
  expect(done.html).toContain('The next keys sign now.')
  expect(await kidOf('active')).toBe(pending)
})

test('one more key can be published, and one waiting key retired', async () => {
  const before = (await keys()).length
  await operator.submit('/console/keys/generate', { algorithm: 'RS256' })
  expect((await keys()).length).toBe(before + 1)
  const kid = await kidOf('pending', 'RS256')
  const retired = await operator.submit(`/console/keys/${kid}/retire`)
  expect(retired.html).toContain('The key is retired.')
  expect((await keys()).find((key) => key.kid === kid)?.state).toBe('retired')
})

test.each([
  ['a key that is not there', async () => '/console/keys/no-such-key/activate'],
  ['a key that is retired already', async () => `/console/keys/${await kidOf('retired', 'RS256')}/retire`],
  ['a sign-in that has ended', async () => '/console/customers/DE--21/grants/no-such-grant/end'],
])('an act on %s is refused with one sentence, and is not offered again', async (_, path) => {
  const { status, html } = await operator.submit(await path())
  expect([404, 409]).toContain(status)
  expect(html.match(/role="alert"/g)).toHaveLength(1)
  expect(html).not.toContain('Do it anyway')
  expect(html).not.toContain('button-danger')
  expect(html).not.toContain('button-primary')
})

test('revoking asks once, says what follows, and then the key is gone', async () => {
  const kid = await kidOf('active')
  const asked = await operator.get(`/console/keys/${kid}/revoke`)
  expect(asked.html).toContain('all tokens that it signed stop working')
  expect(await kidOf('active')).toBe(kid)
  await operator.submit(`/console/keys/${kid}/revoke`)
  expect((await keys()).map((key) => key.kid)).not.toContain(kid)
})

test('an algorithm that is not served is refused in place', async () => {
  const refused = await operator.submit('/console/keys/generate', { algorithm: 'EdDSA' })
  expect(refused.status).toBe(409)
  expect(refused.html).toContain('EdDSA has no signing key; this server signs with ES256, RS256')
})

test('what was done is in the audit trail, with who did it', async () => {
  const { html } = await operator.get('/console/audit?type=key.changed')
  expect(html).toContain('POST /v1/keys/rotate')
  expect(html).toMatch(/data-label="Who" class="long">admin/)
})

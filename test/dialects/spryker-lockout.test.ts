import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { documentOf, expectErrors, send } from './spryker-envelope.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ LOCKOUT_ATTEMPTS: '3' })
})
afterAll(() => server?.stop())

const login = (attributes: Record<string, unknown>, headers = {}) =>
  send(`${server.url}/access-tokens`, documentOf('access-tokens', attributes), { headers })

test('after too many wrong passwords even the right one waits, and the answer says how long in the shop’s languages', async () => {
  const right = { username: 'ron@swanson.com', password: 'mysecretpassword' }
  for (let count = 0; count < 3; count++) {
    await expectErrors(login({ ...right, password: `wrong ${count}` }), [
      { status: 401, code: '003', detail: 'Failed to authenticate user.' },
    ])
  }
  const english = 'Too many log in attempts from your address. Please wait 6 minutes before trying again.'
  const german = 'Warten Sie bitte 6 Minuten, bevor Sie es erneut versuchen.'
  await expectErrors(login(right), [{ status: 429, code: '4401', detail: english }])
  await expectErrors(login(right, { 'accept-language': 'de' }), [{ status: 429, code: '4401', detail: german }])
  expect((await login(right)).headers.get('retry-after')).toMatch(/^\d+$/)
})

test('somebody else’s login goes on, and answers that are no 003 are not counted', async () => {
  const sonia = { username: 'sonia@spryker.com', password: 'change123' }
  for (let count = 0; count < 5; count++) expect((await login({ ...sonia, password: '' })).status).toBe(422)
  expect((await login(sonia)).status).toBe(201)
})

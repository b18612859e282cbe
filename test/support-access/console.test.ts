import { afterAll, beforeAll, expect, test } from 'vitest'
import { administratorOf, OWNER, PASSWORD, tokenOf } from '../admin/administrators.ts'
import { createConsoleOperator, signInToConsole } from '../admin/console-operator.ts'
import { introspect } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actFor, actingTokens, waitingId } from './acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, SUPPORT_ACCESS_APPROVAL: 'second-person' })
})
afterAll(() => server?.stop())

const PAGE = '/console/support-access'

test('a second person sees who waits and why, approves it, and ends it', async () => {
  const { email } = await administratorOf(server, 'support')
  const operator = createConsoleOperator(server)
  await operator.submit('/console/sign-in', { way: 'password', email, password: PASSWORD })
  const asked = { reason: 'Ticket <b>1</b>', scope: 'customer' }
  const id = waitingId(await actFor(server, asked))
  const waiting = await operator.get(`${PAGE}?state=waiting`)
  expect(waiting.html).toContain('Ticket &lt;b&gt;1&lt;/b&gt;')
  expect((await operator.get(`${PAGE}/${id}/approve`)).html).toContain('agent@example.com for customer')
  expect((await operator.submit(`${PAGE}/${id}/approve`)).html).toContain('It is approved.')
  const { access_token } = await actingTokens(server, asked)
  expect((await operator.submit(`${PAGE}/${id}/end`)).html).toContain('The support access is ended.')
  expect(await introspect(server.url, access_token)).toEqual({ active: false })
  expect((await operator.submit(`${PAGE}/${id}/end`)).status).toBe(409)
  expect((await operator.get(PAGE)).html, 'support does not switch').not.toContain('Switch it off')
  expect((await operator.submit(`${PAGE}/off`)).status).toBe(403)
})

test('an operator for security switches it off and on', async () => {
  const operator = await signInToConsole(server, await tokenOf(server, 'security'))
  expect((await operator.submit(`${PAGE}/off`)).html).toContain('It is switched off')
  expect((await actFor(server, { scope: 'customer' })).body).toMatchObject({ error: 'access_denied' })
  expect((await operator.submit(`${PAGE}/on`)).html).toContain('It is switched on.')
})

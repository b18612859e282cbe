import { afterAll, beforeAll, expect, test } from 'vitest'
import { document } from '../dialects/spryker/exchange.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, tokensOf } from './client.ts'

const AGENT = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }

const SPRYKER = 'urn:vestibule:dialect:spryker'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN })
})
afterAll(() => server?.stop())

test.each([{}, { one_time_password: '000000' }])(
  'an agent without a second factor proved a password, and no more, with %j',
  async (code) => {
    const { id_token } = await tokensOf(server.url, { ...AGENT, ...code, scope: 'openid' })
    expect(decode(id_token).payload.amr).toEqual(['pwd'])
  },
)

test('an agent who was signed out acts for nobody at a dialect’s endpoint', async () => {
  const { access_token: agent } = await tokensOf(server.url, { ...AGENT, resource: SPRYKER })
  const { access_token } = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:impersonation',
    subject_token: agent,
    customer_reference: 'DE--22',
    resource: SPRYKER,
    scope: 'customer',
  })
  const held = await tokensOf(server.url, { username: 'ron@swanson.com', password: 'mysecretpassword' })
  const { agent_id: sub } = decode(agent).payload
  expect((await askAdmin(server, 'POST', '/v1/sign-outs', { of: 'customer', id: sub })).status).toBe(200)
  const answer = await fetch(`${server.url}/refresh-tokens/mine`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify(document('refresh-tokens', {})),
  })
  expect(answer.status).toBe(401)
  expect(await introspect(server.url, held.access_token), 'the customer is left alone').toMatchObject({ active: true })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { IMPERSONATION_GRANT } from '../attacks/token-endpoints.ts'
import { decode, ordersService, RON_ID, read, refresh, type Tokens, tokensOf } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

type Listed = Readonly<Record<string, unknown>>

const shop = basicAuth('shop', 'a-secret-of-the-shop')
const AGENT_GRANT = 'urn:vestibule:grant:agent'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  for (const refresh_policy of ['lazy', 'keep']) {
    const metadata = {
      client_id: refresh_policy,
      first_party: true,
      grant_types: ['password', 'refresh_token'],
      refresh_policy,
    }
    await admin('POST', '/v1/clients', { metadata, secret: 'a-secret-of-the-shop' })
  }
  const metadata = { client_id: 'shop', first_party: true, grant_types: [AGENT_GRANT, IMPERSONATION_GRANT] }
  await admin('POST', '/v1/clients', { metadata, secret: 'a-secret-of-the-shop' })
})
afterAll(() => server?.stop())

async function admin(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await ask(server, OWNER, method, path, body, headers)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}
const recordOf = async (token: string) => (await admin('POST', '/v1/tokens/inspect', { token })).record as Listed
const listOf = async (query: string) => (await admin('GET', `/v1/tokens?${query}`)).items as Listed[]

/** Signs in at the client of this refresh policy and uses its refresh token so often; the refresh tokens in order. */
async function refreshTokens(policy: string, times: number): Promise<string[]> {
  const client = basicAuth(policy, 'a-secret-of-the-shop')
  const given = [(await tokensOf(server.url, { scope: 'customer' }, client)).refresh_token]
  for (let count = 0; count < times; count++)
    given.push((await read(refresh(server.url, String(given.at(-1)), {}, client))).body.refresh_token)
  return given
}

test('a lazily replaced refresh token ends when its successor is used, and not before', async () => {
  const [first = '', second = ''] = await refreshTokens('lazy', 1)
  expect(await recordOf(first)).not.toHaveProperty('cause')
  const client = basicAuth('lazy', 'a-secret-of-the-shop')
  const { body } = await read(refresh(server.url, second, {}, client))
  expect(await recordOf(first)).toMatchObject({ cause: 'rotated', place: 0 })
  expect(await recordOf(second)).not.toHaveProperty('cause')
  expect(await recordOf(body.refresh_token)).toMatchObject({ place: 2 })
})

test('a refresh token that is kept has one id, however often it is used, and the expiry of its last use', async () => {
  const [first = '', second] = await refreshTokens('keep', 1)
  expect(second).toBe(first)
  const record = await recordOf(first)
  expect(record).not.toHaveProperty('cause')
  const all = (await listOf(`jti=${record.id}`)).map(({ expiresAt }) => Number(expiresAt))
  expect(all).toHaveLength(2)
  expect(record.expiresAt).toBe(Math.max(...all))
})

async function impersonate(): Promise<{ agent: Tokens; customer: Tokens }> {
  const agent = await tokensOf(
    server.url,
    { grant_type: AGENT_GRANT, username: 'agent@example.com', password: 'change123' },
    shop,
  )
  const fields = { grant_type: IMPERSONATION_GRANT, subject_token: agent.access_token, customer_reference: 'DE--21' }
  const { status, body, text } = await read(postForm(`${server.url}/token`, fields, shop))
  if (status !== 200) throw new Error(text)
  return { agent, customer: body }
}

test('what an agent got for a customer is on record with both, and ends with the agent', async () => {
  const { agent, customer } = await impersonate()
  const agentId = String(decode(agent.access_token).payload.sub).replace('agent:', '')
  const record = await recordOf(customer.access_token)
  expect(record).toMatchObject({ agentId, customerId: expect.any(String) })
  await admin('POST', '/v1/sign-outs', { of: 'agent', id: agentId })
  expect(await recordOf(customer.access_token)).toMatchObject({ cause: 'operator', endedBy: 'admin' })
  expect(await recordOf(agent.access_token)).toMatchObject({ cause: 'operator', endedBy: 'admin' })
})

test('a token that a service traded is on record with the service, and ends with the customer’s sign-in', async () => {
  const subject = (await tokensOf(server.url, { scope: 'openid customer' })).access_token
  const { body } = await read(
    postForm(
      `${server.url}/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: 'urn:vestibule:warehouse',
        scope: 'customer',
      },
      ordersService,
    ),
  )
  const { gid, sub } = decode(subject).payload
  expect(await recordOf(body.access_token)).toMatchObject({ clientId: 'orders-service', customerId: sub, grantId: gid })
  await admin('POST', `/v1/grants/${gid}/revoke`)
  expect(await recordOf(body.access_token)).toMatchObject({ cause: 'operator' })
})

test('a customer’s data have their tokens on record; once erased, ids are left and nothing that names a person', async () => {
  const tokens = await tokensOf(server.url, { username: 'ron@swanson.com', password: 'mysecretpassword' })
  const { customerReference } = await admin('GET', `/v1/customers/${RON_ID}`)
  const data = await admin('GET', `/v1/customers/${customerReference}/personal-data`)
  expect(data.tokens).toEqual(await listOf(`customerId=${RON_ID}`))
  expect(data.tokens).toHaveLength(2)

  await admin('POST', `/v1/customers/${customerReference}/erase`)
  const after = await listOf(`customerId=${RON_ID}`)
  expect(after.map(({ cause }) => cause)).toEqual(['erased', 'erased'])
  expect(JSON.stringify(after)).not.toMatch(/swanson|@/i)
  expect(await recordOf(tokens.access_token)).toMatchObject({ customerId: RON_ID, cause: 'erased' })
})

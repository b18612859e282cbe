import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { introspect, read, requestTokens, tokensOf } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actFor, actingTokens, agentTokens, owner, SPRYKER } from '../support-access/acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, SUPPORT_ACCESS_REASON: 'required' })
})
afterAll(() => server?.stop())

const REASON = { reason: 'Ticket 1' }
const count = async () =>
  ((await owner(server, 'GET', '/v1/support-accesses?limit=1000')).body.items as unknown[]).length

/** The request as it is sent, so that a parameter can be doubled. */
async function ask(change: (form: URLSearchParams) => void, headers: Record<string, string> = {}) {
  const { access_token } = await agentTokens(server)
  const body = new URLSearchParams({
    grant_type: 'urn:vestibule:grant:impersonation',
    client_id: 'frontend',
    subject_token: access_token,
    customer_reference: 'DE--21',
    ...REASON,
  })
  change(body)
  return read(fetch(`${server.url}/token`, { method: 'POST', body, headers }))
}

test.each<[string, (form: URLSearchParams) => void]>([
  ['without a reason', (form) => form.delete('reason')],
  ['with an empty reason', (form) => form.set('reason', '')],
  ['with a blank reason', (form) => form.set('reason', ' \u00a0 ')],
  ['with two reasons', (form) => form.append('reason', 'another')],
  ['with a reason of 501 characters', (form) => form.set('reason', 'x'.repeat(501))],
  ['with a reason of 50,000 characters', (form) => form.set('reason', 'x'.repeat(50_000))],
  ['with a line break for the trail', (form) => form.set('reason', 'Ticket 1\r\nactor: administrator')],
  ['with an escape for the terminal', (form) => form.set('reason', 'Ticket \u001b[2J')],
  ['with a NUL', (form) => form.set('reason', 'Ticket\0')],
  ['with two customers', (form) => form.append('customer_reference', 'DE--22')],
  ['without a customer', (form) => form.delete('customer_reference')],
  ['with a customer of 50,000 characters', (form) => form.set('customer_reference', 'x'.repeat(50_000))],
  ['with a NUL in the customer', (form) => form.set('customer_reference', 'DE--21\0')],
  ['without the agent’s token', (form) => form.delete('subject_token')],
  ['with a token that does not work', (form) => form.set('subject_token', 'x.y.z')],
])('a request %s is refused with a clear error, and leaves no access', async (_, change) => {
  const before = await count()
  const { status, body } = await ask(change)
  expect(status).toBe(400)
  expect(body).toMatchObject({ error: expect.stringMatching(/^invalid_(request|grant)$/) })
  expect(String(body.error_description).length).toBeLessThan(200)
  expect(await count()).toBe(before)
})

test('Spryker’s endpoint without the reason that is required refuses in its own words, and with it does not', async () => {
  const { access_token } = await agentTokens(server, { resource: SPRYKER })
  const type = 'agent-customer-impersonation-access-tokens'
  const answer = (attributes: object) =>
    read(
      fetch(`${server.url}/${type}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ data: { type, attributes: { customerReference: 'DE--21', ...attributes } } }),
      }),
    )
  for (const attributes of [{}, { reason: '' }, { reason: 7 }, { reason: ['a'] }, { reason: 'x'.repeat(501) }]) {
    const { status, body } = await answer(attributes)
    expect(status, JSON.stringify(attributes).slice(0, 40)).toBe(401)
    expect(body.errors).toMatchObject([{ code: '4104' }])
  }
  expect((await answer(REASON)).status).toBe(201)
})

test.each([
  ['a customer’s own token', async () => (await tokensOf(server.url)).access_token],
  ['a token that acts for a customer', async () => (await actingTokens(server, REASON)).access_token],
  ['an agent’s refresh token', async () => (await agentTokens(server)).refresh_token],
])('%s begins no support access', async (_, find) => {
  const subject_token = await find()
  const before = await count()
  expect(await actFor(server, { ...REASON, subject_token })).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  })
  expect(await count()).toBe(before)
})

test('nobody acts on with what is refreshed or derived once the time is over for the agent', async () => {
  const agent = await agentTokens(server)
  const acting = await actingTokens(server, { ...REASON, subject_token: agent.access_token })
  await postForm(`${server.url}/revoke`, { token: agent.refresh_token, client_id: 'frontend' })
  expect(await introspect(server.url, acting.access_token)).toEqual({ active: false })
  const chosen = await read(
    requestTokens(server.url, {
      grant_type: 'urn:vestibule:grant:company-user',
      subject_token: acting.access_token,
      company_user_id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    }),
  )
  expect(chosen).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('of many requests at once, each access has one row of its own', async () => {
  const { access_token } = await agentTokens(server)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      actFor(server, { subject_token: access_token, reason: `Ticket ${index} of many` }),
    ),
  )
  const { body } = await owner(server, 'GET', '/v1/support-accesses?limit=1000')
  const reasons = (body.items as { reason: string }[]).map(({ reason }) => reason)
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  for (let index = 0; index < 20; index++)
    expect(reasons.filter((each) => each === `Ticket ${index} of many`)).toHaveLength(1)
})

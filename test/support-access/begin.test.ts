import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { decode, introspect, refresh, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actFor, actingTokens, agentTokens, owner, SPRYKER, trailOf } from './acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    SUPPORT_ACCESS_SECONDS: '600',
    SUPPORT_ACCESS_SCOPES: 'customer customer_impersonation,company_user openid',
    SUPPORT_ACCESS_SENSITIVE_SCOPES: 'company email',
  })
})
afterAll(() => server?.stop())

test('each access is on record with who, whom, by which client, why, with which scopes and until when', async () => {
  const { access_token } = await actingTokens(server, { reason: 'Ticket 4711: cart is empty', scope: 'customer' })
  const { sub, act, exp, gid } = decode(access_token).payload
  const { body } = await owner(server, 'GET', `/v1/support-accesses?customer=DE--21`)
  const [access] = body.items as Record<string, unknown>[]
  expect(access).toMatchObject({
    state: 'open',
    agentId: String((act as { sub: string }).sub).replace('agent:', ''),
    agentEmail: 'agent@example.com',
    customerId: sub,
    clientId: 'frontend',
    scopes: ['customer'],
    reason: 'Ticket 4711: cart is empty',
    grantId: gid,
  })
  const [entry] = await trailOf(server, ['support-access.begun'])
  const endsAt = Number(access?.endsAt)
  expect([endsAt, endsAt - 1], 'the token ends with the access').toContain(exp)
  const until = new Date(endsAt * 1000).toISOString()
  expect(entry).toMatchObject({
    actor: (act as { sub: string }).sub,
    customerId: sub,
    clientId: 'frontend',
    grantId: gid,
    reason: `${access?.id} until ${until}, scopes "customer": Ticket 4711: cart is empty`,
  })
})

test.each([
  ['no reason', {}],
  ['a blank one', { reason: '   ' }],
])('with %s, the trail says that none was given', async (_, fields) => {
  await actingTokens(server, fields)
  const [entry] = await trailOf(server, ['support-access.begun'])
  expect(entry?.reason).toMatch(/: no reason given$/)
})

test.each([
  ['longer than 500 characters', 'x'.repeat(501)],
  ['of two lines', 'a\nb'],
  ['with a NUL', 'a\0b'],
  ['with a line separator', 'a\u2028b'],
])('a reason %s is refused, and nothing begins', async (_, reason) => {
  const before = await owner(server, 'GET', '/v1/support-accesses')
  const answer = await actFor(server, { reason })
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({ error: 'invalid_request' })
  expect((await owner(server, 'GET', '/v1/support-accesses')).body.items).toEqual(before.body.items)
})

test('access and refresh token end when the time is over, and so does what is refreshed', async () => {
  const tokens = await tokensOfDialect()
  const { exp } = decode(tokens.access_token).payload
  const left = Number(exp) - Date.now() / 1000
  expect(left).toBeLessThanOrEqual(600)
  expect((await introspect(server.url, tokens.access_token)).exp).toBe(exp)
  const refreshed = (await (await refresh(server.url, tokens.refresh_token)).json()) as { access_token: string }
  expect(Number(decode(refreshed.access_token).payload.exp)).toBeLessThanOrEqual(Number(exp))
})

test('it never lasts longer than the agent’s own token', async () => {
  const agent = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:agent',
    username: 'agent@example.com',
    password: 'change123',
  })
  const acting = await actingTokens(server, { subject_token: agent.access_token })
  expect(Number(decode(acting.access_token).payload.exp)).toBeLessThanOrEqual(
    Number(decode(agent.access_token).payload.exp),
  )
})

test('without a scope it has what is allowed of what it would have', async () => {
  const { scope } = await actingTokens(server)
  expect(scope, 'without company, which the demo’s resource server has as well').toBe('customer')
})

test.each([['company'], ['customer company']])(
  'the sensitive scope in "%s" is refused when asked for',
  async (scope) => {
    const answer = await actFor(server, { scope })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    const [entry] = await trailOf(server, ['support-access.refused'])
    expect(entry).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/^invalid_scope/) })
  },
)

test('a scope outside of the ceiling is left out, also of what comes of it', async () => {
  const { access_token } = await actingTokens(server, { scope: 'customer customer_impersonation', resource: SPRYKER })
  const chosen = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:company-user',
    subject_token: access_token,
    company_user_id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    resource: SPRYKER,
  })
  expect(decode(chosen.access_token).payload.scopes).toEqual(['company_user'])
  expect(decode(chosen.access_token).payload.act).toEqual(decode(access_token).payload.act)
})

test.each([
  ['an unknown customer', { customer_reference: 'NO--1' }, 'invalid_grant'],
  ['a reason of two lines', { reason: 'a\nb' }, 'invalid_request'],
])('%s is refused and audited with the agent', async (_, fields, error) => {
  expect(await actFor(server, fields)).toMatchObject({ status: 400, body: { error } })
  const { body } = await owner(server, 'GET', '/v1/audit?type=support-access.refused&limit=1')
  const [entry] = body.items as Record<string, unknown>[]
  expect(entry).toMatchObject({ actor: expect.stringMatching(/^agent:/), clientId: 'frontend' })
  expect(entry?.reason).toMatch(new RegExp(`^${error}: `))
})

/** As a dialect's answer has them: with a refresh token. */
async function tokensOfDialect() {
  const { access_token } = await agentTokens(server, { resource: SPRYKER })
  const answer = await fetch(`${server.url}/agent-customer-impersonation-access-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      data: { type: 'agent-customer-impersonation-access-tokens', attributes: { customerReference: 'DE--21' } },
    }),
  })
  const { data } = (await answer.json()) as { data: { attributes: { accessToken: string; refreshToken: string } } }
  return { access_token: data.attributes.accessToken, refresh_token: data.attributes.refreshToken }
}

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { AGENT, actFor, actingTokens, agentTokens, owner, SPRYKER, trailOf } from './acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await owner(server, 'POST', '/v1/support-access/on')
})
afterAll(() => server?.stop())

const cli = (...args: string[]) =>
  runCommand(['support-access', ...args], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER })

test('off ends all that are open with all that came of them, and refuses new ones until it is on again', async () => {
  const agent = await agentTokens(server, { resource: SPRYKER })
  const acting = await actingTokens(server, { subject_token: agent.access_token, resource: SPRYKER })
  const chosen = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:company-user',
    subject_token: acting.access_token,
    company_user_id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
    resource: SPRYKER,
  })
  const customer = await tokensOf(server.url)
  expect((await cli('off')).stdout).toBe('support access is off; ended: 1\n')
  for (const { access_token } of [acting, chosen]) {
    expect(await introspect(server.url, access_token)).toEqual({ active: false })
  }
  for (const { access_token } of [agent, customer]) {
    expect(await introspect(server.url, access_token)).toMatchObject({ active: true })
  }
  expect(await actFor(server)).toMatchObject({
    status: 400,
    body: { error: 'access_denied', error_description: 'support access is switched off' },
  })
  const [ended] = await trailOf(server, ['support-access.ended'])
  expect(ended).toMatchObject({ actor: 'admin', reason: expect.stringMatching(/^support access was switched off: /) })
  expect((await cli('status')).stdout).toMatch(/^support access is off since \S+, by admin\n$/)
  expect((await cli('on')).stdout).toBe('support access is on\n')
  expect((await actFor(server)).status).toBe(200)
  expect(await introspect(server.url, acting.access_token), 'what was ended stays ended').toEqual({ active: false })
})

test('an access that begins while it is switched off ends up without a token that works', async () => {
  const agent = await tokensOf(server.url, AGENT)
  const requests = [1, 2, 3, 4, 5, 6].map(() => actFor(server, { subject_token: agent.access_token }))
  await owner(server, 'POST', '/v1/support-access/off')
  for (const { status, body } of await Promise.all(requests)) {
    if (status === 200) {
      expect(await introspect(server.url, (body as { access_token: string }).access_token)).toEqual({ active: false })
    } else expect(body).toMatchObject({ error: 'access_denied' })
  }
  const { body } = await owner(server, 'GET', '/v1/support-accesses?state=open')
  expect(body.items).toEqual([])
})

test('one is ended by its id, and the list says who ended it', async () => {
  const acting = await actingTokens(server, { reason: 'Ticket 8' })
  const other = await actingTokens(server, { customer_reference: 'DE--22' })
  const listed = JSON.parse((await cli('list', '--customer', 'DE--21', '--state', 'open', '--json')).stdout)
  const [{ id }] = listed.supportAccesses as [{ id: string }]
  expect((await cli('end', id)).stdout).toMatch(/^the access of agent@example.com to customer \S+ is ended\n$/)
  expect(await introspect(server.url, acting.access_token)).toEqual({ active: false })
  expect(await introspect(server.url, other.access_token)).toMatchObject({ active: true })
  expect((await owner(server, 'GET', `/v1/support-accesses/${id}`)).body).toMatchObject({
    state: 'ended',
    endedBy: 'admin',
    endCause: 'operator',
  })
  expect(await cli('end', id)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is over already/) })
  expect((await cli('list')).stdout).toContain('Ticket 8')
})

test.each([
  ['its sign-in was revoked', (gid: string) => owner(server, 'POST', `/v1/grants/${gid}/revoke`)],
  [
    'the agent was signed out',
    async (_gid: string, agentId: string) => owner(server, 'POST', '/v1/sign-outs', { of: 'agent', id: agentId }),
  ],
])('an access is shown as ended once %s', async (_, end) => {
  await actingTokens(server)
  const path = '/v1/support-accesses?customer=DE--21&limit=1'
  const [open] = (await owner(server, 'GET', path)).body.items as Record<string, string>[]
  expect(open?.state).toBe('open')
  await end(String(open?.grantId), String(open?.agentId))
  const [ended] = (await owner(server, 'GET', path)).body.items as Record<string, string>[]
  expect(ended).toMatchObject({ id: open?.id, state: 'ended' })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNoSelfService } from '../../src/customers/self-service/no-self-service.ts'
import { createOwnAccount } from '../../src/dialects/own-account.ts'
import { OWNER } from '../admin/administrators.ts'
import {
  decode,
  introspect,
  read,
  refresh,
  requestTokens,
  revoke,
  type Tokens,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actingTokens, agentTokens, owner, SPRYKER, trailOf } from './acting.ts'

const SERVICE = basicAuth('orders-service', 'orders-service-secret')
const COMPANY_USER = 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac'

let server: TestServer
let agentId: string
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker,elastic-path,magento,commercetools' })
  agentId = String(decode((await agentTokens(server)).access_token).payload.sub)
})
afterAll(() => server?.stop())

/** As a dialect's endpoint gives them. */
async function pairAtSpryker(): Promise<Pick<Tokens, 'access_token' | 'refresh_token'>> {
  const { access_token } = await agentTokens(server, { resource: SPRYKER })
  const type = 'agent-customer-impersonation-access-tokens'
  const { status, body } = await read(
    fetch(`${server.url}/${type}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ data: { type, attributes: { customerReference: 'DE--21', reason: 'Ticket 5' } } }),
    }),
  )
  expect(status).toBe(201)
  const { accessToken, refreshToken } = body.data.attributes
  return { access_token: accessToken, refresh_token: refreshToken }
}

async function derived(grant_type: string, fields: Record<string, string>, subject: string, headers = {}) {
  const answer = await read(requestTokens(server.url, { grant_type, subject_token: subject, ...fields }, headers))
  if (answer.status !== 200) throw new Error(answer.text)
  return (answer.body as Tokens).access_token
}

/** Every way to a token of somebody who is acted for. */
const TOKENS: readonly (readonly [string, () => Promise<string>])[] = [
  ['the impersonation grant', async () => (await actingTokens(server)).access_token],
  [
    'the impersonation grant for a dialect',
    async () => (await actingTokens(server, { resource: SPRYKER })).access_token,
  ],
  ['the agents’ endpoint of Spryker', async () => (await pairAtSpryker()).access_token],
  [
    'a refresh of what that endpoint gave',
    async () => (await read(refresh(server.url, (await pairAtSpryker()).refresh_token))).body.access_token,
  ],
  ['the refresh token of that endpoint', async () => (await pairAtSpryker()).refresh_token],
  [
    'the company-user grant after it',
    async () =>
      derived(
        'urn:vestibule:grant:company-user',
        { company_user_id: COMPANY_USER },
        (await actingTokens(server)).access_token,
      ),
  ],
  [
    'the company users’ endpoint of Spryker after it',
    async () => {
      const type = 'company-user-access-tokens'
      const { access_token } = await pairAtSpryker()
      const { body } = await read(
        fetch(`${server.url}/${type}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ data: { type, attributes: { idCompanyUser: COMPANY_USER } } }),
        }),
      )
      return body.data.attributes.accessToken
    },
  ],
  [
    'the handover grant after it',
    async () => derived('urn:vestibule:grant:handover', {}, (await actingTokens(server)).access_token),
  ],
  [
    'a token exchange after it',
    async () =>
      derived(
        'urn:ietf:params:oauth:grant-type:token-exchange',
        { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', resource: 'urn:vestibule:commerce' },
        (await actingTokens(server)).access_token,
        SERVICE,
      ),
  ],
]

describe.each(TOKENS)('a token of %s', (name, find) => {
  test('names the agent, also at introspection, ends with the time box, and with the access', async () => {
    const token = await find()
    const caller = name.startsWith('the refresh token') ? undefined : SERVICE
    const [access] = (await owner(server, 'GET', '/v1/support-accesses?limit=1')).body.items as {
      id: string
      endsAt: number
    }[]
    if (caller) {
      const { act, exp } = decode(token).payload
      expect(subjectsOf(act)).toContain(agentId)
      expect(exp).toBeLessThanOrEqual(Number(access?.endsAt))
      expect(subjectsOf((await introspect(server.url, token, caller)).act)).toContain(agentId)
    }
    const [issued] = await trailOf(server, ['token.issued'])
    expect(issued).toMatchObject({ actor: expect.stringMatching(/^agent:/) })
    expect((await owner(server, 'POST', `/v1/support-accesses/${access?.id}/end`)).status).toBe(200)
    if (caller) expect(await introspect(server.url, token, caller)).toEqual({ active: false })
    else expect((await refresh(server.url, token)).status).toBe(400)
  })
})

test('userinfo, where the agent’s own token has openid, says who acts', async () => {
  const agent = await agentTokens(server, { scope: 'openid customer' })
  const acting = await actingTokens(server, { subject_token: agent.access_token, scope: 'openid customer' })
  const { body } = await read(userinfo(server.url, acting.access_token))
  expect(body).toMatchObject({ customer_reference: 'DE--21', act: { sub: agentId } })
  const own = await tokensOf(server.url, { scope: 'openid' })
  expect((await read(userinfo(server.url, own.access_token))).body).not.toHaveProperty('act')
})

test('an agent who signs out “everywhere” at Spryker’s endpoint leaves, and the customer stays signed in', async () => {
  const customer = await tokensOf(server.url)
  const { access_token } = await pairAtSpryker()
  const answer = await fetch(`${server.url}/refresh-tokens/mine`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${access_token}` },
  })
  expect(answer.status).toBe(204)
  expect(await introspect(server.url, access_token)).toEqual({ active: false })
  expect(await introspect(server.url, customer.access_token)).toMatchObject({ active: true })
  const [entry] = await trailOf(server, ['logout'])
  expect(entry).toMatchObject({ actor: agentId })
})

test('revoking one of its tokens leaves the customer signed in', async () => {
  const customer = await tokensOf(server.url)
  const acting = await actingTokens(server)
  await revoke(server.url, acting.access_token)
  expect(await introspect(server.url, acting.access_token)).toEqual({ active: false })
  expect(await introspect(server.url, customer.access_token)).toMatchObject({ active: true })
})

describe('what only customers themselves may do', () => {
  /** Every function that endpoints of dialects have for it; one that is added to the service belongs here. */
  const ACTS = {
    changePassword: (account) => account.changePassword(ACTING, { current: 'change123', next: 'another long one' }),
    setPassword: (account) => account.setPassword(ACTING, 'another long one'),
    changeEmail: (account) => account.changeEmail(ACTING, { email: 'mallory@example.com', password: 'change123' }),
    changeProfile: (account) => account.changeProfile(ACTING, { givenName: 'Mallory' }),
    erase: (account) => account.erase(ACTING),
    searchCustomers: (account) => account.searchCustomers(ACTING, {} as never), // refused before it is read
    findNamed: (account) => account.findNamed(ACTING, { email: 'sonia@spryker.com' }),
    findOrMakeVouched: (account) => account.findOrMakeVouched(ACTING, 'customer', {} as never), // as above
    managedBy: async (account) => account.managedBy(ACTING) ?? { outcome: 'not-own' },
  } as const satisfies Record<string, (account: ReturnType<typeof createOwnAccount>) => Promise<unknown>>
  const ACTING = {
    kind: 'customer',
    customer: { id: 'a-customer' },
    actingAgentId: 'an-agent',
    isActedFor: true,
    clientId: 'frontend',
    scopes: [],
    issuedAt: 0,
  } as never // as an endpoint finds it
  /** Those that take no caller: whoever calls shows a key, or has no account yet. */
  const WITHOUT_A_CALLER = [
    'confirm',
    'issueResetKey',
    'issueConfirmationKey',
    'register',
    'isAddressFree',
    'requestConfirmation',
    'requestPasswordReset',
    'resetPassword',
    'isResetKey',
    'checkPassword',
    'find',
  ]
  // It answers `unavailable` to all that reaches it.
  const service = createNoSelfService({} as Parameters<typeof createNoSelfService>[0]) // asked by `confirm` only
  const account = createOwnAccount(service, { ip: '::1', languages: [], clientId: 'frontend' })

  test.each(Object.entries(ACTS))('%s is refused to an agent who acts for them', async (_, act) => {
    expect(await act(account)).toEqual({ outcome: 'not-own' })
  })

  test('the list is complete', () => {
    expect(
      Object.keys(account)
        .filter((name) => !WITHOUT_A_CALLER.includes(name))
        .sort(),
    ).toEqual(Object.keys(ACTS).sort())
  })
})

/** The subjects of a chain of actors. */
function subjectsOf(act: unknown): string[] {
  const { sub, act: before } = (act ?? {}) as { sub?: string; act?: unknown }
  return sub === undefined ? [] : [sub, ...subjectsOf(before)]
}

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { IMPERSONATION_GRANT } from '../../src/oauth/grants/impersonation.ts'
import { administratorOf, ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  obtainCode,
  pkce,
  redeem,
  refresh,
  requestTokens,
  sonia,
  tokensOf,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

/** Whether something that was given once still works. */
type Works = () => Promise<boolean>
type Change = () => Promise<unknown>

const SONIAS_COMPANY = '0818f408-cc84-575d-ad54-92118a0e4273'
const AGENT = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker' })
})
afterAll(() => server?.stop())

const admin = async (method: string, path: string, body?: unknown) => {
  const asked = await ask(server, OWNER, method, path, body, { 'If-Match': '*' })
  if (asked.status >= 300) throw new Error(`${method} ${path}: ${asked.status} ${JSON.stringify(asked.body)}`)
  return asked.body
}

async function accessToken(of = server, fields = {}): Promise<Works> {
  const { access_token } = await tokensOf(of.url, fields)
  return async () => (await introspect(of.url, access_token)).active === true
}

/** Trying a refresh token uses it up, so that a new one is taken each time it works. */
async function refreshToken(of = server, fields = {}): Promise<Works> {
  let { refresh_token } = await tokensOf(of.url, fields)
  return async () => {
    const answer = await refresh(of.url, refresh_token)
    const body = (await answer.json()) as { refresh_token: string }
    if (answer.ok) refresh_token = body.refresh_token
    return answer.ok
  }
}

/** Signed in with a browser; a silent request tells. */
async function session(of = server, login = sonia): Promise<Works> {
  const { jar } = await obtainCode(of.url, {}, { login })
  return async () => {
    const silent = { prompt: 'none', code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const page = await jar.follow(await jar.fetch(authorizationUrl(of.url, silent)), { stopAt: CALLBACK })
    return new URL(page.url).searchParams.has('code')
  }
}

/** A code works once: it is asked about only after it was given back. */
async function code(): Promise<Works> {
  const { code: value, verifier } = await obtainCode(server.url)
  return async () => (await redeem(server.url, value, verifier)).ok
}

async function signInLink(): Promise<Works> {
  const { url } = await admin('POST', '/v1/sign-in-links', { customerReference: 'DE--21' })
  return async () => (await createCookieJar().fetch(String(url))).headers.has('set-cookie')
}

async function impersonation(): Promise<Works> {
  const { access_token } = await tokensOf(server.url, AGENT)
  const asRon = { grant_type: IMPERSONATION_GRANT, subject_token: access_token, customer_reference: 'DE--21' }
  return accessToken(server, { ...asRon, username: undefined, password: undefined })
}

const agentId = async () => {
  const { items } = await admin('GET', '/v1/agents')
  return (items as { id: string; email: string }[]).find(({ email }) => email === AGENT.username)?.id
}
const importLine = (record: object) => admin('POST', '/v1/customers/import', JSON.stringify(record))

type CompanyUser = { id: string; isActive: boolean; company: { status?: string } }
/** Sonia as she was before the test, to put her back as she was. */
let soniaBefore: { companyUsers: CompanyUser[] } & Record<string, unknown>
beforeAll(async () => {
  const { email, customerReference, emailVerified, companyUsers } = await admin('GET', '/v1/customers/DE--21')
  soniaBefore = { email, customerReference, emailVerified, companyUsers: companyUsers as CompanyUser[] }
})
const companyUsersWith = (change: (of: CompanyUser) => object) => soniaBefore.companyUsers.map(change)
const put = (companyUsers: object[]) => admin('PUT', '/v1/customers/DE--21/company-users', { companyUsers })
const inactive = (of: CompanyUser) => ({ ...of, isActive: false })
const ofBlockedCompany = (of: CompanyUser) => ({ ...of, company: { ...of.company, status: 'blocked' } })
const same = (of: CompanyUser) => of

const TOKENS = { 'an access token': accessToken, 'a refresh token': refreshToken }
const BROWSER = { 'a browser session': session, 'a code': code, 'a sign-in link': signInLink }

const CHANGES: readonly {
  readonly name: string
  readonly take: Change
  readonly give: Change
  readonly ends: Readonly<Record<string, () => Promise<Works>>>
}[] = [
  {
    name: 'a client that is disabled and enabled',
    take: () => admin('POST', '/v1/clients/frontend/disable'),
    give: () => admin('POST', '/v1/clients/frontend/enable'),
    ends: { ...TOKENS, 'a code': code },
  },
  {
    name: 'a customer who is blocked and unblocked',
    take: () => admin('POST', '/v1/customers/DE--21/block'),
    give: () => admin('POST', '/v1/customers/DE--21/unblock'),
    ends: { ...TOKENS, ...BROWSER },
  },
  {
    name: 'a customer whom an import blocks and another makes active',
    take: () => importLine({ ...soniaBefore, status: 'blocked' }),
    give: () => importLine({ ...soniaBefore, status: 'active' }),
    ends: { ...TOKENS, ...BROWSER },
  },
  {
    name: 'a company user who is made inactive and active',
    take: () => put(companyUsersWith(inactive)),
    give: () => put(companyUsersWith(same)),
    ends: { ...TOKENS, 'a code': code },
  },
  {
    name: 'a company user who is removed and added',
    take: () => put([]),
    give: () => put(companyUsersWith(same)),
    ends: TOKENS,
  },
  {
    name: 'a company user whom an import makes inactive and active',
    take: () => importLine({ ...soniaBefore, companyUsers: companyUsersWith(inactive) }),
    give: () => importLine(soniaBefore),
    ends: TOKENS,
  },
  {
    name: 'a company that is blocked and approved',
    take: () => admin('PATCH', `/v1/companies/${SONIAS_COMPANY}`, { status: 'blocked' }),
    give: () => admin('PATCH', `/v1/companies/${SONIAS_COMPANY}`, { status: 'approved' }),
    ends: { ...TOKENS, 'a code': code },
  },
  {
    name: 'a company that the import of another customer blocks and approves',
    take: () => importLine(colleague(ofBlockedCompany)),
    give: () => importLine(colleague((of) => ({ ...of, company: { ...of.company, status: 'approved' } }))),
    ends: TOKENS,
  },
  {
    name: 'an agent who is blocked and unblocked',
    take: async () => admin('POST', `/v1/agents/${await agentId()}/block`),
    give: async () => admin('POST', `/v1/agents/${await agentId()}/unblock`),
    ends: { "an agent's token": () => accessToken(server, AGENT), 'a token an agent acts with': impersonation },
  },
  {
    name: 'an agent who stops being one and is one again',
    take: async () => admin('PATCH', `/v1/agents/${await agentId()}`, { isAgent: false }),
    give: async () => admin('PATCH', `/v1/agents/${await agentId()}`, { isAgent: true }),
    ends: { "an agent's token": () => accessToken(server, AGENT), 'a token an agent acts with': impersonation },
  },
]

function colleague(change: (of: CompanyUser) => object) {
  const id = 'c0ffee00-0000-4000-8000-000000000001'
  const companyUsers = companyUsersWith((of) => ({ ...change(of), id, roles: [] }))
  return { email: 'colleague@spryker.com', customerReference: 'DE--colleague', companyUsers }
}

describe.each(CHANGES)('what was given before does not come back with $name', ({ take, give, ends }) => {
  test.each(Object.entries(ends))('%s', async (name, obtain) => {
    const isUsedUp = name === 'a code' || name === 'a sign-in link'
    const [asked, notAsked] = [await obtain(), await obtain()]
    if (!isUsedUp) expect([await asked(), await notAsked()], 'before').toEqual([true, true])
    await take()
    try {
      expect(await asked(), 'while it is taken away').toBe(false)
    } finally {
      await give()
    }
    expect([await asked(), await notAsked()], 'given back').toEqual([false, false])
    // The browser's endpoints remember for two seconds that somebody was blocked.
    await waitFor(async () => (await obtain())(), { what: 'a new one that works' })
  })
})

describe('what an administrator had does not come back', () => {
  const securityOf = () => administratorOf(server, 'security')
  const asks =
    (bearer: string): Works =>
    async () =>
      (await ask(server, bearer, 'GET', '/v1/self')).status === 200
  async function tokenBy(bearer: string, name: string, role: string): Promise<string> {
    const made = await ask(server, bearer, 'POST', '/v1/admin-tokens', { name, role })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    return String(made.body.token)
  }
  let number = 0

  test.each([
    ['blocked', { status: 'blocked' }, { status: 'active' }],
    ['given a lower role', { role: 'support' }, { role: 'security' }],
    ['given the lowest role', { role: 'viewer' }, { role: 'security' }],
  ])('with one who is %s, and the contrary', async (_, taken, given) => {
    const { id, session: own, email } = await securityOf()
    const asked = await tokenBy(own, `asked-${++number}`, 'support')
    const notAsked = await tokenBy(own, `not-asked-${number}`, 'viewer')
    const all = [asks(own), asks(asked), asks(notAsked)] as const
    expect(await Promise.all(all.map((works) => works()))).toEqual([true, true, true])
    await admin('PATCH', `/v1/administrators/${id}`, taken)
    expect([await all[0](), await all[1]()]).toEqual([false, false])
    await admin('PATCH', `/v1/administrators/${id}`, given)
    expect(await Promise.all(all.map((works) => works()))).toEqual([false, false, false])
    const again = await ask(server, undefined, 'POST', '/v1/sign-in', { email, password: PASSWORD })
    expect(await asks(String(again.body.session))(), 'a new session').toBe(true)
  })

  test('a higher role or another name ends nothing', async () => {
    const { id, session: own } = await securityOf()
    const token = await tokenBy(own, `raised-${++number}`, 'support')
    await admin('PATCH', `/v1/administrators/${id}`, { role: 'owner', name: 'Another name' })
    expect([await asks(own)(), await asks(token)()]).toEqual([true, true])
  })

  test('with a revoked admin token end those that were made with it, and those made with these', async () => {
    const first = await tokenBy(OWNER, 'first-of-three', 'owner')
    const second = await tokenBy(first, 'second-of-three', 'security')
    const third = await tokenBy(second, 'third-of-three', 'viewer')
    const other = await tokenBy(OWNER, 'made-by-another', 'viewer')
    await admin('POST', '/v1/admin-tokens/first-of-three/revoke')
    for (const token of [first, second, third]) expect(await asks(token)()).toBe(false)
    expect(await asks(other)()).toBe(true)
  })
})

describe('where the shop keeps the customers', () => {
  const SONIA = {
    id: '11111111-2222-4333-8444-555555555555',
    idCustomer: 2100,
    email: 'sonia@shop.example',
    customerReference: 'SHOP--21',
    emailVerified: true,
  }
  const COMPANY_USER = {
    id: 'aaaaaaaa-0000-4000-8000-0000000000cc',
    company: { id: 'aaaaaaaa-0000-4000-8000-0000000000cd', name: 'Shop' },
  }
  let answer: object | undefined
  let shop: Server
  let served: TestServer
  const laterBy = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
  beforeAll(async () => {
    // Before the server starts: its caches take the clock that is there.
    vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true })
    shop = createServer((_, response) => {
      response.writeHead(answer ? 200 : 404).end(answer && JSON.stringify(answer))
    })
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    served = await startTestServer({ SHOP_DIRECTORY_URL: url })
  })
  afterAll(async () => {
    await served?.stop()
    shop?.close()
    vi.useRealTimers()
  })

  test.each([
    ['is blocked', SONIA, { ...SONIA, status: 'blocked' }],
    ['is gone', SONIA, undefined],
    ['may not act as the company user', { ...SONIA, companyUsers: [COMPANY_USER] }, SONIA],
  ])('what is asked about while the customer %s has ended for good', async (_, given, taken) => {
    const login = { username: SONIA.email, password: 'any' }
    answer = given
    laterBy(120)
    const works = await accessToken(served, login)
    const other = await refreshToken(served, login)
    expect(await works()).toBe(true)
    laterBy(120)
    answer = taken
    expect(await works()).toBe(false)
    answer = given
    // Longer than answers of the shop are remembered.
    laterBy(120)
    expect([await works(), await other()]).toEqual([false, false])
    expect(await (await accessToken(served, login))()).toBe(true)
    expect((await requestTokens(served.url, login)).status).toBe(200)
  })

  test('a sign-in that is younger than what may be remembered of the customer is refused, and not ended', async () => {
    laterBy(600)
    const login = { username: SONIA.email, password: 'any' }
    answer = SONIA
    const before = await accessToken(served, login)
    answer = { ...SONIA, status: 'blocked' }
    laterBy(40)
    expect(await before()).toBe(false)
    answer = SONIA
    const after = await accessToken(served, login)
    laterBy(40)
    expect(await after()).toBe(true)
  })
})

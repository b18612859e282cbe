import { generate } from 'otplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import { document } from '../dialects/spryker/exchange.ts'
import {
  decode,
  introspect,
  obtainCode,
  read,
  redeem,
  refresh,
  revoke,
  SONIA_COMPANY_USER,
  sonia,
  submit,
  type Tokens,
  tokensOf,
} from '../endpoints/client.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { later } from '../support/clock.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'

const WEAK = 'password1'
const STRONG = 'no list has this one'
const SPRYKER = 'urn:vestibule:dialect:spryker'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
/** Every kind of entry that tells of the end of a sign-in. */
const ENDINGS = ['token.revoked', 'refresh.theft', 'code.replayed', 'logout', 'sign-out-everywhere', 'grant.revoked']

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ DIALECTS: 'spryker' })
})
afterAll(() => shop?.stop())

/** A sign-in that is about to end. */
type SignedIn = {
  readonly tokens: Pick<Tokens, 'access_token' | 'refresh_token'>
  readonly customer?: TestCustomer
  readonly clientId?: string
  readonly agentId?: string
  /** What ends it, where that needs what the sign-in left behind. */
  readonly end?: () => Promise<unknown>
}

type Way = {
  readonly name: string
  readonly signIn: () => Promise<SignedIn>
  readonly end: (it: SignedIn) => Promise<unknown>
  /** As metrics count it. */
  readonly what: string
  readonly why: string
  readonly entry: (it: SignedIn) => Partial<AuditEntry>
}

const admin = async (method: string, path: string, body?: unknown, headers = {}) => {
  const answer = await ask(shop.server, OWNER, method, path, body, headers)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}
const gid = ({ tokens }: SignedIn) => String(decode(tokens.access_token).payload.gid)
const customerOf = ({ customer }: SignedIn) => ({ customerId: customer?.id })
const last = (it: SignedIn) => it.end?.() ?? Promise.reject(new Error('nothing to end'))

let count = 0
async function addClient(): Promise<string> {
  const client_id = `app-${++count}`
  const grants = { grant_types: ['password', 'refresh_token'], default_scope: 'customer company' }
  const metadata = {
    client_id,
    token_endpoint_auth_method: 'none',
    first_party: true,
    refresh_retry_seconds: 0,
    ...grants,
  }
  await admin('POST', '/v1/clients', { metadata })
  return client_id
}

/** By password, at a client of its own. */
function byPassword(fields: Record<string, string> = {}, password?: string) {
  return async (): Promise<SignedIn> => atClient(await addClient(), fields, password)
}

async function atClient(clientId: string, fields: Record<string, string> = {}, password?: string): Promise<SignedIn> {
  const customer = await shop.addCustomer(password ? { password } : {})
  const login = { username: customer.email, password: customer.password }
  return { customer, clientId, tokens: await tokensOf(shop.server.url, { client_id: clientId, ...login, ...fields }) }
}

async function byCode(): Promise<SignedIn> {
  const customer = await shop.addCustomer()
  const { url } = shop.server
  const login = { username: customer.email, password: customer.password }
  const { code, verifier, jar } = await obtainCode(url, {}, { login })
  const { body: tokens } = await read(redeem(url, code, verifier))
  const signOut = async () => {
    const page = await jar.follow(await jar.fetch(`${url}/logout`))
    await submit(jar, page, { logout: 'yes' })
  }
  return { customer, clientId: 'frontend', tokens, end: signOut }
}

async function byCodeUsedTwice(): Promise<SignedIn> {
  const customer = await shop.addCustomer()
  const { url } = shop.server
  const { code, verifier } = await obtainCode(
    url,
    {},
    { login: { username: customer.email, password: customer.password } },
  )
  const { body: tokens } = await read(redeem(url, code, verifier))
  return { customer, clientId: 'frontend', tokens, end: () => redeem(url, code, verifier) }
}

async function byDevice(): Promise<SignedIn> {
  const { url } = shop.server
  const customer = await shop.addCustomer()
  const device = { client_id: 'device-app', scope: 'openid customer' }
  const { body: begun } = await read(postForm(`${url}/device_authorization`, device))
  const poll = () =>
    postForm(`${url}/token`, { grant_type: DEVICE_CODE, device_code: begun.device_code, client_id: 'device-app' })
  const [jar, stopAt] = [createCookieJar(), 'http://client.invalid']
  let page = await jar.follow(await jar.fetch(`${url}/device`))
  page = await submit(jar, page, { user_code: begun.user_code }, stopAt)
  page = await submit(jar, page, { confirm: 'yes' }, stopAt)
  page = await submit(jar, page, { login: customer.email, password: customer.password }, stopAt)
  if (page.url.includes('/interaction/')) await submit(jar, page, { decision: 'allow' }, stopAt)
  const { body: tokens } = await read(poll())
  return { customer, clientId: 'device-app', tokens, end: () => later(poll) }
}

async function asAgent(): Promise<SignedIn> {
  const email = `agent-${++count}@example.com`
  const { id } = await admin('POST', '/v1/agents', { email, password: PASSWORD })
  const login = { grant_type: 'urn:vestibule:grant:agent', username: email, password: PASSWORD }
  return { agentId: String(id), tokens: await tokensOf(shop.server.url, login) }
}

async function asCompanyUser(): Promise<SignedIn> {
  return { tokens: await tokensOf(shop.server.url, sonia) }
}

const agentAccount = ({ agentId }: SignedIn) => ({ customerId: `agent:${agentId}`, actor: 'admin' })
const everywhere = { type: 'sign-out-everywhere', outcome: 'done' } as const
const removeClient = ({ clientId }: SignedIn) =>
  admin('DELETE', `/v1/clients/${clientId}`, undefined, { 'If-Match': '*' })
async function addSecondFactor({ agentId }: SignedIn) {
  const { secret } = await admin('POST', `/v1/agents/${agentId}/second-factor`)
  await admin('POST', `/v1/agents/${agentId}/second-factor/confirm`, {
    code: await generate({ secret: String(secret) }),
  })
}
const deleteAtSpryker = (path: string, { tokens }: SignedIn) =>
  fetch(`${shop.server.url}/refresh-tokens/${path}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify(document('refresh-tokens', {})),
  })
async function changePassword({ customer }: SignedIn) {
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer as TestCustomer)
  await visitor.submit(page, '/new-password', { password: STRONG, repeated: STRONG })
}

const revoked = (kind: string) => (it: SignedIn) =>
  ({ type: 'token.revoked', reason: kind, grantId: gid(it), clientId: it.clientId, ...customerOf(it) }) as const

const WAYS: readonly Way[] = [
  {
    name: 'its client revokes the refresh token',
    signIn: byPassword(),
    end: ({ tokens, clientId }) => revoke(shop.server.url, tokens.refresh_token, { client_id: clientId }),
    what: 'grant',
    why: 'revoked-by-client',
    entry: revoked('refresh-token'),
  },
  {
    name: 'its client revokes the access token',
    signIn: byPassword(),
    end: ({ tokens, clientId }) => revoke(shop.server.url, tokens.access_token, { client_id: clientId }),
    what: 'access-token',
    why: 'revoked-by-client',
    entry: revoked('access-token'),
  },
  {
    name: 'its client revokes the opaque access token',
    signIn: byPassword({ resource: 'urn:vestibule:warehouse', scope: 'stock:read' }),
    end: ({ tokens, clientId }) => revoke(shop.server.url, tokens.access_token, { client_id: clientId }),
    what: 'access-token',
    why: 'revoked-by-client',
    entry: (it) => ({ type: 'token.revoked', reason: 'access-token', clientId: it.clientId, ...customerOf(it) }),
  },
  {
    name: 'a rotated refresh token is used again',
    async signIn() {
      const it = await byPassword()()
      const again = () => refresh(shop.server.url, it.tokens.refresh_token, { client_id: it.clientId })
      const { body } = await read(again())
      return { ...it, tokens: body, end: again }
    },
    end: last,
    what: 'grant',
    why: 'refresh-token-reuse',
    entry: (it) => ({
      type: 'refresh.theft',
      outcome: 'refused',
      reason: 'a rotated refresh token was used again',
      grantId: gid(it),
      clientId: it.clientId,
      ...customerOf(it),
    }),
  },
  {
    name: 'its code is used again',
    signIn: byCodeUsedTwice,
    end: last,
    what: 'grant',
    why: 'code-reuse',
    entry: (it) => ({
      type: 'code.replayed',
      outcome: 'refused',
      grantId: gid(it),
      clientId: 'frontend',
      ...customerOf(it),
    }),
  },
  {
    name: 'its device code is used again',
    signIn: byDevice,
    end: last,
    what: 'grant',
    why: 'code-reuse',
    entry: (it) => ({
      type: 'code.replayed',
      outcome: 'refused',
      grantId: gid(it),
      clientId: 'device-app',
      ...customerOf(it),
    }),
  },
  {
    name: 'the person signs out in the browser',
    signIn: byCode,
    end: last,
    what: 'grant',
    why: 'sign-out',
    entry: (it) => ({ type: 'logout', outcome: 'done', grantId: gid(it), clientId: 'frontend', ...customerOf(it) }),
  },
  {
    name: 'the person revokes the refresh token at a dialect',
    signIn: () => atClient('frontend', { resource: SPRYKER }),
    end: (it) => deleteAtSpryker(it.tokens.refresh_token, it),
    what: 'grant',
    why: 'revoked-by-client',
    entry: revoked('refresh-token'),
  },
  {
    name: 'the person signs out everywhere at a dialect',
    signIn: () => atClient('frontend', { resource: SPRYKER }),
    end: (it) => deleteAtSpryker('mine', it),
    what: 'customer',
    why: 'sign-out-everywhere',
    entry: (it) => ({ ...everywhere, reason: 'asked for at a dialect', ...customerOf(it) }),
  },
  {
    name: 'the customer sets another password',
    signIn: byPassword({}, WEAK),
    end: changePassword,
    what: 'customer',
    why: 'password-changed',
    entry: (it) => ({ ...everywhere, reason: 'the password was changed', ...customerOf(it) }),
  },
  {
    name: 'an operator ends it',
    signIn: byPassword(),
    end: (it) => admin('POST', `/v1/grants/${gid(it)}/revoke`),
    what: 'grant',
    why: 'operator',
    entry: (it) => ({
      type: 'grant.revoked',
      actor: 'admin',
      grantId: gid(it),
      clientId: it.clientId,
      ...customerOf(it),
    }),
  },
  {
    name: 'an operator signs the customer out',
    signIn: byPassword(),
    end: ({ customer }) => admin('POST', '/v1/sign-outs', { of: 'customer', id: customer?.id }),
    what: 'customer',
    why: 'operator',
    entry: (it) => ({ ...everywhere, actor: 'admin', ...customerOf(it) }),
  },
  {
    name: 'an operator signs the agent out',
    signIn: asAgent,
    end: ({ agentId }) => admin('POST', '/v1/sign-outs', { of: 'agent', id: agentId }),
    what: 'agent',
    why: 'operator',
    entry: (it) => ({ ...everywhere, ...agentAccount(it) }),
  },
  {
    name: 'an operator signs the company user out',
    signIn: asCompanyUser,
    end: () => admin('POST', '/v1/sign-outs', { of: 'company-user', id: SONIA_COMPANY_USER }),
    what: 'company-user',
    why: 'operator',
    entry: () => ({ ...everywhere, actor: 'admin', reason: expect.stringContaining(SONIA_COMPANY_USER) }),
  },
  {
    name: 'an operator signs the client out',
    signIn: byPassword(),
    end: ({ clientId }) => admin('POST', '/v1/sign-outs', { of: 'client', id: clientId }),
    what: 'client',
    why: 'operator',
    entry: ({ clientId }) => ({ ...everywhere, actor: 'admin', clientId }),
  },
  {
    name: 'an operator signs everybody out',
    signIn: byPassword(),
    end: () => admin('POST', '/v1/sign-outs', { of: 'everybody' }),
    what: 'everybody',
    why: 'operator',
    entry: () => ({ ...everywhere, actor: 'admin', reason: expect.stringContaining('of everybody') }),
  },
  {
    name: 'the customer is blocked',
    signIn: byPassword(),
    end: ({ customer }) => admin('POST', `/v1/customers/${customer?.id}/block`),
    what: 'customer',
    why: 'blocked',
    entry: (it) => ({ ...everywhere, actor: 'admin', reason: 'blocked', ...customerOf(it) }),
  },
  {
    name: 'the address of the customer is changed',
    signIn: byPassword(),
    end: ({ customer }) =>
      admin('PATCH', `/v1/customers/${customer?.id}`, { email: `moved-${customer?.email}` }, { 'If-Match': '*' }),
    what: 'customer',
    why: 'email-changed',
    entry: (it) => ({ ...everywhere, actor: 'admin', reason: 'the e-mail address was changed', ...customerOf(it) }),
  },
  {
    name: 'an import brings another address',
    signIn: byPassword(),
    end: async ({ customer }) => customer && shop.changeEmail(customer, `moved-${customer.email}`),
    what: 'customer',
    why: 'imported',
    entry: (it) => ({ ...everywhere, actor: 'admin', reason: expect.stringContaining('import'), ...customerOf(it) }),
  },
  {
    name: 'the customer is erased',
    signIn: byPassword(),
    end: ({ customer }) => admin('POST', `/v1/customers/test-${Number(customer?.id.slice(-12))}/erase`),
    what: 'customer',
    why: 'erased',
    entry: (it) => ({ ...everywhere, actor: 'admin', reason: 'the customer was erased', ...customerOf(it) }),
  },
  {
    name: 'the client is removed',
    signIn: byPassword(),
    end: removeClient,
    what: 'client',
    why: 'client-removed',
    entry: ({ clientId }) => ({ ...everywhere, actor: 'admin', reason: 'the client was removed', clientId }),
  },
  {
    name: 'the client is disabled, for good,',
    signIn: byPassword(),
    async end({ clientId }) {
      await admin('POST', `/v1/clients/${clientId}/disable`)
      await admin('POST', `/v1/clients/${clientId}/enable`)
    },
    what: 'client',
    why: 'client-disabled',
    entry: ({ clientId }) => ({ ...everywhere, actor: 'admin', reason: 'the client was disabled', clientId }),
  },
  {
    name: 'the agent is blocked',
    signIn: asAgent,
    end: ({ agentId }) => admin('POST', `/v1/agents/${agentId}/block`),
    what: 'agent',
    why: 'blocked',
    entry: (it) => ({ ...everywhere, reason: 'blocked', ...agentAccount(it) }),
  },
  {
    name: 'the agent works in another warehouse',
    signIn: asAgent,
    end: ({ agentId }) => admin('POST', `/v1/agents/${agentId}/warehouse`, { idWarehouse: 7 }),
    what: 'agent',
    why: 'warehouse-changed',
    entry: (it) => ({ ...everywhere, ...agentAccount(it) }),
  },
  {
    name: 'the agent gets a second factor',
    signIn: asAgent,
    end: addSecondFactor,
    what: 'agent',
    why: 'second-factor-added',
    entry: (it) => ({ ...everywhere, ...agentAccount(it) }),
  },
]

test.each(WAYS)(
  'when $name, the tokens are dead, one event tells of it and one entry, and their record says why',
  async (way) => {
    const it = await way.signIn()
    expect(await isActive(it)).toBe(true)
    const before = await told()
    await way.end(it)
    expect(await isActive(it)).toBe(false)
    const after = await told()
    expect(raised(before.counts, after.counts)).toEqual({ [`${way.what} ${way.why}`]: 1 })
    const entries = after.entries.filter(({ seq }) => seq > before.seq)
    expect(entries).toEqual([expect.objectContaining(way.entry(it))])
    expect(entries[0]).toMatchObject({ ip: expect.any(String), requestId: expect.any(String) })
    const { record } = await admin('POST', '/v1/tokens/inspect', { token: it.tokens.access_token })
    expect(record).toMatchObject({ cause: way.why, endedAt: expect.any(Number) })
    const { actor } = way.entry(it)
    if (actor) expect(record).toMatchObject({ endedBy: actor })
  },
)

test('a browser that no client was signed in through signs out with one event and one entry', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const consent = { client_id: 'third-party-app', redirect_uri: 'http://localhost:8080/callback' }
  const page = await visitor.submit(await visitor.openLogin(consent), '/login', {
    login: customer.email,
    password: customer.password,
  })
  expect(page.html).toContain('decision')
  const before = await told()
  await visitor.submit(await visitor.open('/logout'), '/confirm', { logout: 'yes' })
  const after = await told()
  expect(raised(before.counts, after.counts)).toEqual({ 'session sign-out': 1 })
  const entries = after.entries.filter(({ seq }) => seq > before.seq)
  expect(entries).toEqual([expect.objectContaining({ type: 'logout', customerId: customer.id })])
})

test('what ended nothing is told nowhere', async () => {
  const { url } = shop.server
  const before = await told()
  await revoke(url, 'never-a-token')
  await ask(shop.server, OWNER, 'POST', '/v1/grants/unknown/revoke')
  await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'everybody', before: '2999-01-01' })
  const jar = createCookieJar()
  await submit(jar, await jar.follow(await jar.fetch(`${url}/logout`)), { logout: 'yes' })
  expect(await told()).toEqual(before)
})

async function isActive({ tokens }: SignedIn): Promise<boolean> {
  return (await introspect(shop.server.url, tokens.access_token)).active === true
}

/** What audit and metrics know of endings. */
async function told() {
  const items = (await admin('GET', `/v1/audit?${ENDINGS.map((type) => `type=${type}`).join('&')}`))
    .items as AuditEntry[]
  const headers = { authorization: `Bearer ${OWNER}` }
  const text = await (await fetch(`${shop.server.adminUrl}/metrics`, { headers })).text()
  const lines = text.matchAll(/^vestibule_sign_ins_ended_total\{what="([\w-]+)",why="([\w-]+)"\} (\d+)/gm)
  const counts = Object.fromEntries([...lines].map(([, what, why, value]) => [`${what} ${why}`, Number(value)]))
  return { entries: items, seq: Math.max(0, ...items.map(({ seq }) => seq)), counts }
}

function raised(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const added = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
  return Object.fromEntries(added.filter(([, value]) => value !== 0))
}

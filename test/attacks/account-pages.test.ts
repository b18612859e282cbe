import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'koa'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCsrf } from '../../src/interaction/csrf.ts'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { openSignedIn, pathOf, signedIn } from '../interaction/account/account-visitor.ts'
import {
  type HostedShop,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../interaction/hosted-shop.ts'
import { postJson } from '../support/http.ts'

/** An id of the right shape that is of nothing here. */
const NOBODYS = '00000000-0000-4000-8000-00000000dead'
/** What the forms of the account pages lead to, with what they want to be sent; these ask for a fresh sign-in. */
const SENSITIVE: Readonly<Record<string, Record<string, string>>> = {
  'profile/email': { email: 'attacker@example.org' },
  'security/password': { password: 'the attacker’s own password', repeated: 'the attacker’s own password' },
  'security/passkey-new': { credential: '{}' },
  'security/passkey-remove': { id: NOBODYS },
  'security/second-factor': { enrolment: 'x', code: '123456' },
  'security/second-factor/remove': { code: '123456' },
  'security/recovery-codes': { code: '123456' },
  'security/connect': { token: 'x' },
  'security/disconnect': { id: NOBODYS },
  'apps/approve': { id: NOBODYS, decision: 'approve' },
  'companies/leave': { id: NOBODYS },
  'companies/member': { id: NOBODYS, role: NOBODYS },
  'companies/remove': { id: NOBODYS },
  'data/download': {},
  'data/delete': {},
}
const FIELDS: Readonly<Record<string, Record<string, string>>> = {
  ...SENSITIVE,
  'profile/edit': { givenName: 'Sam', familyName: 'Sample', language: 'en' },
  'security/passkey-name': { id: NOBODYS, name: 'x' },
  'security/remembered-devices/forget': { id: NOBODYS },
  'sessions/end': { uid: 'x' },
  'sessions/end-others': {},
  'apps/withdraw': { client: 'x' },
  'apps/narrow': { client: 'x', scopes: 'x' },
  'apps/not-me': { client: 'x' },
  'apps/record': { client: 'x' },
  'apps/mandate-lower': { id: NOBODYS, budget: '1' },
  'apps/mandate-pause': { id: NOBODYS, paused: 'yes' },
  'apps/mandate-withdraw': { id: NOBODYS },
  'apps/end-support': { id: NOBODYS },
  'apps/allow-support': { allowed: 'maybe' },
  'companies/default': { id: NOBODYS },
  'companies/act-as': { id: NOBODYS },
  'companies/invite': { id: NOBODYS, email: 'a@example.org', role: NOBODYS },
  'companies/answer': { id: NOBODYS, decision: 'accept' },
  'companies/invitation': { token: 'x', decision: 'accept' },
  'companies/take-back': { id: NOBODYS },
  'companies/send-again': { id: NOBODYS },
  'data/keep': {},
}
const ACTS = Object.keys(FIELDS)
const COOKIE_KEY = 'a key for the cookies of this test'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ COOKIE_KEYS: COOKIE_KEY, SUPPORT_ACCESS_PERMISSION: 'needed' })
})
afterAll(() => shop?.stop())
afterEach(() => {
  vi.useRealTimers()
})

const at = (act: string) => `${shop.server.url}/account/${act}`

/** Sends a form as a browser would, without following the answer. */
function post(visitor: Visitor, act: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return visitor.jar.fetch(at(act), { method: 'POST', body: new URLSearchParams(fields), headers })
}

const tokenIn = ({ html }: Page, action: string) =>
  new RegExp(`action="[^"]*${action}[^"]*"[^>]*>\\s*<input type="hidden" name="csrf" value="([^"]+)"`).exec(
    html,
  )?.[1] ?? ''

/** The token of a form as its page would have it, whether or not this customer is shown that form. */
function genuineToken({ jar }: Visitor, act: string, customer: TestCustomer): string {
  const secret = jar.get(shop.server.url, 'vestibule.form')
  const cookies = { get: () => secret, set: () => undefined }
  const csrf = createCsrf({ keys: [COOKIE_KEY], issuer: shop.server.url })
  return csrf.issue({ cookies } as unknown as Context, `account ${act} ${customer.id}`) // it reads and sets a cookie
}

test('every form of the account pages is attacked here', () => {
  const folder = fileURLToPath(new URL('../../src/interaction/account', import.meta.url))
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  const named = sources.flatMap(
    (source) => source.match(/(?<=^(?:export )?const [A-Z_]+ = ')[a-z]+\/[a-z/-]+(?=')/gm) ?? [],
  )
  expect(named.sort()).toEqual([...ACTS].sort())
})

describe('a form of the account pages', () => {
  let victim: Awaited<ReturnType<typeof signedIn>>
  let ofOtherAct: string
  let ofOtherCustomer: string
  beforeAll(async () => {
    victim = await signedIn(shop)
    const other = await signedIn(shop)
    ofOtherCustomer = tokenIn(await other.visitor.open('/account/sessions'), 'sessions/end-others')
    ofOtherAct = tokenIn(await victim.visitor.open('/account/sessions'), 'sessions/end-others')
    expect([ofOtherAct, ofOtherCustomer].map((token) => token.length)).toEqual([43, 43])
  })

  test.each(ACTS)('to %s that did not come from its page changes nothing', async (act) => {
    const isItsOwn = act === 'sessions/end-others'
    const forged: readonly [Record<string, string>, Record<string, string>][] = [
      [{}, {}],
      [{ csrf: '' }, {}],
      [{ csrf: ofOtherCustomer }, {}],
      [{ csrf: isItsOwn ? `${ofOtherAct}x` : ofOtherAct }, {}],
      [{ csrf: ofOtherAct }, { origin: 'https://attacker.example' }],
      [{ csrf: ofOtherAct }, { 'sec-fetch-site': 'cross-site' }],
    ]
    for (const [fields, headers] of forged) {
      const answer = await post(victim.visitor, act, { ...FIELDS[act], ...fields }, headers)
      expect([act, fields, answer.status]).toEqual([act, fields, 403])
    }
    expect((await victim.visitor.open('/account')).status).toBe(200)
  })

  test.each(ACTS)('to %s without a session leads to a sign-in, whatever it carries', async (act) => {
    const answer = await post(shop.visitor(), act, { ...FIELDS[act], csrf: ofOtherAct })
    expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([303, '/authorize'])
  })

  test.each(ACTS)('to %s that no browser would send is refused with a page', async (act) => {
    const hostile: readonly [number, RequestInit][] = [
      [400, { body: 'csrf=a&csrf=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
      [413, { body: `csrf=${'x'.repeat(20_000)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
      [415, { body: '{"csrf":"x"}', headers: { 'content-type': 'application/json' } }],
      [403, { body: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ]
    for (const [status, init] of hostile) {
      const answer = await victim.visitor.jar.fetch(at(act), { method: 'POST', ...init })
      expect([status, answer.headers.get('content-type')]).toEqual([answer.status, 'text/html; charset=utf-8'])
    }
  })

  const HOSTILE = ['\u0000', 'a\u0000b', '..', "' or 1=1 --", '__proto__', '\u2028', '1e999', 'x'.repeat(4000), '']

  test.each(Object.entries(FIELDS).filter(([, fields]) => Object.keys(fields).length > 0))(
    'to %s with values that nobody has is no failure of the server',
    async (act, fields) => {
      const { visitor, customer } = victim
      const csrf = genuineToken(visitor, act, customer)
      for (const name of Object.keys(fields))
        for (const value of HOSTILE) {
          const answer = await post(visitor, act, { ...fields, [name]: value, csrf })
          // 503 is said by a server with too much to do.
          const isAnswer = [303, 404, 409, 422, 429, 503].includes(answer.status)
          expect([name, value, answer.status, isAnswer]).toEqual([name, value, answer.status, true])
          expect(answer.headers.get('location') ?? '/account').toMatch(/^\/account/)
        }
      expect((await visitor.open('/account')).status).toBe(200)
    },
  )

  test.each(ACTS)('to %s is asked for with a GET and shows at most a form', async (act) => {
    const { visitor, customer } = victim
    for (const query of ['', '?id=x', '?id[]=x&id=y', '?token=x&token=y', '?kept=x', `?kept=${'A'.repeat(22)}`]) {
      const page = await visitor.open(`/account/${act}${query}`)
      expect([act, query, [200, 404].includes(page.status)]).toEqual([act, query, true])
      expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
    expect((await shop.sink.mailsTo(customer.email)).length).toBe(0)
  })
})

describe('a session that is stolen from a browser that was left alone', () => {
  test.each(Object.entries(SENSITIVE))('may not %s once the sign-in is old', async (act, fields) => {
    const { customer, visitor } = await signedIn(shop)
    const csrf = genuineToken(visitor, act, customer)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    const answer = await post(visitor, act, { ...fields, csrf })
    const location = new URL(answer.headers.get('location') ?? '', shop.server.url)
    expect([answer.status, location.pathname, location.searchParams.get('prompt')]).toEqual([
      303,
      '/authorize',
      'login',
    ])
    expect(location.href).not.toContain('attacker')
    expect((await visitor.open(`/account/${act}`)).url).toContain('/interaction/')
    vi.useRealTimers()
    expect(shop.sink.mailsTo(customer.email)).toEqual([])
    expect((await shop.visitor().signIn(customer)).url).toContain('code=')
  })

  async function byLink(): Promise<{ customer: TestCustomer; visitor: Visitor }> {
    const customer = await shop.addCustomer()
    const answer = await postJson(
      `${shop.server.adminUrl}/v1/sign-in-links`,
      { customerReference: `test-${Number(customer.id.slice(-12))}` },
      { authorization: `Bearer ${shop.server.config.ADMIN_TOKEN}` },
    )
    const { url } = (await answer.json()) as { url: string }
    const visitor = shop.visitor()
    await visitor.open(url)
    return { customer, visitor }
  }

  test('that began with a link of the shop opens no sensitive form', async () => {
    const { customer, visitor } = await byLink()
    expect((await visitor.open('/account')).html).toContain(customer.email)
    expect((await visitor.open('/account/security/password')).url).toContain('/interaction/')
  })

  test('that began with a link of the shop opens none after signing out everywhere else', async () => {
    const { visitor } = await byLink()
    const done = await visitor.submit(await visitor.open('/account/sessions'), '/end-others')
    expect(pathOf(done)).toBe('/account/sessions?done=others-ended')
    expect((await visitor.open('/account/security/password')).url).toContain('/interaction/')
  })

  test('is made no younger by signing out everywhere else', async () => {
    const { visitor } = await signedIn(shop)
    const page = await visitor.open('/account/sessions')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    const done = await visitor.submit(page, '/end-others')
    expect(pathOf(done)).toBe('/account/sessions?done=others-ended')
    expect((await visitor.open('/account/security/password')).url).toContain('/interaction/')
  })

  test('learns nothing of what another customer had typed before signing in again', async () => {
    const { visitor, customer } = await signedIn(shop)
    const page = await visitor.open('/account/profile/email')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    const login = await visitor.submit(page, '/email', { email: 'secret@example.org' })
    const back = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    expect(back.html).toContain('secret@example.org')
    const other = await shop.addCustomer()
    const seen = await openSignedIn(shop.visitor(), other, pathOf(back))
    expect([seen.status, seen.html.includes('secret@example.org')]).toEqual([200, false])
  })
})

test.each([
  'https://attacker.example/',
  '//attacker.example/account',
  '/\\attacker.example',
  '/account//attacker.example',
  '/account/../logout',
  '/account/signed-in',
  '/account?next=https://attacker.example',
  '/account/security?kept=../../x',
  'javascript:alert(1)',
  '/account\r\nSet-Cookie: a=b',
  '/accountx',
  '',
])('a sign-in leads to no address that somebody made up (%s)', async (state) => {
  const { visitor } = await signedIn(shop)
  const answer = await visitor.jar.fetch(`${shop.server.url}/account/signed-in?${new URLSearchParams({ state })}`)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account'])
})

test('a session that somebody planted in a browser is not the one that a customer signs in to', async () => {
  const [attacker, visitor] = [shop.visitor(), shop.visitor()]
  await attacker.open('/account')
  const planted = attacker.jar.get(shop.server.url, 'vestibule_session')
  const signature = attacker.jar.get(shop.server.url, 'vestibule_session.sig')
  visitor.jar.plant(shop.server.url, `vestibule_session=${planted}; path=/`)
  visitor.jar.plant(shop.server.url, `vestibule_session.sig=${signature}; path=/`)
  const customer = await shop.addCustomer()
  expect((await openSignedIn(visitor, customer)).status).toBe(200)
  expect(visitor.jar.get(shop.server.url, 'vestibule_session')).not.toBe(planted)
  expect((await attacker.open('/account')).url).toContain('/interaction/')
})

test('an app of another customer is not theirs to withdraw', async () => {
  const [a, b] = [await signedIn(shop), await signedIn(shop)]
  const login = ({ email: username, password }: typeof a.customer) => ({ username, password })
  const theirs = await tokensOf(shop.server.url, login(a.customer))
  const own = await tokensOf(shop.server.url, login(b.customer))
  const done = await b.visitor.submit(await b.visitor.open('/account/apps'), '/withdraw')
  expect(pathOf(done)).toBe('/account/apps?done=app')
  expect(await introspect(shop.server.url, own.access_token)).toEqual({ active: false })
  expect(await introspect(shop.server.url, theirs.access_token)).toMatchObject({ active: true })
})

test('a code of the account pages is of no use to anybody', async () => {
  const { visitor } = await signedIn(shop)
  const query = new URLSearchParams({
    client_id: 'vestibule-account',
    redirect_uri: `${shop.server.url}/account/signed-in`,
    response_type: 'code',
    scope: 'openid',
  })
  const bare = await visitor.jar.fetch(`${shop.server.url}/authorize?${query}`)
  expect(new URL(bare.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
  query.set('redirect_uri', 'https://attacker.example/')
  expect((await visitor.jar.fetch(`${shop.server.url}/authorize?${query}`)).status).toBe(400)
})

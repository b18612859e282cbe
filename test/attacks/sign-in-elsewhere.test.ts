import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { isSignedIn, type Page, type Visitor } from '../interaction/hosted-shop.ts'
import { readForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
let other: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme')
  other = await shop.addProvider('other')
  acme.person = { sub: 'person-1', email: 'person@people.example', email_verified: true }
  other.person = acme.person
  expect(isSignedIn(await comeBy(shop.visitor(), 'acme'))).toBe(true)
})
afterAll(() => shop?.stop())

let count = 0
const newId = () => `bad-${++count}`
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString()) as object
const now = () => Math.floor(Date.now() / 1000)
const signedWith = (token: string, secret: string) => {
  const text = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(claimsOf(token))}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
type Alter = NonNullable<LocalProvider['alter']>
const claims = (change: Record<string, unknown>): Alter => ({
  signed: ({ claims }) => void Object.assign(claims, change),
})

function expectRefused({ status, html, url }: Page, visitor: Visitor): void {
  expect([status, url.includes('code=')]).toEqual([502, false])
  expect(html).toMatch(/The sign-in did not work.*<dd>[\w-]{20,}<\/dd>/s)
  expect(visitor.jar.get(shop.server.url, 'vestibule_session')).toBeUndefined()
}

const TOKENS: Readonly<Record<string, Alter>> = {
  'unsigned (alg none)': { token: (token) => `${encode({ alg: 'none' })}.${encode(claimsOf(token))}.` },
  'signed by HS256 with the public key': { token: (token, key) => signedWith(token, JSON.stringify(key)) },
  'signed by HS256 with the client secret': { token: (token) => signedWith(token, acme.secret) },
  'with claims that were changed after it was signed': {
    token: (token) => token.replace(/\.[^.]+\./, `.${encode({ ...claimsOf(token), sub: 'victim' })}.`),
  },
  'of a key that is not published': { signed: ({ header }) => void Object.assign(header, { kid: 'two' }) },
  'that has expired': claims({ iat: now() - 500, exp: now() - 120 }),
  'of long ago': claims({ iat: now() - 3600, exp: now() + 3600 }),
  'for another audience': claims({ aud: 'another-shop' }),
  'for several audiences and no party': claims({ aud: ['our-shop', 'another-shop'] }),
  'for another party': claims({ aud: ['our-shop', 'another-shop'], azp: 'another-shop' }),
  'of another issuer': claims({ iss: 'https://accounts.google.com' }),
  'with another nonce': claims({ nonce: 'another' }),
  'without a nonce': claims({ nonce: undefined }),
  'without a subject': claims({ sub: '' }),
  'whose subject is no text': claims({ sub: 7 }),
  'for another access token': claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
  'that is a logout token': claims({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
  'that is none': { token: () => 'no token' },
}

test.each(Object.keys(TOKENS))('an ID token %s signs nobody in', async (name) => {
  const visitor = shop.visitor()
  acme.alter = TOKENS[name]
  expectRefused(await comeBy(visitor, 'acme'), visitor)
})

test('an ID token of another sign-in is not taken for this one', async () => {
  let earlier = ''
  acme.alter = { token: (token) => (earlier = token) }
  await comeBy(shop.visitor(), 'acme')
  const visitor = shop.visitor()
  acme.alter = { token: () => earlier }
  expectRefused(await comeBy(visitor, 'acme'), visitor)
})

test.each([
  ['of another provider', 'https://other.example'],
  ['empty', ''],
])('an answer whose issuer is %s is refused before its code is sent anywhere', async (_, iss) => {
  const [visitor, before] = [shop.visitor(), acme.paths.filter((path) => path === '/token').length]
  acme.answer = { iss }
  const page = await comeBy(visitor, 'acme')
  acme.answer = {}
  expectRefused(page, visitor)
  expect(acme.paths.filter((path) => path === '/token')).toHaveLength(before)
})

test('a provider that says it names its issuer must do so', async () => {
  const strict = await shop.addProvider('strict')
  strict.metadata = { authorization_response_iss_parameter_supported: true }
  strict.person = { sub: 's', email: 'strict@people.example', email_verified: true }
  const visitor = shop.visitor()
  expectRefused(await comeBy(visitor, 'strict'), visitor)
  strict.answer = { iss: strict.issuer }
  expect(isSignedIn(await comeBy(visitor, 'strict'))).toBe(true)
})

/** The address of the callback with the answer to a sign-in that was begun in this browser, not yet followed. */
async function answerFor(visitor: Visitor, id = 'acme'): Promise<URL> {
  const page = await visitor.openLogin()
  const forms = page.html.match(/<form\b.*?<\/form>/gs) ?? []
  const form = forms.map((each) => readForm(each, page.url)).find(({ action }) => action.endsWith(`/upstreams/${id}`))
  const sent = await visitor.jar.fetch(String(form?.action), {
    method: 'POST',
    body: new URLSearchParams(form?.fields),
  })
  const at = await fetch(String(sent.headers.get('location')), { redirect: 'manual' })
  return new URL(String(at.headers.get('location')))
}

test('an answer signs in only the browser that asked (login CSRF, fixation of the state)', async () => {
  const [attacker, victim] = [shop.visitor(), shop.visitor()]
  const answer = await answerFor(attacker)
  await victim.openLogin()
  const page = await victim.open(answer.href)
  expect([page.status, victim.jar.get(shop.server.url, 'vestibule_session')]).toEqual([400, undefined])
})

test('a code of the attacker, put into the sign-in of somebody else, is worth nothing there (code injection)', async () => {
  const [attacker, victim] = [shop.visitor(), shop.visitor()]
  const [theirs, own] = [await answerFor(attacker), await answerFor(victim)]
  own.searchParams.set('code', String(theirs.searchParams.get('code')))
  expectRefused(await victim.open(own.href), victim)
})

test('an answer is taken once', async () => {
  const visitor = shop.visitor()
  const answer = await answerFor(visitor)
  expect(isSignedIn(await visitor.open(answer.href))).toBe(true)
  expect((await visitor.open(answer.href)).status).toBe(400)
})

test('of answers that race exactly one is taken', async () => {
  const visitor = shop.visitor()
  const answer = await answerFor(visitor)
  const before = acme.paths.filter((path) => path === '/token').length
  const pages = await Promise.all(Array.from({ length: 5 }, () => visitor.open(answer.href)))
  expect(pages.filter(isSignedIn).length).toBeLessThanOrEqual(1)
  expect(acme.paths.filter((path) => path === '/token')).toHaveLength(before + 1)
})

test('an answer at the callback of another provider is none (mix-up)', async () => {
  const visitor = shop.visitor()
  const answer = await answerFor(visitor)
  const before = other.paths.length
  const page = await visitor.open(answer.href.replace('/upstreams/acme/', '/upstreams/other/'))
  expect([page.status, other.paths.slice(before)]).toEqual([400, []])
  // What was asked for is still to be answered.
  expect(isSignedIn(await visitor.open(answer.href))).toBe(true)
})

const CALLBACKS: readonly (readonly [string, string, RequestInit, number])[] = [
  ['nothing', '', {}, 400],
  ['an unknown state', `?code=x&state=${'a'.repeat(43)}`, {}, 400],
  ['an odd state', '?code=x&state=%00', {}, 400],
  ['a state twice', '?code=x&state=a&state=b', {}, 400],
  ['a code and an error', '?code=x&error=y&state=a', {}, 400],
  ['a huge state', `?code=x&state=${'a'.repeat(5000)}`, {}, 400],
  ['JSON', '', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }, 415],
  ['a form with a field twice', '', { method: 'POST', body: new URLSearchParams('state=a&state=b') }, 400],
  ['an empty form', '', { method: 'POST', body: new URLSearchParams('') }, 400],
  ['a huge form', '', { method: 'POST', body: new URLSearchParams({ user: 'x'.repeat(70_000) }) }, 413],
]
test.each(CALLBACKS)('a callback with %s gets a page, and changes nothing', async (_, query, init, status) => {
  const answer = await fetch(`${shop.server.url}/upstreams/acme/callback${query}`, { ...init, redirect: 'manual' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
  expect(answer.headers.getSetCookie()).toEqual([])
})

test('a state is not told on: no page of an error repeats what came', async () => {
  const page = await shop
    .visitor()
    .open('/upstreams/acme/callback?error=%3Cscript%3E&error_description=%3Cscript%3E&state=x')
  expect(page.html).not.toContain('script')
})

test.each([
  ['of another issuer', { issuer: 'https://accounts.google.com' }],
  ['without a token endpoint', { token_endpoint: undefined }],
  ['whose addresses are none', { authorization_endpoint: 'javascript:alert(1)' }],
])('metadata %s is not used', async (_, metadata) => {
  const id = newId()
  const bad = await shop.addProvider(id)
  bad.metadata = metadata
  const page = await comeBy(shop.visitor(), id)
  expect([page.status, bad.asked]).toEqual([503, []])
})

test.each([
  ['that leads elsewhere', (path: string) => ({ status: 302, headers: { location: path }, body: '' })],
  ['that is huge', () => ({ status: 200, headers: {}, body: `{"issuer":"${'x'.repeat(300_000)}"}` })],
  ['that is no JSON', () => ({ status: 200, headers: {}, body: '<html>' })],
])('metadata %s is not used, and nothing else is asked', async (_, reply) => {
  const id = newId()
  const bad = await shop.addProvider(id)
  bad.replies.set('/.well-known/openid-configuration', (_, response) => {
    const { status, headers, body } = reply(`${acme.issuer}/.well-known/openid-configuration`)
    response.writeHead(status, headers).end(body)
  })
  const before = acme.paths.length
  expect((await comeBy(shop.visitor(), id)).status).toBe(503)
  expect([bad.paths.length, acme.paths.slice(before)]).toEqual([1, []])
})

test('a provider inside the network is not asked where the operator does not allow it', async () => {
  const guarded = await startShopWithUpstreams({ OUTGOING_ALLOWED_NETWORKS: 'none' })
  try {
    const inside = await guarded.addProvider('inside')
    expect((await comeBy(guarded.visitor(), 'inside')).status).toBe(503)
    const { body } = await ask(guarded.server, OWNER, 'GET', '/v1/upstreams/inside/check')
    expect([body.isUsable, inside.paths]).toEqual([false, []])
  } finally {
    await guarded.stop()
  }
})

test('a token endpoint that its metadata has put inside the network gets no code', async () => {
  const bad = await shop.addProvider('inward')
  // Loopback is allowed here; this address is not.
  bad.metadata = { token_endpoint: 'http://169.254.169.254/latest' }
  const visitor = shop.visitor()
  expectRefused(await comeBy(visitor, 'inward'), visitor)
})

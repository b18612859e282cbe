import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { northwind, type PageServer, password, startPageServer } from './page-server.ts'

const consent = { ...northwind, uid: 'uid-consent', prompt: 'consent', accountId: 'DE--21' } as const
let server: PageServer

beforeAll(async () => {
  server = await startPageServer()
  server.add(northwind)
  server.add({ ...northwind, uid: 'uid-other' })
  server.add({ ...consent, requested: { scopes: [{ name: 'openid' }, { name: 'orders:read' }], claims: ['email'] } })
})
beforeEach(() => {
  server.finished.length = 0
})
afterAll(() => server.stop())

async function openForm(uid: string) {
  const page = await fetch(`${server.origin}/interaction/${uid}`)
  const token = (await page.text()).match(/name="csrf" value="([^"]+)"/)?.[1] ?? ''
  return { page, token, cookie: page.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
}

type Sent = {
  readonly fields?: Record<string, string>
  readonly headers?: Record<string, string>
  readonly body?: string
}

async function submit(uid: string, step: string, { fields = {}, headers = {}, body }: Sent = {}) {
  const { token, cookie } = await openForm(uid)
  return fetch(`${server.origin}/interaction/${uid}/${step}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: body ?? new URLSearchParams({ csrf: token, ...fields }),
  })
}

const sonia = { login: 'sonia@spryker.com', password }

test('a right password ends the login with 303 and without a trace of the password', async () => {
  const answer = await submit('uid-login', 'login', { fields: { ...sonia, remember: 'yes' } })
  expect(answer.status).toBe(303)
  expect(server.finished).toEqual([{ proof: expect.any(Object), amr: ['pwd'], remember: true }])
})

test('a blank after the e-mail address is forgiven, and nobody is remembered unasked', async () => {
  await submit('uid-login', 'login', { fields: { ...sonia, login: ' sonia@spryker.com ' } })
  expect(server.finished).toEqual([expect.objectContaining({ remember: false })])
})

test('a wrong password shows the form again with the login and never the password', async () => {
  const answer = await submit('uid-login', 'login', { fields: { ...sonia, password: 'not-my-password' } })
  const html = await answer.text()
  expect(answer.status).toBe(422)
  expect(html).toContain('Wrong e-mail address or password.')
  expect(html).toContain('value="sonia@spryker.com"')
  expect(html).not.toContain('not-my-password')
  expect(server.finished).toEqual([])
})

test('empty fields are named', async () => {
  const answer = await submit('uid-login', 'login')
  const html = await answer.text()
  expect(answer.status).toBe(422)
  expect(html).toContain('href="#login"')
  expect(html).toContain('href="#password"')
})

test('an unconfirmed e-mail address is told only with the right password', async () => {
  const login = 'unconfirmed@example.com'
  const right = await submit('uid-login', 'login', { fields: { login, password } })
  const wrong = await submit('uid-login', 'login', { fields: { login, password: 'wrong' } })
  expect(await right.text()).toContain('Confirm your e-mail address first.')
  expect(await wrong.text()).toContain('Wrong e-mail address or password.')
  expect(server.finished).toEqual([])
})

test('a locked login is told how long to wait', async () => {
  const answer = await submit('uid-login', 'login', { fields: { login: 'locked@example.com', password } })
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('350')
  expect(await answer.text()).toContain('Wait 6 minutes')
})

test('a busy server says when to come back', async () => {
  const answer = await submit('uid-login', 'login', { fields: { login: 'busy@example.com', password } })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('3')
})

test.each([
  ['allow', 'granted'],
  ['deny', 'aborted'],
])('the decision to %s ends the consent as %s', async (decision, ending) => {
  const answer = await submit('uid-consent', 'consent', { fields: { decision } })
  expect(answer.status).toBe(303)
  expect(server.finished).toEqual([ending])
})

test('consent without a decision is not consent', async () => {
  const answer = await submit('uid-consent', 'consent', { fields: { decision: 'Allow' } })
  expect(answer.status).toBe(400)
  expect(server.finished).toEqual([])
})

test('consent cannot be given before the login', async () => {
  const answer = await submit('uid-login', 'consent', { fields: { decision: 'allow' } })
  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).toBe('/interaction/uid-login')
  expect(server.finished).toEqual([])
})

test('a sign-in can be called off at either prompt', async () => {
  await submit('uid-login', 'abort')
  await submit('uid-consent', 'abort')
  expect(server.finished).toEqual(['aborted', 'aborted'])
})

test.each(['login', 'consent', 'abort'])('a form without a genuine token does not reach %s', async (step) => {
  const { token: foreignToken } = await openForm('uid-other')
  const { token, cookie } = await openForm('uid-login')
  const fields = { ...sonia, decision: 'allow' }
  const forgeries: Sent[] = [
    { fields: { ...fields, csrf: '' } },
    { fields: { ...fields, csrf: 'AAAA' } },
    { fields: { ...fields, csrf: foreignToken } },
    { fields: { ...fields, csrf: token }, headers: { cookie: '' } },
    { fields: { ...fields, csrf: token }, headers: { cookie: cookie.replace(/.$/, '!') } },
    { fields, headers: { origin: 'https://evil.example' } },
    { fields, headers: { origin: 'null' } },
    { fields, headers: { origin: server.origin, 'sec-fetch-site': 'cross-site' } },
    { fields, headers: { 'sec-fetch-site': 'same-site' } },
  ]
  for (const forgery of forgeries) {
    const answer = await submit('uid-login', step, forgery)
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('href="/interaction/uid-login"')
  }
  expect(server.finished).toEqual([])
})

test('the form cookie is kept from scripts and foreign sites', async () => {
  const { page } = await openForm('uid-login')
  expect(page.headers.getSetCookie()[0]).toMatch(/; path=\/; samesite=lax; httponly$/)
})

test('an interaction opened under the uid of another is lost', async () => {
  const headers = { 'x-test-uid': 'uid-other', cookie: 'another=cookie' }
  const shown = await fetch(`${server.origin}/interaction/uid-login`, { headers })
  const sent = await submit('uid-login', 'login', { fields: sonia, headers })
  for (const answer of [shown, sent]) {
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('This sign-in expired or was already finished.')
  }
  expect(server.finished).toEqual([])
})

test.each<[string, number, Sent]>([
  ['repeated field', 400, { body: 'login=a&login=b' }],
  ['field sent as an array', 422, { fields: { 'login[]': 'sonia@spryker.com', password } }],
  ['oversized form', 413, { fields: { login: 'a'.repeat(20_000) } }],
  ['form of another type', 415, { body: '{"login":"a"}', headers: { 'content-type': 'application/json' } }],
])('a %s is answered with a page and %i', async (_, status, sent) => {
  const answer = await submit('uid-login', 'login', sent)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(server.finished).toEqual([])
})

test('an answered form that is reloaded by its address leads back to its page', async () => {
  const answer = await fetch(`${server.origin}/interaction/uid-login/login`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/interaction/uid-login'])
})

test('the stylesheet is kept for a year under the address that pages use, and revalidated under any other', async () => {
  const html = await (await fetch(`${server.origin}/interaction/uid-login`)).text()
  const url = server.origin + /"(\/assets\/style\.[\w-]{16}\.css)"/.exec(html)?.[1]
  const first = await fetch(url)
  const etag = first.headers.get('etag') ?? ''
  expect(first.headers.get('content-type')).toBe('text/css; charset=utf-8')
  expect(first.headers.get('cache-control')).toContain('immutable')
  expect((await fetch(url, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } })).status).toBe(304)
  for (const other of [`${server.origin}/assets/style.css`, url.replace(/\.[\w-]{16}\./, '.AAAAAAAAAAAAAAAA.')]) {
    const former = await fetch(other)
    expect([former.status, former.headers.get('cache-control')]).toEqual([200, 'no-cache'])
  }
  expect((await fetch(`${server.origin}/assets/constructor`)).status).toBe(404)
})

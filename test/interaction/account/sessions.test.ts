import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserName } from '../../../src/http/browser-name.ts'
import { introspect, pkce, read, refresh } from '../../endpoints/client.ts'
import { postForm } from '../../support/http.ts'
import { type HostedShop, startHostedShop } from '../hosted-shop.ts'
import { openSignedIn, pathOf, signedIn } from './account-visitor.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

/** A customer who is signed in with a computer, where the storefront has tokens as well, and with a telephone. */
async function withTwoBrowsers() {
  const { customer, visitor: computer } = await signedIn(shop, { 'user-agent': FIREFOX })
  const phone = shop.visitor({ 'user-agent': IPHONE, 'x-forwarded-for': '203.0.113.9' })
  await openSignedIn(phone, customer)
  const { verifier, challenge } = pkce()
  const { url } = await phone.openLogin({ code_challenge: challenge })
  const code = new URL(url).searchParams.get('code') ?? ''
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier, client_id: 'frontend' }
  const redirect = { redirect_uri: 'http://localhost:8080/callback' }
  const { body: tokens } = await read(postForm(`${shop.server.url}/token`, { ...fields, ...redirect }))
  return { customer, computer, phone, tokens: tokens as { access_token: string; refresh_token: string } }
}

test('lists the browsers of the customer, coarsely, this one marked', async () => {
  const { computer } = await withTwoBrowsers()
  const { html } = await computer.open('/account/sessions')
  expect(html).toMatch(/Firefox on Linux<\/strong> <span class="tag">This device/)
  expect(html).toContain('Safari on iPhone')
  expect(html).toContain('203.0.113.9')
  expect(html.match(/name="uid"/g)).toHaveLength(1)
})

test('signs one browser out with everything that apps got in it, and no other', async () => {
  const { computer, phone, tokens } = await withTwoBrowsers()
  const done = await computer.submit(await computer.open('/account/sessions'), '/sessions/end')
  expect(pathOf(done)).toBe('/account/sessions?done=session-ended')
  expect(done.html).not.toContain('Safari on iPhone')
  expect((await phone.open('/account')).url).toContain('/interaction/')
  expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
  expect((await read(refresh(shop.server.url, tokens.refresh_token))).body).toMatchObject({ error: 'invalid_grant' })
  expect((await computer.open('/account')).status).toBe(200)
})

test('signs out everywhere else, and does not count as a fresh sign-in', async () => {
  const { computer, phone, tokens } = await withTwoBrowsers()
  const done = await computer.submit(await computer.open('/account/sessions'), '/sessions/end-others')
  expect(pathOf(done)).toBe('/account/sessions?done=others-ended')
  expect((await phone.open('/account')).url).toContain('/interaction/')
  expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
  expect((await computer.open('/account/sessions')).html).toContain('This device')
})

test.each([
  ['of another customer', async () => (await (await signedIn(shop)).visitor.open('/account/sessions')).html],
  ['that never was', async () => 'name="uid" value="no-such-session"'],
  ['without a name', async () => 'name="uid" value=""'],
])('a session %s is as unknown as any, and lives on', async (_which, page) => {
  const { computer } = await withTwoBrowsers()
  await page()
  const other = await signedIn(shop)
  const index = await other.visitor.open('/account/sessions')
  expect(index.html).toContain('This device')
  const uid = /name="uid" value="([^"]*)"/.exec(await page())?.[1] ?? 'x'
  const refused = await computer.submit(await computer.open('/account/sessions'), '/sessions/end', { uid })
  expect([refused.status, refused.html.includes('There is no page here')]).toEqual([404, true])
  expect((await other.visitor.open('/account')).status).toBe(200)
})

test.each([
  [FIREFOX, { browser: 'Firefox', system: 'Linux' }],
  [IPHONE, { browser: 'Safari', system: 'iPhone' }],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/129.0 Safari/537.36 Edg/129.0',
    { browser: 'Edge', system: 'Windows' },
  ],
  [
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36',
    { browser: 'Samsung Internet', system: 'Android' },
  ],
  ['curl/8.5.0', {}],
  ['', {}],
])('a browser is told of in two words (%s)', (said, name) => {
  expect(browserName(said)).toEqual(name)
})

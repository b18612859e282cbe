import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { obtainCode, RON_ID, ron } from '../../endpoints/client.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const TOKEN = 'an-admin-token-for-tests'
const NOTICE = 'customer_page.error.customer_already_logged_in'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN, SIGN_IN_LINK_TARGET: 'https://shop.example/overview?tab=1#top' })
})
afterAll(() => server?.stop())

const mint = async (body: object) => {
  const answer = await postJson(`${server.adminUrl}/v1/sign-in-links`, body, { authorization: `Bearer ${TOKEN}` })
  return { status: answer.status, body: (await answer.json()) as { url: string; token: string; code?: string } }
}

test('a link from the admin API signs its customer in once, and tells somebody who is signed in so', async () => {
  const { status, body } = await mint({ customerReference: 'DE--21' })
  expect([status, body.url]).toEqual([201, `${server.url}/access-token/${body.token}`])
  const jar = createCookieJar()
  const first = await jar.fetch(body.url)
  expect([first.status, first.headers.get('location')]).toEqual([302, 'https://shop.example/overview?tab=1#top'])
  const again = await jar.fetch(body.url)
  expect(again.headers.get('location')).toBe(`https://shop.example/overview?tab=1&notice=${NOTICE}#top`)
  const stranger = await fetch(body.url, { redirect: 'manual' })
  expect([stranger.status, await stranger.text()]).toEqual([403, expect.stringContaining('Invalid access token.')])
})

test('somebody who signed in right after they were signed out everywhere is told so by a link', async () => {
  const second = (Math.floor(Date.now() / 1000) + 1) * 1000
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  vi.setSystemTime(second + 100)
  const headers = { authorization: `Bearer ${TOKEN}` }
  const signOut = await postJson(`${server.adminUrl}/v1/sign-outs`, { of: 'customer', id: RON_ID }, headers)
  expect(signOut.status).toBe(200)
  vi.setSystemTime(second + 101)
  const { jar } = await obtainCode(server.url, {}, { login: ron })
  const { body } = await mint({ customerId: RON_ID })
  const answer = await jar.fetch(`${server.url}/access-token/${body.token}`)
  expect(answer.headers.get('location')).toContain('notice=')
})

test.each([
  ['an unknown customer', { customerReference: 'DE--404' }, 404, 'unknown-customer'],
  [
    'a reusable link without the setting',
    { customerReference: 'DE--21', isReusable: true },
    409,
    'reusable-not-allowed',
  ],
  ['a long life', { customerReference: 'DE--21', ttlSeconds: 86_400 }, 400, 'invalid-body'],
  ['no customer', {}, 400, 'invalid-body'],
])('a link for %s is refused', async (_, body, status, code) => {
  expect(await mint(body)).toMatchObject({ status, body: { code } })
})

test('a registration key from the admin API confirms its customer’s address, once', async () => {
  const authorization = `Bearer ${TOKEN}`
  const issue = (customerReference: string) =>
    postJson(`${server.adminUrl}/v1/registration-keys`, { customerReference }, { authorization })
  const { registrationKey } = (await (await issue('DE--24')).json()) as { registrationKey: string }
  const confirm = () =>
    postJson(`${server.url}/customer-confirmation`, {
      data: { type: 'customer-confirmation', attributes: { registrationKey } },
    })
  expect([(await confirm()).status, (await confirm()).status]).toEqual([204, 422])
  expect([(await issue('DE--24')).status, (await issue('DE--404')).status]).toEqual([409, 404])
})

test('operators see which client came through which dialect', async () => {
  await postJson(`${server.url}/access-tokens`, {
    data: { type: 'access-tokens', attributes: { username: 'sonia@spryker.com', password: 'change123' } },
  })
  const uses = async (query: string) =>
    fetch(`${server.adminUrl}/v1/dialects/uses${query}`, { headers: { authorization: `Bearer ${TOKEN}` } })
  expect(await (await uses('')).json()).toEqual({
    items: [{ dialect: 'spryker', clientId: 'frontend', day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), count: 1 }],
  })
  expect(await (await uses('?since=2999-01-01')).json()).toEqual({ items: [] })
  expect((await uses('?since=yesterday')).status).toBe(400)
})

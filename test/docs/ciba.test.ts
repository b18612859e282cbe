import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn, sonia } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { readForm } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

const PAGE = 'docs/how-to/ciba.md'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('the cash desk of the page asks, the customer approves, and it gets tokens', async () => {
  const { url } = shop.server
  const walk = shop.walk(PAGE, {}, { ISSUER: url, CASH_DESK_SECRET: 'a-secret-of-the-cash-desk' })
  expect(await walk.next('clients create cash-desk.json')).toContain('cash-desk is registered')
  expect(JSON.parse(await walk.next('/backchannel'))).toMatchObject({ interval: 5, expires_in: 300 })

  const jar = createCookieJar()
  const login = await jar.follow(await jar.fetch(`${url}/account/apps`))
  const html = await (await signIn(jar, login, sonia)).response.text()
  expect(html).toContain('Cash desk')
  const [, href = ''] = /href="([^"]*\/apps\/approve[^"]*)"/.exec(html) ?? []
  const asked = new URL(href.replaceAll('&amp;', '&'), url)
  const page = await jar.follow(await jar.fetch(asked))
  const text = await page.response.text()
  expect(text).toContain('Desk 7')
  const { fields, action } = readForm(text, page.url)
  const body = new URLSearchParams({ ...fields, decision: 'allow' })
  expect((await jar.fetch(action, { method: 'POST', body })).status).toBe(303)

  expect(JSON.parse(await walk.next('grant_type=urn:openid:params:grant-type:ciba'))).toMatchObject({
    access_token: expect.any(String),
    id_token: expect.any(String),
  })
  walk.end()
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, pkce } from '../endpoints/client.ts'
import { readForm } from '../support/http.ts'
import { type HostedShop, startHostedShop } from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const NEEDED = 'Cookies are needed here'
const MOST_REDIRECTS = 3

/** Follows redirects as a browser that keeps no cookies, and never for ever. */
async function open(address: string): Promise<{ status: number; html: string; url: string }> {
  let url = address
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
    const next = answer.headers.get('location')
    if (next === null) return { status: answer.status, html: await answer.text(), url }
    url = new URL(next, url).href
  }
  throw new Error(`a loop, last to ${url}`)
}

const PAGES: Readonly<Record<string, () => string>> = {
  'a sign-in': () =>
    authorizationUrl(shop.server.url, { code_challenge: pkce().challenge, code_challenge_method: 'S256' }),
  'the account': () => `${shop.server.url}/account`,
  'a form of the account': () => `${shop.server.url}/account/security/password`,
}

test.each(Object.keys(PAGES))('without cookies %s says what is missing, and goes round in no circle', async (name) => {
  const { status, html } = await open(PAGES[name]?.() ?? '')
  expect([status, html.includes(NEEDED)]).toEqual([400, true])
})

test.each(['/recovery', '/registration'])('without cookies the form of %s says what is missing', async (path) => {
  const page = await open(shop.server.url + path)
  const { action, fields } = readForm(page.html, page.url)
  const answer = await fetch(action, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, login: 'a@example.com' }),
  })
  expect([answer.status, (await answer.text()).includes(NEEDED)]).toEqual([403, true])
})

test('a browser with cookies is told that a sign-in is over, and not to look at its cookies', async () => {
  const visitor = shop.visitor()
  await visitor.openLogin()
  const { status, html } = await visitor.open('/interaction/gone')
  expect([status, html.includes(NEEDED), html.includes('This sign-in has ended')]).toEqual([400, false, true])
})

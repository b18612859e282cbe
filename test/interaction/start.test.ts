import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from './hosted-shop.ts'

/** What Chromium sends when a person opens an address. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({
    BRAND_HOME_URL: 'https://shop.example/',
    BRAND_PRIVACY_URL: 'https://shop.example/privacy',
    BRAND_IMPRINT_URL: 'https://shop.example/imprint',
  })
})
afterAll(() => shop?.stop())

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(shop.server.url + path, { method, headers, redirect: 'manual' })

describe('the address of the server', () => {
  test('is a page with the name of the shop, in the language of the browser, with ways on, and sets no cookie', async () => {
    const answer = await get('/', { accept: BROWSER, 'accept-language': 'de' })
    const html = await answer.text()
    expect([answer.status, answer.headers.get('content-language')]).toEqual([200, 'de'])
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(html).toContain('<title>Willkommen · Acme Shop</title>')
    for (const way of ['https://shop.example/', 'https://shop.example/privacy', 'https://shop.example/imprint'])
      expect(html).toContain(`href="${way}"`)
  })

  test('tells programs in short where to find out more', async () => {
    const { url: issuer } = shop.server
    expect(await (await get('/', { accept: 'application/json' })).json()).toEqual({
      name: 'Acme Shop',
      issuer,
      openid_configuration: `${issuer}/.well-known/openid-configuration`,
    })
  })
})

/** The path that says whether a server answers 404 at all (W3C, A Well-Known URL for Changing Passwords). */
const NEVER_THERE = '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200'

describe.each([
  ['GET', '/nothing', 404],
  ['GET', NEVER_THERE, 404],
  ['GET', '/interaction', 404],
  ['GET', '/sent/nothing', 404],
  ['POST', '/nothing', 404],
  ['GET', '/%3Cimg%20src=x%3E', 404],
  ['DELETE', '/recovery', 405],
])('%s %s', (method, path, status) => {
  test('is a page for browsers, with the id of the request and a way on', async () => {
    const answer = await get(path, { accept: BROWSER }, method)
    const html = await answer.text()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(html).toContain(`<dd>${answer.headers.get('x-request-id')}</dd>`)
    expect(html).toContain('href="https://shop.example/"')
    expect(html).not.toContain('<img src=x')
  })

  test.each([undefined, '*/*', 'application/json', 'application/json, text/html;q=0.5'])(
    'is JSON for Accept: %s',
    async (accept) => {
      const answer = await get(path, accept === undefined ? {} : { accept }, method)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json; charset=utf-8'])
      expect(Object.keys((await answer.json()) as object)).toEqual(['error', 'error_description'])
    },
  )
})

test('every end leads on: to the shop, and to what one may want next', async () => {
  const ends = [
    '/done/password-changed',
    '/done/confirmed',
    '/sent/recovery',
    '/sent/registration',
    '/recovery/new?token=x',
  ]
  for (const path of ends) {
    const html = await (await get(path, { accept: BROWSER })).text()
    expect(html, path).toMatch(/<main.*href="https:\/\/shop\.example\/".*<\/main>/s)
  }
  expect(await (await get('/sent/recovery', { accept: BROWSER })).text()).toContain('href="/recovery"')
})

test('a customer who is signed in goes on from the start page to their account, in their language', async () => {
  const visitor = shop.visitor({ accept: BROWSER })
  await visitor.signIn(await shop.addCustomer())
  const page = await visitor.open('/?ui_locales=de')
  expect(new URL(page.url).pathname).toBe('/account')
  expect(page.html).toContain('<html lang="de"')
})

test.each([
  ['xx de', 'de'],
  ['tlh-Latn fr-CA de', 'fr'],
  ['xx', 'en'],
  ['../../de', 'en'],
  ['x'.repeat(3000), 'en'],
])(
  'of the languages that a client asks for (%.20s) the first that there is is taken, and others are no error',
  async (uiLocales, language) => {
    const visitor = shop.visitor()
    for (const page of [
      await visitor.openLogin({ ui_locales: uiLocales }),
      await visitor.open(`/recovery?${new URLSearchParams({ ui_locales: uiLocales })}`),
    ])
      expect([page.status, page.headers.get('content-language')]).toEqual([200, language])
  },
)

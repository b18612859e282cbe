import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { waitFor } from '../support/wait-for.ts'
import { barriers } from './barriers.ts'
import { blamable, expectReadable, focused, leadOn } from './look.ts'

const TOKEN = 'an-admin-token-for-tests'

/** Every page that looks different; `:kid` is a key that waits. */
const PAGES: Readonly<Record<string, string>> = {
  overview: '/console/',
  keys: '/console/keys',
  'key-rotate': '/console/keys/rotate',
  'key-generate': '/console/keys/generate',
  'key-revoke': '/console/keys/:kid/revoke',
  clients: '/console/clients',
  client: '/console/clients/orders-service',
  'secret-end': '/console/clients/orders-service/secrets/default/end',
  'client-grants': '/console/clients/frontend/grants',
  'client-disable': '/console/clients/orders-service/disable',
  customers: '/console/customers',
  'customers-search': '/console/customers?search=sonia',
  customer: '/console/customers/DE--21',
  'customer-sign-out': '/console/customers/DE--21/sign-out',
  tokens: '/console/tokens',
  'tokens-found': '/console/tokens?customer=ron%40swanson.com',
  'support-access': '/console/support-access',
  'support-access-off': '/console/support-access/off',
  lockouts: '/console/lockouts',
  'lockouts-found': '/console/lockouts?login=ron%40swanson.com&realm=customer',
  outbox: '/console/outbox',
  'outbox-messages': '/console/outbox/messages?state=dead',
  'outbox-pause': '/console/outbox/audit-webhook/AUDIT_WEBHOOK_URL/pause',
  dialects: '/console/dialects',
  issuers: '/console/issuers',
  'client-documents': '/console/client-documents',
  audit: '/console/audit',
  'audit-search': '/console/audit?type=login.refused&clientId=frontend',
  'audit-nothing': '/console/audit?customerId=nobody',
  'audit-problem': '/console/audit?type=nothing',
  'not-found': '/console/nothing',
}

describeOn('chromium', 'the console in a browser', () => {
  let server: TestServer
  let browser: Browser
  /** Where axe looks at what another page shows, as pages of the console have no scripts and axe is one. */
  let twin: Page
  /** A page of somebody who is signed in. */
  let signedInPage: Page
  const complaints: string[] = []

  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: TOKEN, LOCKOUT_ATTEMPTS: '2', JWKS_CACHE_SECONDS: '3600' })
    browser = await connectChromium()
    twin = await (await newContext(browser, { bypassCSP: true })).newPage()
    await visitShop(server)
    signedInPage = await (await newContext(browser, { javaScriptEnabled: false })).newPage()
    signedInPage.on('console', (message) => complaints.push(message.text()))
    await signIn(signedInPage)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => {
    expect(blamable(complaints.splice(0))).toEqual([])
  })

  /** Runs `use` without scripts, as the console is made; the test fails on anything the browser complains about. */
  async function inBrowser(use: (page: Page) => Promise<void>): Promise<void> {
    const context = await newContext(browser, { javaScriptEnabled: false })
    try {
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      await use(page)
    } finally {
      await context.close()
    }
  }

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${server.adminUrl}/console/`)
    await page.getByLabel('Admin token').fill(TOKEN)
    await leadOn(page, () => page.keyboard.press('Enter'))
    expect(pathOf(page)).toBe('/console/')
  }

  async function addressOf(name: string): Promise<string> {
    return server.adminUrl + (PAGES[name] ?? '').replace(':kid', await pendingKid(server))
  }

  /** It is readable in both colours at every size, and axe finds nothing that keeps people from using it. */
  async function look(page: Page, name: string): Promise<void> {
    await expectReadable(page, name)
    expect(await page.locator('h1').count()).toBe(1)
    expect(await barriersOf(page), name).toEqual([])
  }

  /** What keeps people from using the page, by axe. */
  async function barriersOf(page: Page): Promise<string[]> {
    const html = await page.content()
    await twin.setViewportSize(page.viewportSize() ?? { width: 1280, height: 800 })
    await twin.route(
      ({ href }) => href === page.url(),
      (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }),
    )
    await twin.goto(page.url())
    await twin.unrouteAll()
    return barriers(twin)
  }

  test('the sign-in fits a phone, is readable, and can be used by everybody', async () => {
    await inBrowser(async (page) => {
      await page.goto(`${server.adminUrl}/console/`)
      await look(page, 'sign-in')
      await leadOn(page, () => page.getByRole('button', { name: 'Sign in with the token' }).click())
      await look(page, 'sign-in-refused')
    })
  })

  test.each(Object.keys(PAGES))(
    '%s fits a phone and a desk, is readable, and can be used by everybody',
    async (name) => {
      await signedInPage.goto(await addressOf(name))
      await look(signedInPage, name)
    },
  )

  test('the keyboard alone signs in, skips the navigation, rotates a key and signs out', async () => {
    await inBrowser(async (page) => {
      await page.goto(`${server.adminUrl}/console/`)
      await tabTo(page, 'token')
      await page.keyboard.type(TOKEN)
      await enter(page, '/console/')

      await page.keyboard.press('Tab')
      await expectFocus(page, 'Skip to the content')
      await page.keyboard.press('Enter')
      await expectFocus(page, 'content')

      await page.goto(`${server.adminUrl}/console/`)
      await tabTo(page, 'Keys')
      await enter(page, '/console/keys')
      await tabTo(page, 'Rotate…')
      await enter(page, '/console/keys/rotate')
      await tabTo(page, 'Rotate now')
      await enter(page, '/console/keys/rotate')
      expect(await page.getByRole('alert').textContent()).toContain('verifiers cache JWKS for 3600 s')
      await look(page, 'key-rotate-refused')
      await tabTo(page, 'force')
      await page.keyboard.press('Space')
      await tabTo(page, 'Rotate now')
      await enter(page, '/console/keys?done=keys-rotated')
      expect(await page.getByRole('status').textContent()).toContain('The next keys sign now.')
      await look(page, 'keys-rotated')

      await tabTo(page, 'Sign out')
      await enter(page, '/console/sign-in?done=signed-out')
    })
  })

  test('a new secret can be read once and is gone after a reload', async () => {
    await inBrowser(async (page) => {
      await signIn(page)
      await leadOn(page, () => page.getByRole('link', { name: 'Clients' }).click())
      await leadOn(page, () => page.getByRole('link', { name: 'third-party-app' }).click())
      await page.getByLabel('Name', { exact: true }).fill('autumn')
      await leadOn(page, () => page.getByRole('button', { name: 'Create the secret' }).click())
      expect(await page.locator('#secret').textContent()).toMatch(/^[\w-]{43}$/)
      await look(page, 'client-secret')
      await page.reload()
      expect(await page.locator('#secret').count()).toBe(0)
      expect(await page.getByRole('rowheader', { name: 'autumn' }).count()).toBe(1)
    })
  })

  test('a link from elsewhere leads somebody who is signed in on with one click', async () => {
    await inBrowser(async (page) => {
      await signIn(page)
      await page.goto('about:blank')
      await page.setContent(`<a href="${server.adminUrl}/console/keys">the keys</a>`)
      await leadOn(page, () => page.getByRole('link').click())
      await leadOn(page, () => page.getByRole('link', { name: 'I am signed in: continue' }).click())
      expect(await page.locator('h1').textContent()).toBe('Signing keys')
    })
  })
})

/** Some of everything that the pages show. */
async function visitShop({ url }: TestServer): Promise<void> {
  const form = { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com' }
  await postForm(`${url}/token`, { ...form, password: 'change123' })
  for (const password of ['wrong', 'wrong again', 'wrong once more']) {
    await postForm(`${url}/token`, { ...form, username: 'ron@swanson.com', password })
  }
  const attributes = { username: 'sonia@spryker.com', password: 'change123' }
  await postJson(`${url}/access-tokens`, { data: { type: 'access-tokens', attributes } })
  await fetch(`${url}/jwks`)
}

async function pendingKid({ adminUrl }: TestServer): Promise<string> {
  const answer = await fetch(`${adminUrl}/v1/keys`, { headers: { authorization: `Bearer ${TOKEN}` } })
  const { items } = (await answer.json()) as { items: { kid: string; state: string }[] }
  return items.find(({ state }) => state === 'pending')?.kid ?? ''
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let step = 0; step < 60; step++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard never came to "${name}"`)
}

async function enter(page: Page, expected: string): Promise<void> {
  await leadOn(page, () => page.keyboard.press('Enter'))
  expect(pathOf(page)).toBe(expected)
}

async function expectFocus(page: Page, name: string): Promise<void> {
  await waitFor(async () => (await focused(page)) === name, { what: `the focus on "${name}"` })
}

function pathOf(page: Page): string {
  const { pathname, search } = new URL(page.url())
  return pathname + search
}

import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { blamable, launchChromium } from './chromium.ts'
import { faintTexts } from './contrast.ts'

const TOKEN = 'an-admin-token-for-tests'
const screenshots = join(tmpdir(), 'vestibule-console')
const sizes = [
  [1280, 800],
  [360, 740],
] as const

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
  lockouts: '/console/lockouts',
  'lockouts-found': '/console/lockouts?login=ron%40swanson.com&realm=customer',
  dialects: '/console/dialects',
  audit: '/console/audit',
  'audit-search': '/console/audit?type=login.refused&clientId=frontend',
  'audit-nothing': '/console/audit?customerId=nobody',
  'audit-problem': '/console/audit?type=nothing',
  'not-found': '/console/nothing',
}

describeOn('chromium', 'the console in a browser', () => {
  let server: TestServer
  let browser: Browser
  let storageState: BrowserContextOptions['storageState']

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true })
    server = await startTestServer({ ADMIN_TOKEN: TOKEN, LOCKOUT_ATTEMPTS: '2' })
    browser = await launchChromium()
    await visitShop(server)
    storageState = await signedIn()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** Runs `use` without scripts, as the console is made; fails on anything the browser complains about. */
  async function inBrowser(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false, ...options })
    const complaints: string[] = []
    try {
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      await use(page)
    } finally {
      await context.close()
    }
    expect(blamable(complaints)).toEqual([])
  }

  /** What a browser remembers of having signed in. */
  async function signedIn(): Promise<BrowserContextOptions['storageState']> {
    const context = await browser.newContext({ javaScriptEnabled: false })
    await signIn(await context.newPage())
    const storageState = await context.storageState()
    await context.close()
    return storageState
  }

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${server.adminUrl}/console/`)
    await page.getByLabel('Admin token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/console/')
  }

  async function addressOf(name: string): Promise<string> {
    return server.adminUrl + (PAGES[name] ?? '').replace(':kid', await pendingKid(server))
  }

  test('the sign-in fits a phone, is readable, and can be used by everybody', async () => {
    await inBrowser(async (page) => {
      await page.goto(`${server.adminUrl}/console/`)
      await look(page, 'sign-in')
      await page.getByRole('button', { name: 'Sign in with the token' }).click()
      await look(page, 'sign-in-refused')
    })
  })

  test.each(Object.keys(PAGES))(
    '%s fits a phone and a desk, is readable, and can be used by everybody',
    async (name) => {
      const address = await addressOf(name)
      const use = async (page: Page) => {
        await page.goto(address)
        await look(page, name)
      }
      await inBrowser(use, { storageState })
    },
  )

  test('the keyboard alone signs in, skips the navigation, rotates a key and signs out', async () => {
    await inBrowser(async (page) => {
      await page.goto(`${server.adminUrl}/console/`)
      await tabTo(page, 'token')
      await page.keyboard.type(TOKEN)
      await page.keyboard.press('Enter')
      await page.waitForURL('**/console/')

      await page.keyboard.press('Tab')
      expect(await focused(page)).toBe('Skip to the content')
      await page.keyboard.press('Enter')
      expect(await focused(page)).toBe('content')

      await page.goto(`${server.adminUrl}/console/`)
      await tabTo(page, 'Keys')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/keys')
      await tabTo(page, 'Rotate…')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/keys/rotate')
      await tabTo(page, 'Rotate now')
      await page.keyboard.press('Enter')
      expect(await page.getByRole('alert').textContent()).toContain('verifiers cache JWKS for 300 s')
      await look(page, 'key-rotate-refused')
      await tabTo(page, 'force')
      await page.keyboard.press('Space')
      await tabTo(page, 'Rotate now')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/keys?done=keys-rotated')
      expect(await page.getByRole('status').textContent()).toContain('The next keys sign now.')
      await look(page, 'keys-rotated')

      await tabTo(page, 'Sign out')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/sign-in?done=signed-out')
    })
  })

  test('a new secret can be read once and is gone after a reload', async () => {
    await inBrowser(async (page) => {
      await signIn(page)
      await page.getByRole('link', { name: 'Clients' }).click()
      await page.getByRole('link', { name: 'third-party-app' }).click()
      await page.getByLabel('Name', { exact: true }).fill('autumn')
      await page.getByRole('button', { name: 'Create the secret' }).click()
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
      await page.getByRole('link').click()
      await page.getByRole('link', { name: 'I am signed in: continue' }).click()
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

/**
 * In both colours and at every size: nothing scrolls sideways, texts stand out, axe finds nothing, and a picture is left
 * to look at.
 */
async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height })
      const path = join(screenshots, `${name}-${colorScheme}-${width}.png`)
      await page.screenshot({ path, fullPage: true, animations: 'disabled' })
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${name} must not scroll sideways at ${width} px`).toBeLessThanOrEqual(0)
    }
    expect(await faintTexts(page), name).toEqual([])
  }
  expect(await page.locator('h1').count()).toBe(1)
  expect(await barriers(page), name).toEqual([])
}

/** What keeps people from using the page, by axe: which needs scripts, and looks at a twin of the page that has them. */
async function barriers(page: Page): Promise<string[]> {
  const browser = page.context().browser()
  const twin = await browser?.newPage({ viewport: page.viewportSize(), bypassCSP: true })
  if (!twin) throw new Error('the browser is closed')
  try {
    const html = await page.content()
    await twin.route(page.url(), (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }))
    await twin.goto(page.url())
    await twin.evaluate(axe.source)
    const { violations } = (await twin.evaluate('axe.run()')) as {
      violations: { id: string; nodes: { html: string }[] }[]
    }
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html: found }) => `${id}: ${found.slice(0, 200)}`))
  } finally {
    await twin.close()
  }
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let step = 0; step < 60; step++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard never came to "${name}"`)
}

/** Where the focus is: an id, or what the button or link says. */
function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')
}

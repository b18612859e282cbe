import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asked, northwind, type PageServer, password, startPageServer } from '../interaction/page-server.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { blamable, expectGoodPage, focused, leadOn } from './look.ts'

const longName = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
const scopes = ['openid', 'profile', 'email', 'offline_access', 'orders:read']
const consent = { ...northwind, uid: 'consent', prompt: 'consent', accountId: 'DE--21' } as const

/** Software that no operator knows, at the computer of the person. */
const stranger = {
  clientId: 'sample',
  name: 'Shopping assistant',
  isFirstParty: false,
  isStranger: true,
  isSelfDescribed: true,
} as const

/** Every page in every state that looks different. */
const states: Record<string, (page: Page, origin: string) => Promise<unknown>> = {
  login: (page, origin) => page.goto(`${origin}/interaction/uid-login`),
  'login-wrong': (page, origin) => signInWrongly(page, origin, 'sonia@spryker.com', 'wrong'),
  'login-missing': (page, origin) => signInWrongly(page, origin, '', ''),
  'login-locked': (page, origin) => signInWrongly(page, origin, 'locked@example.com', 'wrong'),
  'login-long': (page, origin) => page.goto(`${origin}/interaction/long`),
  'login-wrong-ar': (page, origin) => signInWrongly(page, origin, '1@shop.example', 'wrong', 'interaction/arabic'),
  'login-unconfirmed-de': (page, origin) =>
    signInWrongly(page, origin, 'unconfirmed@example.com', password, 'interaction/german'),
  consent: (page, origin) => page.goto(`${origin}/interaction/consent`),
  'consent-ar': (page, origin) => page.goto(`${origin}/interaction/consent-arabic`),
  'device-confirm-ar': (page, origin) => page.goto(`${origin}/device-confirm?ui_locales=ar`),
  'choose-account': (page, origin) => page.goto(`${origin}/interaction/choose-account`),
  'consent-stranger': (page, origin) => page.goto(`${origin}/interaction/consent-stranger`),
  'consent-stranger-ar': (page, origin) => page.goto(`${origin}/interaction/consent-stranger-ar`),
  'consent-long': (page, origin) => page.goto(`${origin}/interaction/consent-long`),
  logout: (page, origin) => page.goto(`${origin}/logout`),
  'signed-out': (page, origin) => page.goto(`${origin}/signed-out`),
  staying: (page, origin) => page.goto(`${origin}/staying`),
  device: (page, origin) => page.goto(`${origin}/device`),
  'device-wrong': (page, origin) => page.goto(`${origin}/device-wrong`),
  'device-confirm': (page, origin) => page.goto(`${origin}/device-confirm?ui_locales=de`),
  'device-done': (page, origin) => page.goto(`${origin}/device-done`),
  error: (page, origin) => page.goto(`${origin}/error`),
  'error-lost': (page, origin) => page.goto(`${origin}/interaction/gone`),
}

async function fillIn(page: Page, origin: string, login: string, given: string, path = 'interaction/uid-login') {
  await page.goto(`${origin}/${path}`)
  await page.locator('#login').fill(login)
  await page.locator('#password').fill(given)
  return page.locator('form[action$="/login"] button')
}

/** A sign-in that is answered by a page of ours: what is looked at next is on that page. */
async function signInWrongly(...given: Parameters<typeof fillIn>): Promise<void> {
  const button = await fillIn(...given)
  await leadOn(given[0], () => button.click())
}

describeOn('chromium', 'pages in a browser', () => {
  let server: PageServer
  let browser: Browser

  beforeAll(async () => {
    server = await startPageServer()
    server.add(northwind)
    server.add({ ...northwind, uid: 'german', uiLocales: ['de'] })
    server.add({ ...northwind, uid: 'arabic', uiLocales: ['ar'] })
    server.add({
      ...consent,
      uid: 'consent-arabic',
      uiLocales: ['ar'],
      requested: { scopes: asked(...scopes), claims: ['customer_reference'] },
    })
    server.add({ ...northwind, uid: 'long', client: { ...northwind.client, name: longName }, loginHint: 's@e.example' })
    server.add({ ...northwind, uid: 'choose-account', prompt: 'select_account', accountId: consent.accountId ?? '' })
    server.add({ ...consent, requested: { scopes: asked(...scopes), claims: [] } })
    for (const [uid, language] of [
      ['consent-stranger', 'en'],
      ['consent-stranger-ar', 'ar'],
    ] as const) {
      server.add({
        ...consent,
        uid,
        uiLocales: [language],
        client: { ...stranger, host: 'a-rather-long-name-of-a-host.assistants.example:8443' },
        redirectUri: 'http://127.0.0.1:52000/callback',
        requested: { scopes: asked('dev.ucp.shopping.order:read', 'orders:read'), claims: [] },
      })
    }
    server.add({
      ...consent,
      uid: 'consent-long',
      client: { ...northwind.client, name: longName },
      uiLocales: ['de'],
      requested: { scopes: asked(...scopes, `${longName}:${longName}`.toLowerCase()), claims: ['customer_reference'] },
    })
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** Runs `use` on a fresh page and returns what the browser complained about, violations of our CSP included. */
  async function onPage(options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<string[]> {
    const context = await newContext(browser, { javaScriptEnabled: false, ...options })
    const complaints: string[] = []
    try {
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      await use(page)
    } finally {
      await context.close()
    }
    return blamable(complaints)
  }

  test.each(Object.keys(states))(
    '%s fits a phone and a desk, is readable, labelled and free of violations',
    async (name) => {
      const complaints = await onPage({}, async (page) => {
        await states[name]?.(page, server.origin)
        await expectGoodPage(page, name)
      })
      expect(complaints).toEqual([])
    },
  )

  test('the keyboard walks the login from top to bottom, and Enter signs in', async () => {
    await onPage({}, async (page) => {
      await page.goto(`${server.origin}/interaction/uid-login`)
      const order = [await focused(page)]
      for (let step = 0; step < 6; step++) {
        await page.keyboard.press('Tab')
        order.push(await focused(page))
      }
      expect(order).toEqual([
        'login',
        'password',
        'remember',
        'Sign in',
        expect.stringMatching(/^Cancel/),
        'Privacy policy of Northwind Trading (northwind.example)',
        'Terms of Northwind Trading (northwind.example)',
      ])

      await page.locator('#login').fill('sonia@spryker.com')
      await page.locator('#password').fill(password)
      await page.keyboard.press('Enter')
      await page.waitForURL('**/callback')
    })
  })

  test('a wrong password is announced, and the password field has the focus', async () => {
    await onPage({}, async (page) => {
      await signInWrongly(page, server.origin, 'sonia@spryker.com', 'wrong')
      expect(await page.getByRole('alert').textContent()).toContain('Wrong e-mail address or password.')
      expect(await focused(page)).toBe('password')
      expect(await page.locator('#password').getAttribute('aria-describedby')).toBe('problem')
      expect(await page.locator('#password').inputValue()).toBe('')
      expect(await page.locator('#login').inputValue()).toBe('sonia@spryker.com')
      expect(await page.title()).toMatch(/^Problem: /)
    })
  })

  test('password managers find their fields', async () => {
    await onPage({}, async (page) => {
      await page.goto(`${server.origin}/interaction/uid-login`)
      expect(await page.locator('#login').getAttribute('autocomplete')).toBe('username')
      expect(await page.locator('#password').getAttribute('autocomplete')).toBe('current-password')
    })
  })

  test('focus is visible on everything that takes it', async () => {
    await onPage({}, async (page) => {
      await page.goto(`${server.origin}/interaction/uid-login`)
      for (let step = 0; step < 7; step++) {
        const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
        expect(outline, await focused(page)).toBe('solid')
        await page.keyboard.press('Tab')
      }
    })
  })
})

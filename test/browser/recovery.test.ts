import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, pkce } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { blamable, findChromium, launchChromium } from './chromium.ts'
import { faintTexts } from './contrast.ts'

const isMissing = !findChromium()
const screenshots = join(tmpdir(), 'vestibule-recovery')
const NEW = 'an even better password'
const unlabelledFields = `[...document.querySelectorAll('input:not([type=hidden])')]
  .filter((input) => !input.labels.length).map((input) => input.name)`

describe.skipIf(isMissing)('recovery, registration and the like in a browser', { timeout: 120_000 }, () => {
  let shop: HostedShop
  let browser: Browser

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true })
    shop = await startHostedShop({ LOCKOUT_ATTEMPTS: '2' })
    browser = await launchChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  /** Runs `use` in a browser of its own, without scripts; fails on anything the browser complains about. */
  async function inBrowser(use: (page: Page) => Promise<void>, locale = 'en-GB'): Promise<void> {
    const context = await browser.newContext({ locale, javaScriptEnabled: false })
    const complaints: string[] = []
    try {
      await context.route(`${CALLBACK}**`, (route) => route.fulfill({ body: 'back at the client' }))
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      await use(page)
    } finally {
      await context.close()
    }
    expect(blamable(complaints)).toEqual([])
  }

  async function openLogin(page: Page): Promise<void> {
    const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    await page.goto(authorizationUrl(shop.server.url, S256))
  }

  async function signIn(page: Page, { email }: { email: string }, password: string): Promise<void> {
    await page.locator('#login').fill(email)
    await page.locator('#password').fill(password)
    await page.locator('form[action$="/login"] button').click()
  }

  test('a forgotten password, from the login page and back to the app', async () => {
    const customer = await shop.addCustomer()
    await inBrowser(async (page) => {
      await openLogin(page)
      await look(page, 'login')
      await page.getByRole('link', { name: 'Forgot your password?' }).click()
      await look(page, 'recovery')
      await page.getByRole('button').click()
      await look(page, 'recovery-missing')
      expect(await focused(page)).toBe('login')
      await page.locator('#login').fill(customer.email)
      await page.keyboard.press('Enter')
      await look(page, 'sent')

      await page.goto((await shop.sink.mailTo(customer.email)).link)
      expect(await page.locator('#login').inputValue()).toBe(customer.email)
      await look(page, 'new-password')
      await choose(page, 'short')
      await look(page, 'new-password-short')
      expect(await page.getByRole('alert').textContent()).toContain('at least 8 characters')
      expect(await focused(page)).toBe('password')
      await choose(page, 'password1')
      await look(page, 'new-password-breached')
      await choose(page, NEW)
      expect(await page.getByRole('status').textContent()).toContain('Your password is changed')
      await look(page, 'login-changed')
      await signIn(page, customer, NEW)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  test('a link that no longer works, and a recovery that ends away from the app', async () => {
    const customer = await shop.addCustomer({ locale: 'de' })
    await inBrowser(async (page) => {
      await page.goto(`${shop.server.url}/recovery`)
      await page.locator('#login').fill(customer.email)
      await page.getByRole('button').click()
      const { link, html } = await shop.sink.mailTo(customer.email)
      await page.goto(link)
      await choose(page, NEW)
      await look(page, 'done-de')
      await page.goto(link)
      await look(page, 'link-dead-de')
      // Out of our policy for pages, as in a mail program.
      await page.goto('about:blank')
      await page.setContent(html)
      await look(page, 'mail-de', { isMail: true })
    }, 'de-DE')
  })

  test('a locked sign-in is lifted by mail', async () => {
    const customer = await shop.addCustomer()
    await inBrowser(async (page) => {
      await openLogin(page)
      for (const password of ['wrong', 'wrong again', 'wrong once more']) await signIn(page, customer, password)
      await look(page, 'login-locked')
      await page.getByRole('button', { name: 'E-mail me a link' }).click()
      await look(page, 'sent-unblock')
      await page.goto((await shop.sink.mailTo(customer.email)).link)
      await look(page, 'unblock')
      await page.getByRole('button').click()
      await look(page, 'login-unblocked')
      await signIn(page, customer, customer.password)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  test('a new account, in German', async () => {
    const email = 'neu@example.com'
    await inBrowser(async (page) => {
      await openLogin(page)
      await page.getByRole('link', { name: 'Konto anlegen' }).click()
      await look(page, 'registration-de')
      await page.getByRole('button').click()
      await look(page, 'registration-missing-de')
      await page.locator('#login').fill(email)
      await page.locator('#givenName').fill('Jürgen')
      await page.locator('#familyName').fill('Groß-Müller')
      await page.locator('#password').fill('kurz')
      await page.getByRole('button').click()
      await look(page, 'registration-short-de')
      await page.locator('#password').fill(NEW)
      await page.keyboard.press('Enter')
      await look(page, 'sent-registration-de')
      const { link } = await shop.sink.mailTo(email)
      await inBrowser(async (other) => {
        await other.goto(link)
        await look(other, 'confirmation-elsewhere')
      })
      await page.goto(link)
      await look(page, 'confirmation-de')
      await page.getByRole('button').click()
      await signIn(page, { email }, NEW)
      await page.waitForURL(`${CALLBACK}**`)
    }, 'de-DE')
  })

  test('a password that must be changed, and an address that must be confirmed', async () => {
    const weak = await shop.addCustomer({ password: 'password1' })
    const unconfirmed = await shop.addCustomer({ emailVerified: false })
    await inBrowser(async (page) => {
      await openLogin(page)
      await signIn(page, unconfirmed, unconfirmed.password)
      await look(page, 'login-unconfirmed')
      await signIn(page, weak, weak.password)
      await look(page, 'forced')
      await choose(page, NEW)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  async function choose(page: Page, password: string): Promise<void> {
    await page.locator('#password').fill(password)
    await page.locator('#repeated').fill(password)
    await page.locator('form:has(#repeated) button').click()
  }
})

/** Where the focus is: an id, or what the button or link says. */
function focused(page: Page): Promise<string> {
  return page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()')
}

/** A picture at a desk and on a phone, and what every page owes to everybody. */
async function look(page: Page, name: string, { isMail = false } = {}): Promise<void> {
  for (const colorScheme of isMail ? (['light'] as const) : (['dark', 'light'] as const)) {
    await page.emulateMedia({ colorScheme })
    for (const [width, height] of [
      [1280, 800],
      [360, 740],
      [320, 568],
    ] as const) {
      await page.setViewportSize({ width, height })
      const path = join(screenshots, `${name}-${colorScheme}-${width}.png`)
      if (width > 320) await page.screenshot({ path, fullPage: true, animations: 'disabled' })
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, `${name} must not scroll sideways at ${width} px`).toBeLessThanOrEqual(0)
    }
    expect(await faintTexts(page), `${name} in ${colorScheme}`).toEqual([])
  }
  if (isMail) return
  expect(await page.locator('h1').count(), name).toBe(1)
  expect(await page.evaluate(unlabelledFields), name).toEqual([])
  expect(await page.title()).toContain('Vestibule')
}

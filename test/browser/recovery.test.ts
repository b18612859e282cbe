import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, pkce } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { blamable, expectGoodPage, expectReadable, focused, leadOn } from './look.ts'

const NEW = 'an even better password'

describeOn('chromium', 'recovery, registration and the like in a browser', () => {
  let shop: HostedShop
  let browser: Browser

  beforeAll(async () => {
    shop = await startHostedShop({ LOCKOUT_ATTEMPTS: '2' })
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  /** Runs `use` in a browser of its own, without scripts unless asked; fails on anything the browser complains about. */
  async function inBrowser(
    use: (page: Page) => Promise<void>,
    { locale = 'en-GB', javaScriptEnabled = false } = {},
  ): Promise<void> {
    const context = await newContext(browser, { locale, javaScriptEnabled })
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
    await leadOn(page, () => page.locator('form[action$="/login"] button').click())
  }

  test('how hard a password is to guess is told politely while it is typed, and without the script its rules are', async () => {
    await inBrowser(
      async (page) => {
        await page.goto(`${shop.server.url}/registration`)
        const hint = page.locator('[data-strength]')
        expect([await hint.isVisible(), await hint.getAttribute('role')]).toEqual([false, 'status'])
        await page.locator('#login').fill('sam@example.com')
        for (const [typed, said] of [
          ['short', 'Still too short'],
          ['sam@example.com', 'This is your e-mail address.'],
          ['aaaaaaaaaaaaaaaa', 'Easy to guess'],
          ['abcdefghijklmnop', 'Easy to guess'],
          ['purple kettle', 'Good.'],
          ['purple kettle under rain', 'Hard to guess.'],
        ] as const) {
          await page.locator('#password').fill(typed)
          await hint.filter({ hasText: said }).waitFor()
        }
        await expectReadable(page, 'registration-strength')
        await page.locator('#password').fill('')
        await hint.waitFor({ state: 'hidden' })
      },
      { javaScriptEnabled: true },
    )
    await inBrowser(async (page) => {
      await page.goto(`${shop.server.url}/registration`)
      expect(await page.locator('#password-hint').textContent()).toMatch(
        /At least 8 characters.*Not your e-mail address/,
      )
      await page.locator('#password').fill('short')
      expect(await page.locator('[data-strength]').isVisible()).toBe(false)
    })
  })

  test('a forgotten password, from the login page and back to the app', async () => {
    const customer = await shop.addCustomer()
    await inBrowser(async (page) => {
      await openLogin(page)
      await expectGoodPage(page, 'login')
      await leadOn(page, () => page.getByRole('link', { name: 'Forgot your password?' }).click())
      await expectGoodPage(page, 'recovery')
      await leadOn(page, () => page.getByRole('button').click())
      await expectGoodPage(page, 'recovery-missing')
      expect(await focused(page)).toBe('login')
      await page.locator('#login').fill(customer.email)
      await leadOn(page, () => page.keyboard.press('Enter'))
      await expectGoodPage(page, 'sent')

      await page.goto((await shop.sink.mailTo(customer.email)).link)
      expect(await page.locator('#login').inputValue()).toBe(customer.email)
      await expectGoodPage(page, 'new-password')
      await choose(page, 'short')
      await expectGoodPage(page, 'new-password-short')
      expect(await page.getByRole('alert').textContent()).toContain('at least 8 characters')
      expect(await focused(page)).toBe('password')
      await choose(page, 'password1')
      await expectGoodPage(page, 'new-password-breached')
      await choose(page, NEW)
      expect(await page.locator('.notice[role=status]').textContent()).toContain('Your password is changed')
      await expectGoodPage(page, 'login-changed')
      await signIn(page, customer, NEW)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  test('a link that no longer works, and a recovery that ends away from the app', async () => {
    const customer = await shop.addCustomer({ locale: 'de' })
    await inBrowser(
      async (page) => {
        await page.goto(`${shop.server.url}/recovery`)
        await page.locator('#login').fill(customer.email)
        await leadOn(page, () => page.getByRole('button').click())
        const { link, html } = await shop.sink.mailTo(customer.email)
        await page.goto(link)
        await choose(page, NEW)
        await expectGoodPage(page, 'done-de')
        await page.goto(link)
        await expectGoodPage(page, 'link-dead-de')
        // Out of our policy for pages, as in a mail program.
        await page.goto('about:blank')
        await page.setContent(html)
        await expectReadable(page, 'mail-de', { colourSchemes: ['light'] })
      },
      { locale: 'de-DE' },
    )
  })

  test('a locked sign-in is lifted by mail', async () => {
    const customer = await shop.addCustomer()
    await inBrowser(async (page) => {
      await openLogin(page)
      for (const password of ['wrong', 'wrong again', 'wrong once more']) await signIn(page, customer, password)
      await expectGoodPage(page, 'login-locked')
      await leadOn(page, () => page.getByRole('button', { name: 'E-mail me a link' }).click())
      await expectGoodPage(page, 'sent-unblock')
      await page.goto((await shop.sink.mailTo(customer.email)).link)
      await expectGoodPage(page, 'unblock')
      await leadOn(page, () => page.getByRole('button').click())
      await expectGoodPage(page, 'login-unblocked')
      await signIn(page, customer, customer.password)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  test('a new account, in German', async () => {
    const email = 'neu@example.com'
    await inBrowser(
      async (page) => {
        await openLogin(page)
        await leadOn(page, () => page.getByRole('link', { name: 'Konto anlegen' }).click())
        await expectGoodPage(page, 'registration-de')
        await leadOn(page, () => page.getByRole('button').click())
        await expectGoodPage(page, 'registration-missing-de')
        await page.locator('#login').fill(email)
        await page.locator('#givenName').fill('Jürgen')
        await page.locator('#familyName').fill('Groß-Müller')
        await page.locator('#password').fill('kurz')
        await leadOn(page, () => page.getByRole('button').click())
        await expectGoodPage(page, 'registration-short-de')
        await page.locator('#password').fill(NEW)
        await leadOn(page, () => page.keyboard.press('Enter'))
        await expectGoodPage(page, 'sent-registration-de')
        const { link } = await shop.sink.mailTo(email)
        await inBrowser(async (other) => {
          await other.goto(link)
          await expectGoodPage(other, 'confirmation-elsewhere')
        })
        await page.goto(link)
        await expectGoodPage(page, 'confirmation-de')
        await leadOn(page, () => page.getByRole('button').click())
        await signIn(page, { email }, NEW)
        await page.waitForURL(`${CALLBACK}**`)
      },
      { locale: 'de-DE' },
    )
  })

  test('a password that must be changed, and an address that must be confirmed', async () => {
    const weak = await shop.addCustomer({ password: 'password1' })
    const unconfirmed = await shop.addCustomer({ emailVerified: false })
    await inBrowser(async (page) => {
      await openLogin(page)
      await signIn(page, unconfirmed, unconfirmed.password)
      await expectGoodPage(page, 'login-unconfirmed')
      await signIn(page, weak, weak.password)
      await expectGoodPage(page, 'forced')
      await choose(page, NEW)
      await page.waitForURL(`${CALLBACK}**`)
    })
  })

  async function choose(page: Page, password: string): Promise<void> {
    await page.locator('#password').fill(password)
    await page.locator('#repeated').fill(password)
    await leadOn(page, () => page.locator('form:has(#repeated) button').click())
  }
})

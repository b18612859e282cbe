import * as openid from 'openid-client'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { arrival, discover, requestSignIn, submitLogin } from '../conformance/relying-party.ts'
import { setStage } from '../conformance/stage.ts'
import { describeOn } from '../support/describe-on.ts'

/** Resolves with the type of the password field once the form was handed to every listener. */
const TYPE_AS_SENT = `new Promise((resolve) => addEventListener('submit', () => resolve(document.getElementById('password').type)))`
const SESSION = 'vestibule_session'

describeOn('chromium', 'signing in, in a real browser on the real server', () => {
  const stage = setStage()

  async function request(parameters?: Record<string, string>) {
    return requestSignIn(await discover(stage.server().url, 'frontend'), stage.client().callback, parameters)
  }

  async function openLogin(page: Page, parameters?: Record<string, string>) {
    const opened = await request(parameters)
    await page.goto(opened.url.href)
    return opened
  }

  test('it works without scripts', async () => {
    await stage.onNewBrowser(
      async (page) => {
        const { redirectUri } = await openLogin(page)
        const callback = await arrival(page, redirectUri, () => submitLogin(page))
        expect(callback.searchParams.get('code')).toBeTruthy()
      },
      { javaScriptEnabled: false },
    )
  })

  test('a password is shown on request, sent hidden, and Caps Lock is told', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page)
      const typeOf = () => page.locator('#password').getAttribute('type')
      const capsLock = page.getByText('Caps Lock is on.')
      await page.locator('#password').fill('typed')
      await page.getByLabel('Show password').check()
      expect([await typeOf(), await page.locator('#password').inputValue()]).toEqual(['text', 'typed'])
      await page.getByLabel('Show password').uncheck()
      expect(await typeOf()).toBe('password')

      const press = (isOn: boolean) =>
        page.locator('#password').dispatchEvent('keydown', { key: 'A', modifierCapsLock: isOn })
      expect(await capsLock.isVisible()).toBe(false)
      await press(true)
      expect(await capsLock.isVisible()).toBe(true)
      await press(false)
      expect(await capsLock.isVisible()).toBe(false)

      await page.getByLabel('Show password').check()
      const typeAsSent = page.evaluate(TYPE_AS_SENT)
      const callback = await arrival(page, redirectUri, () => submitLogin(page))
      expect(await typeAsSent).toBe('password')
      expect(callback.searchParams.has('code')).toBe(true)
    })
  })

  test('another language is chosen below the page, stays chosen, and the typed address stays too', async () => {
    await stage.onNewBrowser(async (page) => {
      await openLogin(page, { ui_locales: 'en' })
      await page.locator('#login').fill('sonia@spryker.com')
      await page.locator('details.languages summary').click()
      await page.getByRole('button', { name: 'Deutsch' }).click()
      await page.waitForFunction("document.documentElement.lang === 'de'")
      expect(await page.locator('#login').inputValue()).toBe('sonia@spryker.com')
      const { redirectUri } = await openLogin(page, { ui_locales: 'en' })
      expect(await page.locator('html').getAttribute('lang')).toBe('de')
      const callback = await arrival(page, redirectUri, () => submitLogin(page))
      expect(callback.searchParams.has('code')).toBe(true)
    })
  })

  test('a wrong password and an unknown customer are told the same, and the right password then works', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page)
      const told: (string | null)[] = []
      for (const login of ['sonia@spryker.com', 'nobody@example.com']) {
        await submitLogin(page, { login, password: 'wrong' })
        told.push(await page.locator('[role=alert]').textContent())
      }
      expect(told[0]).toBe(told[1])
      const callback = await arrival(page, redirectUri, () => submitLogin(page))
      expect(callback.searchParams.has('code')).toBe(true)
    })
  })

  test('cancelling leads back to the app with access_denied and the state', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri, checks } = await openLogin(page)
      const callback = await arrival(page, redirectUri, () => page.click('form[action$="/abort"] button'))
      expect(callback.searchParams.get('error')).toBe('access_denied')
      expect(callback.searchParams.get('state')).toBe(checks.expectedState)
    })
  })

  test('two tabs sign in at once without disturbing each other', async () => {
    await stage.onNewBrowser(async (page) => {
      const other = await page.context().newPage()
      const [first, second] = [await openLogin(page), await openLogin(other)]
      const firstCallback = await arrival(page, first.redirectUri, () => submitLogin(page))
      const secondCallback = await arrival(other, second.redirectUri, () => submitLogin(other))
      expect(firstCallback.searchParams.get('state')).toBe(first.checks.expectedState)
      expect(secondCallback.searchParams.get('state')).toBe(second.checks.expectedState)
      expect(secondCallback.searchParams.get('code')).not.toBe(firstCallback.searchParams.get('code'))
    })
  })

  test('going back after signing in shows a page with a way on, not the form with the password', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page)
      await arrival(page, redirectUri, () => submitLogin(page))
      await page.waitForURL(`${redirectUri}*`)
      await page.goBack()
      expect(await page.locator('h1').textContent()).toBe('This sign-in has ended')
      expect(await page.locator('input').count()).toBe(0)
      const on = page.getByRole('link', { name: 'Go to Demo storefront' })
      expect(await on.getAttribute('href')).toBe('http://localhost:8080/')
    })
  })

  test('staying signed in leads to the shop, and signing out by its own ID token asks nothing', async () => {
    await stage.onNewBrowser(async (page) => {
      const home = 'http://localhost:8080/'
      const { redirectUri, checks } = await openLogin(page)
      const callback = await arrival(page, redirectUri, () => submitLogin(page))
      await page.waitForURL(`${redirectUri}*`)
      const config = await discover(stage.server().url, 'frontend')
      const tokens = await openid.authorizationCodeGrant(config, callback, checks)

      const asked = { post_logout_redirect_uri: home, state: 'over' }
      await page.goto(openid.buildEndSessionUrl(config, asked).href)
      const stay = page.getByRole('button', { name: 'Stay signed in' })
      expect((await arrival(page, home, () => stay.click())).href).toBe(home)
      const again = await request({ prompt: 'none' })
      const silent = await arrival(page, again.redirectUri, () => page.goto(again.url.href))
      expect(silent.searchParams.has('code')).toBe(true)
      await page.waitForURL(`${redirectUri}*`)

      const hinted = { ...asked, id_token_hint: tokens.id_token ?? '' }
      const back = await arrival(page, home, () => page.goto(openid.buildEndSessionUrl(config, hinted).href))
      expect(back.href).toBe(`${home}?state=over`)
      expect((await page.context().cookies(stage.server().url)).map(({ name }) => name)).not.toContain(SESSION)
    })
  })

  test('the address of a sign-in is of no use in another browser', async () => {
    const address = await stage.onNewBrowser(async (page) => {
      await openLogin(page)
      return page.url()
    })
    await stage.onNewBrowser(async (page) => {
      // So that it has a cookie of ours: one without any is told that cookies are needed.
      await openLogin(page)
      const response = await page.goto(address)
      expect(response?.status()).toBe(400)
      expect(await page.locator('h1').textContent()).toBe('This sign-in has ended')
    })
  })

  test('the session ends with the browser unless the person wants to stay signed in', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page)
      await arrival(page, redirectUri, () => submitLogin(page))
      expect(await sessionCookie(page)).toMatchObject({ expires: -1, httpOnly: true, sameSite: 'Lax' })
    })
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page)
      await page.check('#remember')
      await arrival(page, redirectUri, () => submitLogin(page))
      expect((await sessionCookie(page))?.expires).toBeGreaterThan(Date.now() / 1000 + 13 * 24 * 3600)
    })
  })

  test('signing in gives the session another name, so that one planted before is worth nothing', async () => {
    await stage.onNewBrowser(async (page) => {
      const { redirectUri } = await openLogin(page, { prompt: 'login' })
      await arrival(page, redirectUri, () => submitLogin(page))
      const before = (await sessionCookie(page))?.value
      const again = await openLogin(page, { prompt: 'login' })
      await arrival(page, again.redirectUri, () => submitLogin(page))
      expect((await sessionCookie(page))?.value).not.toBe(before)
    })
  })

  test('an app that is not registered, or sends people elsewhere, gets no redirect', async () => {
    const wrong = await request()
    wrong.url.searchParams.set('redirect_uri', 'https://evil.example/')
    const unknown = await request()
    unknown.url.searchParams.set('client_id', 'nobody')
    await stage.onNewBrowser(async (page) => {
      for (const { url } of [wrong, unknown]) {
        expect((await page.goto(url.href))?.status()).toBe(400)
        expect(new URL(page.url()).origin).toBe(stage.server().url)
        expect(await page.locator('h1').count()).toBe(1)
      }
    })
  })
})

async function sessionCookie(page: Page) {
  return (await page.context().cookies()).find(({ name }) => name === SESSION)
}

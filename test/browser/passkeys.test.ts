import * as openid from 'openid-client'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { arrival, discover, requestSignIn, submitLogin } from '../conformance/relying-party.ts'
import { setStage } from '../conformance/stage.ts'
import { describeOn } from '../support/describe-on.ts'
import { waitFor } from '../support/wait-for.ts'
import { blamable, expectGoodPage } from './look.ts'
import { addVirtualAuthenticator } from './virtual-authenticator.ts'

const WITHOUT_CONSENT = 'frontend'

/** Puts a script into the page, as somebody would who found a way to; trusted types refuse its text already. */
const FOREIGN_SCRIPT = `(() => {
  try {
    const script = document.createElement('script')
    script.textContent = 'window.foreign = true'
    document.body.append(script)
  } catch {}
  return 'foreign' in window
})()`

/** A browser that makes passkeys by itself: what it asks the authenticator for is that of the page. */
const SILENT_CREATE = `(() => {
  const create = navigator.credentials.create.bind(navigator.credentials)
  navigator.credentials.create = ({ mediation, ...options }) => create(options)
  PublicKeyCredential.getClientCapabilities = async () => ({ conditionalCreate: true })
})()`

describeOn('chromium', 'passkeys, in a real browser with an authenticator', () => {
  const stage = setStage({ ADMIN_TOKEN: OWNER, BRAND_NAME: 'Acme Shop' })

  async function openLogin(page: Page) {
    const config = await discover(stage.server().url, WITHOUT_CONSENT)
    const opened = await requestSignIn(config, stage.client().callback, { prompt: 'login' })
    await page.goto(opened.url.href)
    return { ...opened, config }
  }

  /** A customer whom nobody offered a passkey yet. */
  async function newCustomer() {
    const email = `buyer-${Math.random().toString(36).slice(2)}@example.com`
    const password = 'a password that no list has'
    const record = { email, customerReference: email, password, emailVerified: true }
    const made = await ask(stage.server(), OWNER, 'POST', '/v1/customers', record)
    expect(made.status).toBe(201)
    return { login: email, password }
  }

  /** Signs in by password on a device that can hold passkeys; the offer is what comes next. */
  async function toOffer(page: Page, person: { login: string; password: string }) {
    const opened = await openLogin(page)
    await page.waitForSelector('input[data-passkey-capable][value=yes]', { state: 'attached' })
    await submitLogin(page, person)
    return opened
  }

  test('made at the offer, used by autofill: the code comes, and the ID token says how', async () => {
    await stage.onNewBrowser(async (page) => {
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      const person = await newCustomer()
      const authenticator = await addVirtualAuthenticator(page)
      const { redirectUri } = await toOffer(page, person)
      await page.waitForURL(/passkey-offer$/)
      await arrival(page, redirectUri, () => page.click('form[action$="/passkey-new"] button'))
      await page.waitForURL(`${redirectUri}*`)
      expect((await authenticator.credentials()).map(({ userName }) => userName)).toEqual([person.login])

      const config = await discover(stage.server().url, WITHOUT_CONSENT)
      const again = await requestSignIn(config, stage.client().callback, { prompt: 'login' })
      const callback = await arrival(page, again.redirectUri, () => page.goto(again.url.href))
      const tokens = await openid.authorizationCodeGrant(config, callback, again.checks)
      expect(tokens.claims()).toMatchObject({ amr: ['user', 'swk', 'mfa'], email: person.login })
      expect(blamable(complaints)).toEqual([])
    })
  })

  test('the button signs in, and what the device says no to is explained in place', async () => {
    await stage.onNewBrowser(async (page) => {
      const person = await newCustomer()
      const authenticator = await addVirtualAuthenticator(page)
      const { redirectUri } = await toOffer(page, person)
      await arrival(page, redirectUri, () => page.click('form[action$="/passkey-new"] button'))
      await page.waitForURL(`${redirectUri}*`)
      await authenticator.answersByItself(false)
      const again = await openLogin(page)
      await authenticator.verifies(false)
      await authenticator.answersByItself(true)
      const button = page.locator('form[action$="/passkey"] button')
      await button.click()
      await page.waitForSelector('[data-passkey-error]:visible')
      expect(await page.locator('[role=alert]:visible').textContent()).toContain('No passkey was used')
      await expectGoodPage(page, 'login-passkey-refused')
      await authenticator.verifies(true)
      const callback = await arrival(page, again.redirectUri, () => button.click())
      expect(callback.searchParams.has('code')).toBe(true)
    })
  })

  test.each([
    ['a wrong signature', { isBogusSignature: true }],
    ['nobody verified', { isBadUV: true }],
  ])('%s is refused with the text of an unknown passkey', async (_, bits) => {
    await stage.onNewBrowser(async (page) => {
      const authenticator = await addVirtualAuthenticator(page)
      const { redirectUri } = await toOffer(page, await newCustomer())
      await arrival(page, redirectUri, () => page.click('form[action$="/passkey-new"] button'))
      await page.waitForURL(`${redirectUri}*`)
      await authenticator.answersByItself(false)
      await openLogin(page)
      await authenticator.bends(bits)
      await authenticator.answersByItself(true)
      await page.click('form[action$="/passkey"] button')
      await page.waitForSelector('#problem')
      expect(await page.locator('#problem').textContent()).toContain('No passkey was used')
    })
  })

  test('"not now" goes on to the shop, and the offer is a good page', async () => {
    await stage.onNewBrowser(async (page) => {
      const authenticator = await addVirtualAuthenticator(page)
      await authenticator.answersByItself(false)
      const { redirectUri } = await toOffer(page, await newCustomer())
      await page.waitForURL(/passkey-offer$/)
      await expectGoodPage(page, 'passkey-offer')
      const callback = await arrival(page, redirectUri, () => page.click('form[action$="/passkey-later"] button'))
      expect(callback.searchParams.has('code')).toBe(true)
    })
  })

  test('a passkey that an operator removed is refused, and the browser hides it', async () => {
    await stage.onNewBrowser(async (page) => {
      const person = await newCustomer()
      const authenticator = await addVirtualAuthenticator(page)
      const { redirectUri } = await toOffer(page, person)
      await arrival(page, redirectUri, () => page.click('form[action$="/passkey-new"] button'))
      await page.waitForURL(`${redirectUri}*`)
      const [kept] = await authenticator.credentials()
      const path = `/v1/customers/${encodeURIComponent(person.login)}/passkeys`
      const listed = await ask(stage.server(), OWNER, 'GET', path)
      const [passkey] = listed.body.items as { id: string }[]
      expect((await ask(stage.server(), OWNER, 'DELETE', `${path}/${passkey?.id}`)).status).toBe(204)
      await openLogin(page)
      await page.waitForSelector('#problem')
      // The page would otherwise ask a browser that answers by itself again and again.
      expect(await page.locator('form[data-mediation]').count()).toBe(0)
      await waitFor(() => authenticator.deleted.length > 0, { what: 'the browser hides the passkey' })
      expect(authenticator.deleted).toEqual([kept?.credentialId])
    })
  })

  test('one more is added on the account page, the same device says that it has one, and a removed one is hidden', async () => {
    await stage.onNewBrowser(async (page) => {
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      const person = await newCustomer()
      const authenticator = await addVirtualAuthenticator(page)
      await authenticator.answersByItself(false)
      const { redirectUri } = await toOffer(page, person)
      await arrival(page, redirectUri, () => page.click('form[action$="/passkey-later"] button'))
      await authenticator.answersByItself(true)
      const { url } = stage.server()

      await page.goto(`${url}/account/security`)
      await page.click('[data-passkey-with] a')
      await expectGoodPage(page, 'account-passkey-new')
      await page.click('form[action$="/passkey-new"] button')
      await page.waitForURL(/done=passkey-new/)
      const [kept] = await authenticator.credentials()
      expect(kept?.userName).toBe(person.login)
      await expectGoodPage(page, 'account-security')

      await page.click('[data-passkey-with] a')
      await page.click('form[action$="/passkey-new"] button')
      await page.waitForSelector('[data-passkey-error=InvalidStateError]:visible')
      await page.goto(`${url}/account/security`)
      await page.click('a[href*="passkey-remove"]')
      await expectGoodPage(page, 'account-passkey-remove')
      await page.click('form[action$="/passkey-remove"] button')
      await page.waitForURL(/done=passkey-remove/)
      await waitFor(() => authenticator.deleted.length > 0, { what: 'the browser hides the passkey' })
      expect(authenticator.deleted).toEqual([kept?.credentialId])
      expect(blamable(complaints)).toEqual([])
    })
  })

  test('a browser that makes passkeys by itself does so without a question', async () => {
    await stage.onNewBrowser(async (page) => {
      const person = await newCustomer()
      const authenticator = await addVirtualAuthenticator(page)
      // Chromium does so only beside a password that its own manager filled in: the page is told that it did.
      await page.addInitScript(SILENT_CREATE)
      const { redirectUri } = await openLogin(page)
      await page.waitForSelector('input[data-passkey-capable][value=yes]', { state: 'attached' })
      await arrival(page, redirectUri, () => submitLogin(page, person))
      await page.waitForURL(`${redirectUri}*`)
      expect((await authenticator.credentials()).map(({ userName }) => userName)).toEqual([person.login])
    })
  })

  test('without scripts nothing of passkeys is seen', async () => {
    await stage.onNewBrowser(
      async (page) => {
        const { redirectUri } = await openLogin(page)
        expect(await page.locator('button:visible').allTextContents()).not.toContain('Sign in with a passkey')
        const callback = await arrival(page, redirectUri, () => submitLogin(page))
        expect(callback.searchParams.has('code')).toBe(true)
      },
      { javaScriptEnabled: false },
    )
  })

  test('the policy of the page runs our script, by its digest, and no other', async () => {
    await stage.onNewBrowser(async (page) => {
      const config = await discover(stage.server().url, WITHOUT_CONSENT)
      const { url } = await requestSignIn(config, stage.client().callback, { prompt: 'login' })
      const answer = await page.goto(url.href)
      const policy = answer?.headers()['content-security-policy'] ?? ''
      const integrity = await page.locator('script').getAttribute('integrity')
      expect(policy).toContain(`script-src '${integrity}'; require-trusted-types-for 'script'`)
      expect(policy).not.toMatch(/unsafe|strict-dynamic|nonce/)
      expect(answer?.headers()['permissions-policy']).toContain('publickey-credentials-get=(self)')
      const ran = await page.evaluate(FOREIGN_SCRIPT)
      expect(ran).toBe(false)
    })
  })
})

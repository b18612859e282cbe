import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { tokensOf } from '../endpoints/client.ts'
import { codeAt, stepNow } from '../interaction/factor-shop.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { enter, tabTo } from './keyboard.ts'

describeOn('chromium', 'by keyboard alone, on the account pages', () => {
  let shop: HostedShop
  let browser: Browser
  let customer: TestCustomer
  let page: Page
  const permissions = [{ key: 'ManageCompanyUserInvitationPermissionPlugin', configuration: {} }]
  const memberOf = (name: string) => ({
    id: randomUUID(),
    company: { id: randomUUID(), name },
    isActive: true,
    isDefault: false,
    roles: [{ id: randomUUID(), name: 'Administrator', permissions }],
  })

  beforeAll(async () => {
    ;[shop, browser] = await Promise.all([startHostedShop(), connectChromium()])
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  /** Somebody new, of two companies, who signs in by keyboard as well. */
  beforeEach(async () => {
    customer = await shop.addCustomer()
    const customerReference = `test-${Number(customer.id.slice(-12))}`
    const companyUsers = [memberOf('Northern Hardware'), memberOf('Southern Hardware')]
    await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers })
    page = await (await newContext(browser, { javaScriptEnabled: false })).newPage()
    await page.goto(`${shop.server.url}/account`)
    await fillIn({ '#login': customer.email, '#password': customer.password })
    return () => page.context().close()
  })

  const open = (path: string) => page.goto(`${shop.server.url}/account${path}`)
  const said = () => page.getByRole('status').textContent()

  /** Walks to a link or button and presses it. */
  async function press(selector: string): Promise<void> {
    await tabTo(page, selector)
    await enter(page)
  }

  /** Walks to each field, types, and sends the form from the last one. */
  async function fillIn(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [selector, text] of Object.entries(fields)) {
      await tabTo(page, selector)
      await page.keyboard.type(text)
    }
    await enter(page)
  }

  test('another e-mail address is asked for, and a language chosen', async () => {
    await open('/profile')
    await press('a[href$="/profile/email"]')
    await fillIn({ '#email': `new.${customer.email}` })
    expect(await said()).toContain('Check the inbox')
    await press('a[href$="/profile/edit"]')
    await tabTo(page, '#language')
    await page.keyboard.type('Deu')
    await press('main button[type=submit]')
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
  })

  test('the password is changed, after a form that was not right', async () => {
    await open('/security')
    await press('a[href$="/security/password"]')
    await fillIn({ '#password': 'short', '#repeated': 'short' })
    expect(await page.getByRole('alert').count()).toBe(1)
    await fillIn({ '#password': 'a longer password', '#repeated': 'a longer password' })
    expect(await said()).toContain('Your password is changed')
  })

  test('an authenticator app is set up', async () => {
    await open('/security')
    await press('a[href$="/security/second-factor"]')
    const secret = (await page.locator('code.secret').textContent()) ?? ''
    await fillIn({ '#code': await codeAt(secret.replaceAll(' ', ''), stepNow()) })
    expect(await page.locator('main li code').count()).toBe(10)
    await press('main a.button')
    expect(await page.locator('h1').textContent()).toContain('Security')
  })

  test('other devices are signed out, and an app loses its access', async () => {
    await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    await open('/apps')
    await press('form[action*="/apps/withdraw"] button')
    expect(await page.getByRole('status').count()).toBe(1)
    await open('/sessions')
    await press('form[action*="/sessions/end-others"] button')
    expect(await page.getByRole('status').count()).toBe(1)
  })

  test('companies are chosen, left and invited to', async () => {
    await open('/companies')
    for (const form of ['act-as', 'set-default']) {
      await press(`button[form=${form}]`)
      expect([form, await page.getByRole('status').count()]).toEqual([form, 1])
    }
    await press('a[href*="/companies/invite"]')
    await tabTo(page, '#role')
    await press('main button[type=submit]')
    expect(await page.getByRole('alert').count(), 'an address is missing').toBe(1)
    await fillIn({ '#email': 'guest@example.org' })
    expect(await page.getByRole('status').count()).toBe(1)
    await press('a[href*="/companies/leave"]')
    await press('main button[type=submit]')
    expect(await page.getByRole('status').count()).toBe(1)
  })

  test('the data are fetched, the account is deleted and kept', async () => {
    await open('/data')
    await press('a[href$="/data/download"]')
    await tabTo(page, 'main button[type=submit]')
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect(download.suggestedFilename()).toBe('my-data.json')
    await open('/data')
    await press('a[href$="/data/delete"]')
    await press('main button[type=submit]')
    await press('form[action*="/data/keep"] button')
    expect(await said()).toContain('Your account is kept.')
  })
})

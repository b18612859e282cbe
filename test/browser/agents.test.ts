import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, pkce, redeem } from '../endpoints/client.ts'
import { addPlatform, addShop, CART, CHECKOUT, ORDERS, type Platform } from '../endpoints/platform.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { barriers } from './barriers.ts'
import { expectGoodPage, leadOn } from './look.ts'

const ADMIN = 'an-admin-token-for-tests'
const PHONE = { width: 360, height: 740 }

describeOn('chromium', 'agents at the pages of a shopper', () => {
  let shop: HostedShop
  let browser: Browser
  let platform: Platform
  const { verifier, challenge } = pkce()

  beforeAll(async () => {
    shop = await startHostedShop()
    browser = await connectChromium()
    const resource = await addShop(shop.server, { resource_name: 'Acme for agents' }, ADMIN)
    const more = { client_name: 'Shopping assistant', client_uri: 'https://assistant.example/' }
    platform = await addPlatform(shop.server, resource, more, ADMIN)
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  /** Comes to the question of the assistant as a new customer, who signs in on the way. */
  async function openConsent(): Promise<Page> {
    const { email, password } = await shop.addCustomer()
    const page = await (await newContext(browser, { viewport: PHONE })).newPage()
    const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
    const request = { client_id: platform.clientId, scope: `${CHECKOUT} ${ORDERS} ${CART}`, ...proof }
    await page.goto(authorizationUrl(shop.server.url, request))
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await leadOn(page, () => page.getByRole('button', { name: 'Sign in', exact: true }).click())
    return page
  }

  async function expectForEverybody(page: Page, name: string): Promise<void> {
    await expectGoodPage(page, name)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(PHONE)
      expect(await barriers(page), `${name} in ${colorScheme}`).toEqual([])
    }
  }

  test('the question, answered by keyboard, and the list of apps are for everybody on a phone, in light and dark', async () => {
    const page = await openConsent()
    await expectForEverybody(page, 'consent-agent-real')
    expect(await page.content()).not.toContain('dev.ucp')
    await page.getByRole('button', { name: 'Allow', exact: true }).focus()
    const isBack = page.waitForRequest((request) => request.url().startsWith(CALLBACK))
    await page.keyboard.press('Enter')
    const code = new URL((await isBack).url()).searchParams.get('code') ?? ''
    const redeemed = await redeem(shop.server.url, code, verifier, {}, platform.headers)
    expect(redeemed.status).toBe(200)

    // Nothing answers at the callback, and the browser may be on its way there still.
    const account = await page.context().newPage()
    await account.goto(`${shop.server.url}/account/apps`)
    await expectForEverybody(account, 'account-apps-agent')
    await expect(account.content()).resolves.toContain('Shopping assistant')
  })
})

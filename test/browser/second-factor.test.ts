import { generate } from 'otplib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrival } from '../conformance/relying-party.ts'
import { authorizationUrl, CALLBACK, pkce } from '../endpoints/client.ts'
import { type FactorShop, STRICT, startFactorShop } from '../interaction/factor-shop.ts'
import type { TestCustomer } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { blamable, expectReadable, leadOn } from './look.ts'

describeOn('chromium', 'the second factor of a customer in a browser', () => {
  let shop: FactorShop
  let browser: Browser
  beforeAll(async () => {
    shop = await startFactorShop({ SECOND_FACTOR_MAIL: 'off' })
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  const complaints: string[] = []
  const newPage = async () => newTab(await newContext(browser, { javaScriptEnabled: false }))
  /** Nobody listens at the app: what comes after it is in another tab. */
  async function newTab(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => complaints.push(message.text()))
    return page
  }
  const press = (page: Page, name: string) =>
    leadOn(page, () => page.getByRole('button', { name, exact: true }).click())
  /** What leads back to the app, with a code. */
  async function pressAndArrive(page: Page, name: string): Promise<void> {
    const press = () => page.getByRole('button', { name, exact: true }).click()
    expect((await arrival(page, CALLBACK, press)).searchParams.has('code')).toBe(true)
  }

  async function signIn(page: Page, { email, password }: TestCustomer, client_id = 'frontend'): Promise<void> {
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256', prompt: 'login' }
    await page.goto(authorizationUrl(shop.server.url, { client_id, ...challenge }))
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
  }

  test('is set up where it is required, with a picture and a key, and asked for at the next sign-in', async () => {
    const customer = await shop.addCustomer()
    const page = await newPage()
    await signIn(page, customer, STRICT)
    await press(page, 'Sign in')
    await expectReadable(page, 'customer-second-factor-set-up')
    expect(await page.getByRole('img', { name: 'QR code' }).isVisible()).toBe(true)
    const secret = ((await page.locator('code.secret').textContent()) ?? '').replaceAll(' ', '')
    expect(await page.getByRole('link', { name: 'Open the app' }).getAttribute('href')).toContain(`secret=${secret}`)
    await page.getByLabel('Code from the app').fill('000000')
    await press(page, 'Confirm')
    expect(await page.getByRole('alert').textContent()).toContain('This code is wrong')
    const epoch = Math.floor(Date.now() / 1000)
    await page.getByLabel('Code from the app').fill(await generate({ secret, epoch }))
    await press(page, 'Confirm')
    await expectReadable(page, 'customer-recovery-codes')
    const codes = await page.locator('li code').allTextContents()
    await pressAndArrive(page, 'I have kept them')

    const another = await newPage()
    await signIn(another, customer)
    await press(another, 'Sign in')
    await expectReadable(another, 'customer-second-factor')
    await another.getByLabel('Code from the app').fill('000000')
    await press(another, 'Continue')
    expect(await another.getByRole('alert').textContent()).toContain('This code is wrong')
    await another.getByLabel('Do not ask for a code').check()
    await another.getByLabel('Code from the app').fill(await generate({ secret, epoch: epoch + 30 }))
    await pressAndArrive(another, 'Continue')
    const remembered = await newTab(another.context())
    await signIn(remembered, customer)
    await pressAndArrive(remembered, 'Sign in')

    const third = await newPage()
    await signIn(third, customer)
    await press(third, 'Sign in')
    await leadOn(third, () => third.getByRole('link', { name: 'Use a recovery code' }).click())
    await expectReadable(third, 'customer-recovery-code')
    await third.getByLabel('Recovery code').fill(codes[0] ?? '')
    await pressAndArrive(third, 'Continue')
    expect(blamable(complaints)).toEqual([])
  })

  test('is set up, used and taken away on the account page', async () => {
    const customer = await shop.addCustomer()
    const first = await newPage()
    await signIn(first, customer)
    await pressAndArrive(first, 'Sign in')
    const page = await newTab(first.context())
    await page.goto(`${shop.server.url}/account/security`)
    await leadOn(page, () => page.getByRole('link', { name: 'Set up an app' }).click())
    await expectReadable(page, 'account-second-factor-form')
    const secret = ((await page.locator('code.secret').textContent()) ?? '').replaceAll(' ', '')
    const epoch = Math.floor(Date.now() / 1000)
    await page.getByLabel('Code from the app').fill(await generate({ secret, epoch }))
    await press(page, 'Confirm')
    const [code = ''] = await page.locator('li code').allTextContents()
    await leadOn(page, () => page.getByRole('link', { name: 'I have kept them' }).click())
    expect(await page.getByRole('status').textContent()).toContain('needs a code from your app')
    await expectReadable(page, 'account-security-with-second-factor')
    await leadOn(page, () => page.getByRole('link', { name: 'Remove the app' }).click())
    await expectReadable(page, 'account-second-factor-remove-form')
    await page.getByLabel('Code from the app, or a recovery code').fill(code)
    await press(page, 'Remove the app')
    expect(await page.getByRole('status').textContent()).toContain('The app is removed')
    expect(blamable(complaints)).toEqual([])
  })
})

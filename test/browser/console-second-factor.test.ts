import { generate } from 'otplib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administratorOf, OWNER, PASSWORD } from '../admin/administrators.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { blamable, expectReadable, leadOn } from './look.ts'

describeOn('chromium', 'the second factor of an administrator in a browser', () => {
  let server: TestServer
  let browser: Browser
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER, ADMINISTRATOR_SECOND_FACTOR: 'required' })
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  const complaints: string[] = []
  async function newPage(): Promise<Page> {
    const page = await (await newContext(browser, { javaScriptEnabled: false })).newPage()
    page.on('console', (message) => complaints.push(message.text()))
    return page
  }
  const pathOf = (page: Page) => new URL(page.url()).pathname
  const press = (page: Page, name: string) =>
    leadOn(page, () => page.getByRole('button', { name, exact: true }).click())

  async function signIn(page: Page, email: string, code = ''): Promise<void> {
    await page.goto(`${server.adminUrl}/console/sign-in`)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByLabel('Code of your second factor').fill(code)
    await press(page, 'Sign in')
  }

  test('is set up where it is required, asked for at the next sign-in, and replaced by a recovery code', async () => {
    const { email } = await administratorOf(server, 'security')
    const page = await newPage()
    await signIn(page, email)
    expect(pathOf(page)).toBe('/console/second-factor')
    await page.goto(`${server.adminUrl}/console/keys`)
    expect(pathOf(page), 'every other page leads there').toBe('/console/second-factor')
    await expectReadable(page, 'second-factor')

    await page.getByLabel('Current password').fill('wrong')
    await press(page, 'Set it up')
    expect(await page.getByRole('alert').textContent()).toContain('The password or the code is wrong.')
    await page.getByLabel('Current password').fill(PASSWORD)
    await press(page, 'Set it up')
    await expectReadable(page, 'second-factor-confirm')
    const secret = ((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')
    const epoch = Math.floor(Date.now() / 1000)
    await page.getByLabel('Code that the app shows').fill('000000')
    await press(page, 'Confirm')
    expect(await page.getByRole('alert').textContent()).toContain('The code is wrong')
    expect(((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')).toBe(secret)
    await page.getByLabel('Code that the app shows').fill(await generate({ secret, epoch }))
    await press(page, 'Confirm')
    await expectReadable(page, 'recovery-codes')
    const recoveryCodes = await page.locator('li code').allTextContents()
    expect(recoveryCodes).toHaveLength(10)
    await leadOn(page, () => page.getByRole('link', { name: 'Sign in again' }).click())

    const another = await newPage()
    await signIn(another, email)
    expect(await another.getByRole('alert').textContent()).toContain('Enter the code of your second factor')
    expect(await another.getByLabel('E-mail address').inputValue()).toBe(email)
    expect(await another.getByLabel('Password').inputValue()).toBe('')
    await signIn(another, email, await generate({ secret, epoch: epoch + 30 }))
    expect(pathOf(another)).toBe('/console/')

    const third = await newPage()
    await signIn(third, email, recoveryCodes[0])
    expect(pathOf(third)).toBe('/console/')
    await leadOn(third, () => third.getByRole('link', { name: 'Second factor' }).click())
    await expectReadable(third, 'second-factor-there')
    expect(await third.locator('.lead').textContent()).toContain('9 recovery codes are left')
    const remove = third.locator('form', { hasText: 'Remove the second factor' })
    await remove.getByLabel('Current password').fill(PASSWORD)
    await remove.getByLabel('Code of the app').fill(recoveryCodes[1] ?? '')
    await press(third, 'Remove it')
    expect(await third.getByRole('status').textContent()).toContain('Your second factor is removed.')
    await third.goto(`${server.adminUrl}/console/clients`)
    expect(pathOf(third), 'another one is set up first').toBe('/console/second-factor')
    expect(blamable(complaints)).toEqual([])
  })
})

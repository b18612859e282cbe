import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'
import { expectReadable, leadOn } from './look.ts'

describeOn('chromium', 'the account pages in a browser without scripts', () => {
  let shop: HostedShop
  let browser: Browser
  let customer: TestCustomer
  const companyUser = (name: string) => ({
    id: randomUUID(),
    company: { id: randomUUID(), name },
    isActive: true,
    isDefault: false,
    roles: [
      {
        id: randomUUID(),
        name: 'Administrator',
        permissions: [{ key: 'ManageCompanyUserInvitationPermissionPlugin', configuration: {} }],
      },
    ],
  })
  const companyUsers = [
    companyUser('Northern Hardware & Sons'),
    companyUser('Südliche Eisenwarenhandelsgesellschaft mbH'),
  ]

  beforeAll(async () => {
    shop = await startHostedShop()
    browser = await connectChromium()
    customer = await shop.addCustomer()
    const customerReference = `test-${Number(customer.id.slice(-12))}`
    await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers })
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
  })

  async function signIn(path: string): Promise<Page> {
    const page = await (await newContext(browser, { javaScriptEnabled: false })).newPage()
    await page.goto(`${shop.server.url}${path}`)
    await page.getByLabel('E-mail address').fill(customer.email)
    await page.getByLabel('Password', { exact: true }).fill(customer.password)
    await leadOn(page, () => page.getByRole('button', { name: 'Sign in', exact: true }).click())
    return page
  }

  test('are readable at every width and in both themes, and lead to each other', async () => {
    const page = await signIn('/account')
    await expectReadable(page, 'account')
    for (const name of ['Profile', 'Security', 'Devices', 'Apps', 'Companies', 'Activity', 'Your data']) {
      await leadOn(page, () => page.getByRole('link', { name, exact: true }).click())
      expect(await page.locator('[aria-current=page]').textContent()).toBe(name)
      await expectReadable(page, `account-${name.toLowerCase().replace(' ', '-')}`)
    }
    const forms = ['profile/edit', 'profile/email', 'security/password', 'data/download', 'data/delete']
    for (const path of [...forms, ...['leave', 'invite'].map((act) => `companies/${act}?id=${companyUsers[0]?.id}`)]) {
      await page.goto(`${shop.server.url}/account/${path}`)
      await expectReadable(page, `account-${path.replace(/\?.*/, '').replace('/', '-')}`)
    }
  })

  test('tell what is wrong beside the form and at the field, and are filled in by keyboard alone', async () => {
    const page = await signIn('/account/security/password')
    await page.getByLabel('New password', { exact: true }).focus()
    await page.keyboard.type('short')
    await page.keyboard.press('Tab')
    await page.keyboard.type('short')
    await leadOn(page, () => page.keyboard.press('Enter'))
    expect(await page.title()).toMatch(/^Problem: /)
    expect(await page.getByRole('alert').textContent()).toContain('too short')
    await expectReadable(page, 'account-password-problem')
  })
})

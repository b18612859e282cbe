import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { authorizationUrl, pkce } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm } from '../support/http.ts'
import { connectChromium, newContext } from '../support/shared-chromium.ts'

const NEW = 'an even better password'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describeOn('chromium', 'a client whose callback leads on to another origin', () => {
  let shop: HostedShop
  let browser: Browser
  const shopfront = createServer((_, response) =>
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Shop</title><h1>arrived</h1>'),
  )
  const client = createServer((request, response) =>
    response.writeHead(302, { Location: `${arrivedAt}${new URL(request.url ?? '', 'http://client').search}` }).end(),
  )
  let callback = ''
  let home = ''
  let arrivedAt = ''

  beforeAll(async () => {
    arrivedAt = `http://127.0.0.1:${await listen(shopfront)}/welcome`
    const origin = `http://localhost:${await listen(client)}`
    callback = `${origin}/callback`
    home = `${origin}/`
    shop = await startHostedShop({ ADMIN_TOKEN: OWNER, LOCKOUT_ATTEMPTS: '2' })
    const metadata = {
      client_id: 'asks-for-consent',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [callback],
      response_types: ['code'],
      scope: 'openid email',
      resource_scopes: [],
    }
    const { status } = await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata })
    if (status !== 201) throw new Error(`not registered: ${status}`)
    browser = await connectChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.stop()
    for (const server of [client, shopfront]) server.close().closeAllConnections()
  })

  /** In a browser of its own, which must not complain of a policy. */
  async function inBrowser(use: (page: Page) => Promise<void>): Promise<void> {
    const context = await newContext(browser)
    const complaints: string[] = []
    try {
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      await use(page)
    } finally {
      await context.close()
    }
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([])
  }

  const request = (fields: Record<string, string> = {}) =>
    authorizationUrl(shop.server.url, {
      redirect_uri: callback,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      scope: 'openid email',
      ...fields,
    })

  async function fillIn(page: Page, email: string, password: string): Promise<void> {
    await page.locator('#login').fill(email)
    await page.locator('#password').fill(password)
    await page.locator('form[action$="/login"] button').click()
  }

  /** Waits until the person is at the third origin; returns what the client was told. */
  async function arrival(page: Page): Promise<URLSearchParams> {
    await page.waitForURL(`${arrivedAt}**`)
    expect(await page.locator('h1').textContent()).toBe('arrived')
    return new URL(page.url()).searchParams
  }

  async function signedIn(page: Page): Promise<{ email: string; password: string }> {
    const customer = await shop.addCustomer()
    await page.goto(request())
    await fillIn(page, customer.email, customer.password)
    expect((await arrival(page)).get('code')).toBeTruthy()
    return customer
  }

  test('is reached by signing in', async () => {
    await inBrowser(async (page) => void (await signedIn(page)))
  })

  test('is reached by cancelling', async () => {
    await inBrowser(async (page) => {
      await page.goto(request())
      await page.click('form[action$="/abort"] button')
      expect((await arrival(page)).get('error')).toBe('access_denied')
    })
  })

  test.each([
    ['allow', 'code'],
    ['deny', 'error'],
  ])('is reached by consent: %s', async (decision, told) => {
    await inBrowser(async (page) => {
      const { email, password } = await shop.addCustomer()
      await page.goto(request({ client_id: 'asks-for-consent' }))
      await fillIn(page, email, password)
      await page.click(`button[name="decision"][value="${decision}"]`)
      expect((await arrival(page)).has(told)).toBe(true)
    })
  })

  test('is reached after a wrong password, and after a locked sign-in was lifted', async () => {
    await inBrowser(async (page) => {
      const { email, password } = await shop.addCustomer()
      await page.goto(request())
      await fillIn(page, email, 'wrong')
      for (const wrong of ['wrong again', 'wrong once more']) await fillIn(page, email, wrong)
      await page.locator('form[action$="/unblock"] button').click()
      await page.goto((await shop.sink.mailTo(email)).link)
      await page.getByRole('button').click()
      await fillIn(page, email, password)
      expect((await arrival(page)).has('code')).toBe(true)
    })
  })

  test.each(['choose', 'not now'])('is reached by a change of the password in between: %s', async (way) => {
    await inBrowser(async (page) => {
      const { email, password } = await shop.addCustomer({ password: 'short' })
      await page.goto(request())
      await fillIn(page, email, password)
      if (way === 'choose') {
        await page.locator('#password').fill(NEW)
        await page.locator('#repeated').fill(NEW)
        await page.locator('form[action$="/new-password"] button').click()
      } else {
        await page.locator('form[action$="/later"] button').click()
      }
      expect((await arrival(page)).has('code')).toBe(true)
    })
  })

  test('is reached from a recovery', async () => {
    await inBrowser(async (page) => {
      const { email } = await shop.addCustomer()
      await page.goto(request())
      await page.locator('a[href*="/recovery"]').click()
      await page.locator('#login').fill(email)
      await page.getByRole('button').click()
      await page.goto((await shop.sink.mailTo(email)).link)
      await page.locator('#password').fill(NEW)
      await page.locator('#repeated').fill(NEW)
      await page.locator('form button').first().click()
      await fillIn(page, email, NEW)
      expect((await arrival(page)).has('code')).toBe(true)
    })
  })

  test('is reached from a registration', async () => {
    await inBrowser(async (page) => {
      const email = 'onward@example.com'
      await page.goto(request())
      await page.locator('a[href*="/registration"]').click()
      await page.locator('#login').fill(email)
      await page.locator('#givenName').fill('Sam')
      await page.locator('#familyName').fill('Buyer')
      await page.locator('#password').fill(NEW)
      await page.getByRole('button').click()
      await page.goto((await shop.sink.mailTo(email)).link)
      if (await page.locator('#password').count()) await page.locator('#password').fill(NEW)
      await page.getByRole('button').click()
      await fillIn(page, email, NEW)
      expect((await arrival(page)).has('code')).toBe(true)
    })
  })

  test('is reached by another customer than the one who is signed in', async () => {
    await inBrowser(async (page) => {
      await signedIn(page)
      const other = await shop.addCustomer()
      await page.goto(request({ prompt: 'login' }))
      await fillIn(page, other.email, other.password)
      expect((await arrival(page)).has('code')).toBe(true)
    })
  })

  test.each(['query', 'form_post'])('is reached with response mode %s', async (response_mode) => {
    await inBrowser(async (page) => {
      const { email, password } = await shop.addCustomer()
      await page.goto(request({ response_mode }))
      await fillIn(page, email, password)
      await arrival(page)
    })
  })

  test('is reached by signing out, with a session and without', async () => {
    await inBrowser(async (page) => {
      await signedIn(page)
      const signOut = `${shop.server.url}/logout?${new URLSearchParams({
        client_id: 'frontend',
        post_logout_redirect_uri: home,
        state: 'bye',
      })}`
      await page.goto(signOut)
      await page.getByRole('button').first().click()
      expect((await arrival(page)).get('state')).toBe('bye')
      // Nobody is signed in: the page sends itself on.
      await page.goto(signOut).catch(() => {})
      expect((await arrival(page)).get('state')).toBe('bye')
    })
  })

  test('is not needed to connect a device, whose forms all end at a page of ours', async () => {
    const asked = await postForm(`${shop.server.url}/device_authorization`, {
      client_id: 'device-app',
      scope: 'openid',
    })
    const { user_code } = (await asked.json()) as { user_code: string }
    await inBrowser(async (page) => {
      const { email, password } = await shop.addCustomer()
      await page.goto(`${shop.server.url}/device?user_code=${user_code}`)
      await page.locator('button').first().click()
      await fillIn(page, email, password)
      await page.click('button[name="decision"][value="allow"]')
      await page.waitForURL(`${shop.server.url}/device/**`)
      expect(await page.locator('h1').textContent()).toMatch(/connected|signed in/i)
    })
  })
})

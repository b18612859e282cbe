import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { setStage } from '../conformance/stage.ts'
import { describeOn } from '../support/describe-on.ts'
import { packedSignIn } from '../support/packed-resource-server.ts'

const CLIENT = 'storefront-page'

/** What a page of the shop does with the package; the answer is JSON. */
function onPage(page: Page, body: string): Promise<unknown> {
  return page.evaluate(`(async () => {
    const { createSignIn, browserStore } = await import('/package/index.js')
    const signIn = createSignIn({ ...window.shop, scope: 'openid email', store: browserStore() })
    ${body}
  })()`)
}

describeOn('chromium', 'the sign-in package on a page of the shop', () => {
  const stage = setStage({ ADMIN_TOKEN: OWNER, AUTHORIZATION_CHALLENGE: 'on' })
  let pages: Server
  let origin: string

  beforeAll(async () => {
    const { directory } = packedSignIn()
    pages = createServer((request, response) => {
      const { pathname } = new URL(String(request.url), 'http://localhost')
      if (!pathname.startsWith('/package/')) {
        response.setHeader('Content-Type', 'text/html')
        const shop = JSON.stringify({ issuer: stage.server().url, clientId: CLIENT })
        response.end(`<!doctype html><title>Shop</title><script>window.shop = ${shop}</script>`)
        return
      }
      response.setHeader('Content-Type', 'text/javascript')
      response.end(readFileSync(join(directory, 'dist', normalize(pathname.slice('/package'.length)))))
    })
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
    const metadata = {
      client_id: CLIENT,
      first_party: true,
      authorization_challenge: true,
      authorization_challenge_origins: [origin],
      allowed_origins: [origin],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [`${origin}/back`],
    }
    const made = await ask(stage.server(), OWNER, 'POST', '/v1/clients', { metadata })
    expect(made.status).toBe(201)
  })
  afterAll(() => new Promise<void>((resolve) => pages.close(() => resolve())))

  test('signs in, stays so after a reload, keeps its key to itself, and signs out', async () => {
    await stage.onNewBrowser(async (page) => {
      await page.goto(origin)
      const login = "const tokens = await signIn.login('sonia@spryker.com', 'change123'); return tokens.tokenType"
      expect(await onPage(page, login)).toBe('DPoP')
      await page.reload()
      const who = "return (await (await signIn.fetch(window.shop.issuer + '/userinfo')).json()).email"
      expect(await onPage(page, who)).toBe('sonia@spryker.com')
      const stolen = `
        const { key } = await browserStore().get()
        return crypto.subtle.exportKey('jwk', key.privateKey).then(() => 'readable', () => 'kept')`
      expect(await onPage(page, stolen)).toBe('kept')
      expect(await onPage(page, 'return (await signIn.refresh()).tokenType')).toBe('DPoP')
      expect(await onPage(page, 'await signIn.logout(); return (await signIn.tokens()) ?? null')).toBe(null)
      const wrong = "return signIn.login('sonia@spryker.com', 'wrong').catch(({ code }) => code)"
      expect(await onPage(page, wrong)).toBe('wrong_credentials')
    })
  })

  test('gets nothing on a page that the client does not list', async () => {
    await stage.onNewBrowser(async (page) => {
      await page.goto(origin.replace('127.0.0.1', 'localhost'))
      const login = "return signIn.login('sonia@spryker.com', 'change123').then(() => 'in', ({ name }) => name)"
      expect(await onPage(page, login)).toBe('TypeError')
    })
  })
})

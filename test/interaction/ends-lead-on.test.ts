import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postForm } from '../support/http.ts'
import { type HostedShop, type Page, startHostedShop, type Visitor } from './hosted-shop.ts'

const HOME = 'https://shop.example/'
const BROWSER = { accept: 'text/html,*/*;q=0.8' }

type Arrive = (visitor: Visitor, shop: HostedShop) => Promise<Page>

const at =
  (path: string): Arrive =>
  (visitor) =>
    visitor.open(path)

/** The same for a browser that has cookies of a sign-in that is under way. */
const withCookies =
  (arrive: Arrive): Arrive =>
  async (visitor, shop) => {
    await visitor.openLogin({ prompt: 'login' })
    return arrive(visitor, shop)
  }

/** The same for a browser that keeps no cookies. */
const withoutCookies =
  (arrive: Arrive): Arrive =>
  (_, shop) =>
    arrive(shop.visitor({ ...BROWSER }), shop)

/** Sends something that no page of ours sends. */
const post =
  (path: string, body: string): Arrive =>
  async (visitor, { server }) => {
    const headers = { ...BROWSER, 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await visitor.jar.fetch(server.url + path, { method: 'POST', body, headers })
    return { url: answer.url, status: answer.status, headers: answer.headers, html: await answer.text() }
  }

const signOut =
  (stays: boolean): Arrive =>
  async (visitor) => {
    const page = await visitor.open('/logout')
    const isAsked = page.html.includes('name="logout"')
    return isAsked ? visitor.submit(page, '/logout/confirm', { logout: stays ? '' : 'yes' }) : page
  }

/** A device that asks for permission, which the person gives or not; without a session they sign in first. */
const device =
  (decision: 'allow' | 'deny'): Arrive =>
  async (visitor, shop) => {
    const asked = await postForm(`${shop.server.url}/device_authorization`, {
      client_id: 'device-app',
      scope: 'openid',
    })
    const { user_code } = (await asked.json()) as { user_code: string }
    const code = await visitor.open('/device')
    let page = await visitor.submit(code, '/device', { user_code })
    page = await visitor.submit(page, '/device', { confirm: 'yes' })
    if (page.html.includes('name="password"')) {
      const { email, password } = await shop.addCustomer()
      page = await visitor.submit(page, '/login', { login: email, password })
    }
    return visitor.submit(page, '/consent', { decision })
  }

/** Every page at which something ends, how a person gets there, what its heading says, and the app it leads to. */
const ENDS: readonly (readonly [end: string, arrive: Arrive, heading: RegExp, app?: string])[] = [
  ['a password that was changed', at('/done/password-changed'), /password is changed/],
  ['a sign-in that works again', at('/done/unblocked'), /sign in again/],
  ['a confirmed address', at('/done/confirmed'), /is confirmed/],
  ['an address that was restored', at('/done/email-restored'), /is restored/],
  ['a mail for a new password', at('/sent/recovery'), /inbox/],
  ['a mail to finish a registration', at('/sent/registration'), /inbox/],
  ['a mail to unblock a sign-in', at('/sent/unblock'), /inbox/],
  ['a mail to confirm an address', at('/sent/confirmation'), /inbox/],
  ['a used or expired link to a new password', at('/recovery/new?token=gone'), /no longer works/],
  ['a used or expired link to unblock', at('/unblock?token=gone'), /no longer works/],
  ['a used or expired link to confirm', at('/confirmation?token=gone'), /no longer works/],
  ['a used or expired link to an undo', at('/email-undo?token=gone'), /no longer works/],
  ['a sign-in that expired', withCookies(at('/interaction/gone')), /sign-in has ended/],
  ['a sign-in without cookies', withoutCookies(at('/interaction/gone')), /Cookies are needed/],
  ['an answer of a provider that nobody asked for', at('/upstreams/none/callback?state=x&code=y'), /sign-in has ended/],
  ['a form that is not ours', withCookies(post('/recovery', 'login=sam@example.com')), /could not check this form/],
  ['a form without cookies', withoutCookies(post('/recovery', 'login=sam@example.com')), /Cookies are needed/],
  ['a form that cannot be read', post('/recovery', 'login=a&login=b'), /could not read this form/],
  ['an unknown app', at('/authorize?client_id=nobody&response_type=code'), /do not know this app/],
  [
    'an address that is not registered',
    at('/authorize?client_id=frontend&response_type=code&redirect_uri=https://evil.example/'),
    /cannot send you back/,
    'http://localhost:8080/',
  ],
  ['a page that is not there', at('/nothing'), /no page here/],
  ['a sign-out', signOut(false), /signed out/],
  ['a sign-out that was not wanted', signOut(true), /still signed in|signed out/],
  ['a device that is connected', device('allow'), /device is connected/],
  ['a device that is not allowed', device('deny'), /Connect a device/],
]

describe.each([
  ['with the address of the shop', { BRAND_HOME_URL: HOME }],
  ['without it', {}],
])('%s', (_, settings: Record<string, string>) => {
  let shop: HostedShop
  beforeAll(async () => {
    shop = await startHostedShop(settings)
  })
  afterAll(() => shop?.stop())

  describe.each(['signed in', 'not signed in'])('%s', (session) => {
    test.each(ENDS.map(([end, arrive, heading, app]) => ({ end, arrive, heading, app })))(
      '$end leads on by one button that stands out, to a page that works',
      async ({ arrive, heading, app }) => {
        const visitor = shop.visitor({ ...BROWSER })
        if (session === 'signed in') await visitor.signIn(await shop.addCustomer())
        const page = await arrive(visitor, shop)
        expect(/<h1[^>]*>(.*)<\/h1>/.exec(page.html)?.[1], page.html).toMatch(heading)
        const main = /<main.*<\/main>/s.exec(page.html)?.[0] ?? ''
        const standingOut = main.match(/<(a|button)\b[^>]*button-primary[^>]*>/g) ?? []
        expect(standingOut).toHaveLength(1)
        const [, href] = /^<a\b.*href="([^"]+)"/.exec(standingOut[0] ?? '') ?? []
        // A form to try again with is a way on as well.
        if (href === undefined) return expect(main).toMatch(/<form method="post"/)
        const home = app ?? settings.BRAND_HOME_URL
        if (home !== undefined) expect(main).toContain(`href="${home}"`)
        const target = new URL(href.replaceAll('&amp;', '&'), page.url)
        if (target.origin !== new URL(shop.server.url).origin) return expect(target.href).toBe(home)
        const next = await visitor.open(target.href)
        expect([next.status, next.url], target.href).toEqual([200, expect.stringContaining(shop.server.url)])
        expect(next.html).toMatch(/<form method="post"|<nav/)
      },
    )
  })
})

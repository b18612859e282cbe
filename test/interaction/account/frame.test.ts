import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { introspect, refresh, tokensOf } from '../../endpoints/client.ts'
import { type HostedShop, isSignedIn, startHostedShop } from '../hosted-shop.ts'
import { openSignedIn, pathOf, signedIn } from './account-visitor.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(async () => {
  vi.useRealTimers()
  await shop?.stop()
})

const PAGES = ['/account', '/account/security']

/** Lets so many seconds go by for the server, which is in this process. */
function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

describe('a page of the account', () => {
  test.each(PAGES)('%s leads who is not signed in to sign in, and back', async (path) => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const login = await visitor.open(path)
    expect(pathOf(login)).toMatch(/^\/interaction\/[\w-]+$/)
    const page = await openSignedIn(visitor, customer, path)
    expect([page.status, pathOf(page)]).toEqual([200, path])
    expect(page.html.match(/<h1>/g)).toHaveLength(1)
  })

  test.each(PAGES)(
    '%s opens for who is signed in at an app, and is framed, stored and scripted by nobody',
    async (path) => {
      const customer = await shop.addCustomer()
      const visitor = shop.visitor()
      expect(isSignedIn(await visitor.signIn(customer))).toBe(true)
      const page = await visitor.open(path)
      expect([page.status, pathOf(page)]).toEqual([200, path])
      // The one script that passkeys need, where they are.
      const ours =
        /script-src 'sha384-[\w+/]+'; require-trusted-types-for 'script'; |<script src="[^"]+" integrity="[^"]+" defer>/
      expect(page.headers.get('content-security-policy')?.replace(path === '/account/security' ? ours : '', '')).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(page.headers.get('x-frame-options')).toBe('DENY')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.html.replace(path === '/account/security' ? ours : '', '')).not.toContain('<script')
    },
  )

  test('is in the language of the customer, before that of the browser', async () => {
    const customer = await shop.addCustomer({ locale: 'de_DE' })
    const page = await openSignedIn(shop.visitor({ 'accept-language': 'en' }), customer)
    expect(page.html).toContain('<html lang="de"')
    expect(page.html).toContain('Angemeldet seit')
  })

  test('is closed to a customer who was blocked, or signed out everywhere', async () => {
    const { customer, visitor } = await signedIn(shop)
    const other = await openSignedIn(shop.visitor(), customer, '/account/security/password')
    expect(other.status).toBe(200)
    const elsewhere = shop.visitor()
    await openSignedIn(elsewhere, customer)
    const form = await elsewhere.open('/account/security/password')
    const passwords = { password: 'a new password, and a good one', repeated: 'a new password, and a good one' }
    expect((await elsewhere.submit(form, '/password', passwords)).status).toBe(200)
    expect((await visitor.open('/account')).url).toContain('/interaction/')
  })

  test('keeps the languages that its address asks for: over the sign-in, in links and in forms', async () => {
    const customer = await shop.addCustomer({ locale: 'fr' })
    const visitor = shop.visitor({ 'Accept-Language': 'nl' })
    const login = await visitor.open('/account/profile?ui_locales=de')
    expect(login.html).toContain('<html lang="de"')
    const { email, password } = customer
    const page = await visitor.submit(login, '/login', { login: email, password })
    expect([pathOf(page), page.html.includes('<html lang="de"')]).toEqual(['/account/profile?ui_locales=de', true])
    const links = [...page.html.matchAll(/(?:href|action)="(\/account[^"]*)"/g)].map(([, href = '']) => href)
    const ofParts = links.filter((href) => href !== '/account')
    expect(ofParts.length).toBeGreaterThan(5)
    for (const href of ofParts) expect(href).toContain('ui_locales=de')
    const form = await visitor.open('/account/profile/edit?ui_locales=de')
    const done = await visitor.submit(form, '/profile/edit', { givenName: 'Sam', familyName: 'Sample', language: 'fr' })
    expect([pathOf(done), done.html.includes('<html lang="de"')]).toEqual([
      '/account/profile?done=profile&ui_locales=de',
      true,
    ])
  })

  test.each([
    ['chosen below a page before all others', 'sv', '?ui_locales=de', 'fr', 'sv'],
    ['of the address before that of the account', undefined, '?ui_locales=de', 'fr', 'de'],
    ['of the account before that of the browser', undefined, '', 'fr', 'fr'],
    ['of the browser where nothing else is known', undefined, '', undefined, 'nl'],
    ['of the account where the address asks for none of ours', undefined, '?ui_locales=xx', 'fr', 'fr'],
  ])('is in the language %s', async (_rule, chosen, query, locale, shown) => {
    const customer = await shop.addCustomer({ ...(locale && { locale }) })
    const visitor = shop.visitor({ 'Accept-Language': 'nl' })
    await openSignedIn(visitor, customer)
    if (chosen) visitor.jar.plant(shop.server.url, `vestibule.language=${chosen}; Path=/`)
    for (const path of ['/account', '/account/profile/edit'])
      expect((await visitor.open(path + query)).html).toContain(`<html lang="${shown}"`)
  })

  test('for a new password is where password managers look for it', async () => {
    const answer = await fetch(`${shop.server.url}/.well-known/change-password`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `${shop.server.url}/account/security/password`,
    ])
  })

  test('that does not exist is a page that leads on, and unknown notices say nothing', async () => {
    const { visitor } = await signedIn(shop)
    expect((await visitor.open('/account/nothing-of-ours')).status).toBe(404)
    const page = await visitor.open('/account?done=%3Cscript%3E')
    expect([page.status, page.html.includes('notice')]).toEqual([200, false])
    expect((await visitor.open('/account?done=no-such-notice')).html).not.toContain('role="status"')
  })
})

describe('a sensitive act', () => {
  const NEW = 'an even better password'

  test('changes the password after a fresh sign-in, keeps this browser and signs out every other', async () => {
    const { customer, visitor } = await signedIn(shop)
    const elsewhere = shop.visitor()
    await openSignedIn(elsewhere, customer)
    const tokens = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    const before = visitor.jar.get(shop.server.url, 'vestibule_session')
    expect(before).toBeDefined()

    const form = await visitor.open('/account/security/password')
    const done = await visitor.submit(form, '/password', { password: NEW, repeated: NEW })
    expect([done.status, pathOf(done)]).toEqual([200, '/account/security?done=password'])
    expect(done.html).toContain('Your password is changed')
    expect(visitor.jar.get(shop.server.url, 'vestibule_session')).not.toBe(before)
    expect((await visitor.open('/account')).status).toBe(200)
    expect((await elsewhere.open('/account')).url).toContain('/interaction/')
    expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
    expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(400)
    expect((await shop.sink.mailTo(customer.email)).subject).toContain('was changed')
    expect(isSignedIn(await shop.visitor().signIn({ ...customer, password: NEW }))).toBe(true)
    expect((await shop.visitor().signIn(customer)).status).toBe(422)
  })

  test('leaves the other devices signed in where that was unticked, and no browser skips the second factor', async () => {
    const { customer, visitor } = await signedIn(shop)
    const elsewhere = shop.visitor()
    await openSignedIn(elsewhere, customer)
    const tokens = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    const form = await visitor.open('/account/security/password')
    expect(form.html).toMatch(/name="sign_out_others" type="checkbox" value="yes" checked/)
    const unticked = { sign_out_others: '', password: NEW, repeated: `${NEW}!` }
    const again = await visitor.submit(form, '/password', unticked)
    expect([again.status, / name="sign_out_others"[^>]* checked/.test(again.html)]).toEqual([422, false])
    const done = await visitor.submit(again, '/password', { ...unticked, repeated: NEW })
    expect([done.status, pathOf(done)]).toEqual([200, '/account/security?done=password-only'])
    for (const browser of [visitor, elsewhere])
      expect((await browser.open('/account')).url).not.toContain('/interaction/')
    expect(await introspect(shop.server.url, tokens.access_token)).toMatchObject({ active: true })
    expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(200)
    expect((await shop.sink.mailTo(customer.email)).text).toContain('stay signed in')
    expect((await shop.visitor().signIn(customer)).status).toBe(422)
  })

  test.each([
    ['short', 'short', 'password', 'at least 8 characters'],
    [NEW, `${NEW}!`, 'repeated', 'two different passwords'],
    ['', '', 'password', 'Enter a password'],
  ])('is refused with a reason beside the field that it is about (%s)', async (password, repeated, field, said) => {
    const { visitor } = await signedIn(shop)
    const form = await visitor.open('/account/security/password')
    const page = await visitor.submit(form, '/password', { password, repeated })
    expect(page.status).toBe(422)
    expect(page.html).toMatch(new RegExp(`role="alert" id="problem"><p><a href="#${field}">[^<]*${said}`))
    expect(page.html).toMatch(new RegExp(`id="${field}-error">[^<]*${said}`))
    expect(page.html.match(/<input [^>]*aria-invalid="true"[^>]*>/g)).toEqual([
      expect.stringMatching(new RegExp(`id="${field}".*"${field}-error[ "].* autofocus`)),
    ])
    expect(page.html).toContain('<title>Problem: ')
  })

  test('asks for another sign-in when the last one is old: to open its form, and to send it', async () => {
    const { customer, visitor } = await signedIn(shop)
    const form = await visitor.open('/account/security/password')
    passSeconds(601)
    const login = await visitor.submit(form, '/password', { password: NEW, repeated: NEW })
    expect(login.url).toContain('/interaction/')
    expect(login.html).toContain(`Sign in as ${customer.email[0]}…@example.com`)
    const again = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    expect(pathOf(again)).toMatch(/^\/account\/security\/password\?kept=[\w-]{22}$/)
    expect(again.html).toContain('You are signed in again')
    expect(again.html).not.toContain(NEW)
    expect((await visitor.submit(again, '/password', { password: 'short', repeated: 'short' })).status).toBe(422)
    passSeconds(301)
    expect((await visitor.open('/account/security/password')).url).toContain('/interaction/')
    vi.useRealTimers()
  })
})
